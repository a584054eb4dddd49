"""The HTML of a package: the frame, the lesson pages, the contacts, and what all pieces have in common.

Everything is made by the macros of the course's own pages, so that no wording exists twice. Templates are rendered without
the context processors of requests: nothing about the signed-in person, their organisation or their session gets in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import current_app
from markupsafe import Markup

from course.content.lesson_source import LESSON_PATH
from course.content.library import Library
from course.content.schema import Block, Module, Page
from course.learning.rules.progress import CHECK
from course.learning.views.lesson import lesson_fragments
from course.translation import gettext as _

_HIDDEN_TOKEN = re.compile(r'<input type="hidden" name="(?:csrf_token|form_key|asked)" value="[^"]*">')
_LOCAL_ACTION = re.compile(r' (?:action|method)="[^"]*"')
_LINK = re.compile(r'<a ([^>]*?)href="([^"]*)"([^>]*)>(.*?)</a>', re.DOTALL)
MOST_QUESTIONS = 40  # in one check, far more than any has
_LESSON = re.compile(rf"^{LESSON_PATH}([a-z0-9-]+)/([a-z0-9-]+)$")


@dataclass(frozen=True)
class PackageScope:
    """What a package holds: the course of one pathway and nation, and of it all modules or one."""

    library: Library
    modules: tuple[Module, ...]

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole course, which ends with the final assessment."""
        return len(self.modules) == len(self.library.modules)

    @property
    def title(self) -> str:
        """The title of the package: that of the course, or of its only module."""
        whole = str(self.library.course.title)
        return whole if len(self.modules) > 1 else f"{whole}: {self.modules[0].title}"

    def number(self, module: Module) -> int:
        """The number of a module in the whole course, from 1 on."""
        return list(self.library.modules).index(module.id) + 1

    def has_step(self, module_id: str, step_id: str) -> bool:
        """Whether the package holds this step."""
        module = next((one for one in self.modules if one.id == module_id), None)
        return module is not None and any(step.id == step_id for step in module.steps)


def macros(template: str) -> Any:
    """The macros of a template, without a request's context."""
    return current_app.jinja_env.get_template(template).module


def clean(scope: PackageScope, html: str) -> str:
    """HTML for the package: without the tokens and addresses of forms; links to its own steps lead there, links to the web
    open in a new window, and a link to anything else of the server becomes its text."""
    html = _LOCAL_ACTION.sub("", _HIDDEN_TOKEN.sub("", str(html)))
    return _LINK.sub(lambda link: _package_link(scope, link), html)


def _package_link(scope: PackageScope, link: re.Match[str]) -> str:
    before, address, after, words = link.groups()
    if address.startswith(("#", "tel:", "mailto:", "pages/")):
        return link[0]
    if address.startswith(("https://", "http://")):
        rest = re.sub(r' ?rel="[^"]*"', "", f"{before}{after}").strip()
        return f'<a {rest and rest + " "}href="{address}" target="_blank" rel="noopener noreferrer">{words}</a>'
    lesson = _LESSON.match(address)
    if lesson and scope.has_step(lesson[1], lesson[2]):
        return f'<a {before}href="{step_address(lesson[1], lesson[2])}"{after}>{words}</a>'
    return words


def step_address(module_id: str, step_id: str) -> str:
    """The address of a step within the package, after its start page."""
    return f"#/{module_id}/{step_id}"


def page_file(module_id: str, step_id: str) -> str:
    """The file of a lesson page."""
    return f"pages/{module_id}/{step_id}.html"


@dataclass(frozen=True)
class ListedStep:
    """A step as the package lists it: a page, scenario, timeline or the check."""

    id: str
    kind: str
    title: str


def module_steps(module: Module) -> list[ListedStep]:
    """The steps of a module as the package lists them, the check last."""
    steps = [ListedStep(step.id, step.kind, step.title) for step in module.steps]
    return [*steps, ListedStep(CHECK, CHECK, _("Check what you know"))]


def lesson_html(scope: PackageScope, module: Module, page: Page) -> str:
    """A lesson page as a document of its own. The player shows its main part; without scripts it is read as it is."""
    blocks = macros("components/blocks.html")
    plain = page.model_copy(
        update={"blocks": tuple(block.model_copy(update={"contacts": ()}) for block in page.blocks)}
    )
    fragments = lesson_fragments(plain)
    has_contacts = any(block.contacts for block in page.blocks)
    parts = [part if isinstance(part, Markup) else _block_html(blocks, part) for part in fragments.parts]
    library = scope.library
    term = library.help.lead_term(library.nation or "england", library.pathway or "school") if has_contacts else ""
    html = _render(
        "scorm/page.html", scope, module=module, page=page, judge=fragments.judge, parts=parts, lead_term=term,
        sources_list=fragments.sources_list, steps=module_steps(module), root="../../",
        first=module.steps[0].id == page.id,
    )  # fmt: skip
    return clean(scope, html)


