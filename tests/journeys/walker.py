"""Going through the course in a browser: the same steps by mouse, by keyboard, or without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page

from course.learning import queries
from course.learning.rules.grading import option_order
from course.web.unit_of_work import unit_of_work
from tests.journeys.conftest import Site
from tests.walking import right_form

Visit = Callable[[Page], None]
# Where the focus is: on the target (its type), on another radio button of its group, on the skip link, or elsewhere; and how
# many times Tab has to be pressed from there, as far as the page's own order tells: a group of radio buttons is one stop.
FOCUS = """target => {
    const focused = document.activeElement;
    if (focused === target) return [`type ${target.type}`, 0];
    if (focused?.classList.contains("skip")) return ["skip link", 1];
    const isRadio = (one) => one.localName === "input" && one.type === "radio";
    if (isRadio(target) && focused?.name === target.name) return ["group", 1];
    let stops = 0, group = isRadio(focused) ? focused.name : "";
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT);
    const start = focused ?? document.body;
    for (walker.currentNode = start; walker.nextNode();) {
        const one = walker.currentNode;
        if (one.tabIndex < 0 || one.disabled || !one.checkVisibility({ visibilityProperty: true })) continue;
        if (isRadio(one) && one.name === group) continue;
        group = isRadio(one) ? one.name : "";
        stops += 1;
        if (one === target || (group && isRadio(target) && target.name === group)) return ["elsewhere", stops];
    }
    return ["elsewhere", 1];
}"""
MOST_KEYS = 150  # pressed to reach a control
# The link or button that leads on, where nothing is asked.
ONWARD = "main :is(.button.turn, .onward .main, .step .button:not(.quiet)):visible"
# What a page waits for.
ASKS = """() => document.querySelector("#question") ? "answer" : document.querySelector("#decide") ? "decision" : "" """


def tab_to(page: Page, target: Locator) -> str:
    """Reach a control with the keyboard alone: by the skip link on a new page, then with Tab or the arrow keys.

    Returns the type of the control. The browser is asked where the focus is once for all the presses that should lead
    there; whether they did is what it then says.
    """
    handle = target.element_handle()
    assert handle is not None
    key = {"elsewhere": "Tab", "group": "ArrowDown", "skip link": "Enter"}
    pressed = 0
    while pressed <= MOST_KEYS:
        where, presses = page.evaluate(FOCUS, handle)
        if where not in key:
            return str(where)
        for _ in range(presses):
            page.keyboard.press(key[where])
        pressed += presses
    raise AssertionError(f"the keyboard does not reach {target}")


class Walker:
    """Presses what a learner presses. `visit` is called on each page that is reached."""

    def __init__(self, site: Site, page: Page, person: int, keyboard: bool = False, visit: Visit | None = None) -> None:
        self.site, self.page, self.person = site, page, person
        self.keyboard = keyboard
        self.visit = visit or (lambda _page: None)
        self.library = site.app.extensions["course"].library.for_("school", "england")

    def press(self, target: Locator) -> None:
        """Activate a link, a button, a radio button or a box."""
        if not self.keyboard:
            target.click()
            return
        self.press_key(self.tab_to(target))

    def press_key(self, kind: str) -> None:
        """The key that activates the control of this type that has the focus."""
        self.page.keyboard.press("Space" if kind in ("type radio", "type checkbox") else "Enter")

    def follow(self, target: Locator) -> None:
        """Press something that leads to another page, and wait for that page."""
        # Not inside the wait: the skip link is a navigation too.
        kind = self.tab_to(target) if self.keyboard else ""
        with self.page.expect_navigation():
            if kind:
                self.press_key(kind)
            else:
                self.press(target)

    def tab_to(self, target: Locator) -> str:
        return tab_to(self.page, target)

    def home(self) -> None:
        self.page.goto("/")
        self.visit(self.page)

    def carry_on(self) -> None:
        """One press of the page's main button, or the answer that it waits for; ends at the certificate."""
        path = re.sub(r"^https?://[^/]+", "", self.page.url).split("#")[0].split("?")[0]
        asks = self.page.evaluate(ASKS)
        # The next question may be asked below the verdict on the one before it.
        action = self.page.locator("#question").get_attribute("action") if asks == "answer" else None
        question = re.fullmatch(r"/attempt/(\d+)/(\d+)", action or path)
        if question and asks == "answer":
            self.answer(int(question[1]), int(question[2]))
        elif asks == "decision":
            self.decide()
        else:
            self.follow(self.page.locator(ONWARD).last)
        self.visit(self.page)

    def answer(self, attempt_id: int, position: int) -> None:
        with self.site.app.app_context(), unit_of_work() as session:
            attempt = queries.attempt(session, self.person, attempt_id)
        assert attempt is not None
        question = self.library.answerable[attempt.items[position - 1].question_id]
        order = option_order(question, attempt.seed, position)
        form = right_form(question, order)
        if question.form == "order":
            self.put_in_order(form)
        for name, values in form.items():
            if question.form != "order":
                for value in values:
                    self.press(self.page.locator(f'#question input[name="{name}"][value="{value}"]'))
        self.follow(self.page.locator("#sureness-fairly, #send"))

    def put_in_order(self, form: dict[str, list[str]]) -> None:
        """With the arrows where JavaScript is on, else from the lists."""
        wanted = [name for name, _ in sorted(form.items(), key=lambda entry: int(entry[1][0]))]
        if not self.page.locator(".move").count():
            for name, values in form.items():
                field = self.page.locator(f"#{name}")
                if self.keyboard:
                    self.tab_to(field)
                    self.page.keyboard.type(values[0])
                else:
                    field.select_option(values[0])
            return
        for target, name in enumerate(wanted):
            for _ in range(10):
                names = self.page.locator(".ordering select").evaluate_all("all => all.map(e => e.name)")
                if names.index(name) == target:
                    break
                row = self.page.locator(".ordering > li").nth(names.index(name))
                self.press(row.get_by_role("button", name=re.compile("Move up")))

    def decide(self) -> None:
        """The recommended choice of the scene that is shown."""
        best = {
            choice.id
            for module in self.library.modules.values()
            for scenario in module.scenarios.values()
            for scene in scenario.scenes
            for choice in scene.choices
            if choice.quality == "best"
        }
        choices = self.page.locator('#decide button[name="choice"]')
        values = choices.evaluate_all("all => all.map(e => e.value)")
        position = next(i for i, value in enumerate(values) if value in best)
        self.follow(choices.nth(position))

    def whole_course(self, steps: int = 700) -> None:
        """From My training to the certificate."""
        self._until(r"/certificate/passed$", steps)

    def first_module(self, steps: int = 150) -> None:
        """From My training to the first page of the second module."""
        second = list(self.library.modules)[1]
        self._until(rf"/module/{second}(/|$)", steps)

    def _until(self, address: str, steps: int) -> None:
        self.home()
        for _ in range(steps):
            if re.search(address, self.page.url):
                return
            self.carry_on()
        raise AssertionError(f"{address} is not reached; the browser is at {self.page.url}")