def _block_html(blocks: Any, block: Block) -> Markup:
    pieces = macros("scorm/pieces.html")
    if block.question is not None:
        return Markup(pieces.page_question(block))  # noqa: S704 (a template made it)
    html = str(blocks.show(block, {}, None, None, writable=False))
    if block.kind == "reflect":
        # The field stands inside the block's own section, and only where a script can keep what is written.
        end = html.rindex("</section>")
        html = html[:end] + str(pieces.note_field(block)) + html[end:]
    return Markup(html)  # noqa: S704


def note_ids(page: Page) -> list[str]:
    """The places of a page at which a learner can write a note."""
    return [str(block.id) for block in page.blocks if block.kind == "reflect"]


def index_html(scope: PackageScope, final_minutes: float) -> str:
    """The start page: the frame of the player, the list of modules, and the contacts of the nation. `final_minutes` is how
    long the final assessment takes, 0 where there is none."""
    help_, nation = scope.library.help, scope.library.nation
    routes = [route for route in help_.routes if nation is None or nation in route.nations]
    html = _render("scorm/index.html", scope, help=help_, routes=routes, root="", step_kinds=step_kinds(),
                   final_minutes=final_minutes,
                   scope_minutes=final_minutes + sum(scope.library.module_minutes(one.id) for one in scope.modules))  # fmt: skip
    return clean(scope, html)


def player_words() -> dict[str, object]:
    """What the player says itself, and the frames of its pages."""
    pieces = macros("scorm/pieces.html")
    counts = range(MOST_QUESTIONS + 1)
    return {
        "strip": str(pieces.strip_line()),
        "rail": str(pieces.rail_list()),
        "checkStart": str(pieces.check_start()),
        "answerPage": str(pieces.answer_page()),
        "resultPage": str(pieces.result_page()),
        "resultRow": str(pieces.result_row("{words}")),
        "rereads": str(pieces.rereads()),
        "score": str(pieces.score_line()),
        "ahead": [str(pieces.questions_ahead(count)) for count in counts],
        "open": [str(pieces.points_open(count)) for count in counts],
        "shown": _("You have shown every point of this module. You can answer questions again for practice, or go on."),
        "pointsRight": [str(pieces.result_points(count)) for count in counts],
        "allRight": _("Every point is right"),
        "howItWent": _("How it went"),
        "right": _("Right"),
        "notYet": _("Not right yet"),
        "start": _("Start the questions"),
        "carryOn": _("Carry on"),
        "remaining": _("Answer the remaining questions"),
        "practise": _("Practise again"),
        "next": _("Next"),
        "nextStep": _("Next: %(title)s", title="{title}"),
        "nextQuestion": _("Next question"),
        "seeHow": _("See how it went"),
        "back": _("Back"),
        "stepOf": _("Step %(number)s of %(total)s", number="{number}", total="{total}"),
        "questionOf": _("Question %(position)s of %(total)s", position="{number}", total="{total}"),
        "scenario": _("Scenario: %(title)s", title="{title}"),
        "timeline": _("Timeline: %(title)s", title="{title}"),
        "done": _("done"),
        "here": _("you are here"),
        "markAgain": _("Mark it again"),
        "allModules": _("All modules"),
        "passed": _("You have passed. Your learning platform has the result."),
        "failed": _(
            "You have not passed yet. Open the checks with open points again, and answer the remaining questions."
        ),
        "alone": _("This package is not connected to a learning platform, so nothing is recorded."),
        "review": _("Your learning platform opened this course to look at. Nothing is recorded."),
        "unsaved": _("Your learning platform did not save your last step. It is sent again with the next one."),
        "changed": _("The course has changed since your last visit, so it starts again."),
        "missing": _("This part could not be loaded. Check your connection, then try again."),
        "tryAgain": _("Try again"),
        "note": {
            "kept": _("Your note is kept. Characters left for all your notes: %(count)s.", count="{count}"),
            "long": _("This note is too long to be kept. Characters too many: %(count)s.", count="{count}"),
        },
    }


def step_kinds() -> dict[str, str]:
    """What each kind of step is called in lists."""
    return {
        "page": _("Page"),
        "scenario": _("Story with decisions"),
        "timeline": _("Timeline: where could an adult have acted?"),
        "check": _("Questions on this module"),
    }


def _render(template: str, scope: PackageScope, **values: object) -> str:
    found = current_app.jinja_env.get_template(template)
    return found.render(scope=scope, course=scope.library.course, minutes=scope.library.step_minutes,
                        steps_of=module_steps, page_file=page_file, package_address=step_address, **values)  # fmt: skip
