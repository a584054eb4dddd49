"""Two people, one story: the code, the decisions that the two take together, and where they differed."""

from __future__ import annotations

from math import ceil

from flask import Blueprint, Response, abort, flash, g, jsonify, make_response, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.auth.rate_limits import RateLimiter
from course.auth.rules import network_prefix
from course.clock import now
from course.content.library import Library
from course.content.loaded_course import library
from course.content.queries import part_in_version
from course.content.schema import Scenario
from course.learning.actions import CONFLICT
from course.learning.reader_course import reader_library
from course.learning.rules.beats import latest_beat, short_title
from course.learning.views.next_step import COMPANION_NAVIGATION, CompanionNavigation, NextLink
from course.learning.views.page_context import (
    module_of,
    module_or_404,
    reader_id,
    reader_progress,
    redirect_to,
    step_address,
)
from course.learning.views.scenarios import place_in_story
from course.organisation.queries import organisation_of
from course.pairs import actions, queries
from course.pairs.actions import SentChoice
from course.pairs.forms import PairCodeForm
from course.pairs.queries import PairView
from course.pairs.rules import ComparedStep, PairState, code_in_groups, compared_steps, decided_together
from course.people.queries import chosen_pathway
from course.translation import gettext as _
from course.web.access import sign_in_required
from course.web.addresses import url_for
from course.web.unit_of_work import db, row_source, signed_in_context, unit_of_work

pages = Blueprint("pairs", __name__)
PageResponse = Response | WsgiResponse
# With a hundred codes in use at once, ten tries find one of them in one of a thousand quarters of an hour. A training day of
# a whole school comes from one network address.
_by_person = RateLimiter("pair code by person", 10, 15 * 60)
_by_network = RateLimiter("pair code by network", 200, 15 * 60)


def _pair_or_404(pair_id: int) -> tuple[PairView, Scenario, PairState]:
    found = queries.pair(db(), reader_id(), pair_id, now()) or abort(404)
    scenario = _scenario(found.ref, found.version) or abort(404)
    return found, scenario, queries.state_of(db(), found, scenario)


def _scenario(ref: str, version: str) -> Scenario | None:
    return part_in_version(db(), reader_library(), Scenario, ref, version)


def _page_context(found: PairView, scenario: Scenario, state: PairState) -> dict[str, object]:
    module = module_of(found.ref)
    progress = reader_progress(module) if module else None
    place, bits = place_in_story(scenario, state.shared)
    colleague = found.colleague.name if found.colleague else _("your colleague")
    return {"pair": found, "scenario": scenario, "state": state, "progress": progress, "here": found.ref.partition("/")[2],
            "place": place if state.phase != "code" else "", "bits": bits if state.phase != "code" else (),
            "colleague": colleague, "news": _news(found, state), "screen": _screen(state),
            "step_address": step_address}  # fmt: skip


def _screen(state: PairState) -> str:
    """What is on the screen: another value means that the page is to be fetched anew."""
    return f"{state.phase}-{state.step}"


def _news(found: PairView, state: PairState) -> str:
    """What the other one is doing, in a sentence. It says nothing of a first choice before both have chosen."""
    name = found.colleague.name if found.colleague else _("your colleague")
    if state.phase == "code":
        return _("No one has joined yet.")
    if state.phase == "choose":
        if state.colleague_chose:
            return _("%(name)s has chosen. Now choose alone.", name=name)
        return _("Choose alone. %(name)s is choosing too.", name=name)
    if state.phase == "wait":
        return _("Waiting for %(name)s to choose.", name=name)
    if state.phase == "decide":
        return _news_of_decision(name, state)
    return ""


def _news_of_decision(name: str, state: PairState) -> str:
    scene = state.shared.scene
    theirs = scene.choice(state.their_decision) if scene and state.their_decision else None
    if theirs is not None:
        words = short_title(theirs.text)
        if state.my_decision is None:
            return _("%(name)s pressed “%(choice)s”. Press the same one to go on.", name=name, choice=words)
        return _(
            "%(name)s pressed “%(choice)s”, you another one. Talk, and press the same one.", name=name, choice=words
        )
    if state.my_decision is not None:
        return _("You have pressed one. Waiting for %(name)s to press the same one.", name=name)
    return _("The story goes on when you both press the same one.")


@pages.post("/module/<module_id>/<step_id>/together")
@sign_in_required
def begin(module_id: str, step_id: str) -> PageResponse:
    """Open a pair for a story, or find the one that waits already, and show its code."""
    module = module_or_404(module_id)
    reader_id()
    scenario = module.scenarios.get(step_id) or abort(404)
    with unit_of_work() as session:
        pair = actions.open_pair(signed_in_context(session), f"{module.id}/{step_id}", scenario)
    return redirect_to(url_for("pairs.together", pair_id=pair))


@pages.route("/pair", methods=["GET", "POST"])
@sign_in_required
def join() -> PageResponse:
    """The form for a colleague's code, which leads to a run of one's own beside theirs."""
    person, form, status = reader_id(), PairCodeForm(), 200
    if form.validate_on_submit() and (code := form.parsed()):
        if not (_by_person.is_allowed(str(person)) and _by_network.is_allowed(network_prefix(request.remote_addr))):
            form.code.errors = [_("Too many codes were tried. Wait a quarter of an hour, then try again.")]
            status = 429
        elif pair := _join(form, code):
            return redirect_to(url_for("pairs.together", pair_id=pair))
    page = render_template("pairs/join.html", form=form)
    return make_response(page, status if status != 200 or not form.errors else 422)


def _join(form: PairCodeForm, code: str) -> int | None:
    """Join the pair of a code; None with an error at the field."""
    pair = queries.pair_by_code(db(), code, now())
    part = queries.story_of_pair(db(), pair) if pair is not None else None
    scenario = _scenario(*part) if part else None
    outcome: actions.JoinOutcome = "unknown"
    if pair is not None and scenario is not None:
        with unit_of_work() as session:
            outcome = actions.join_pair(signed_in_context(session), pair, scenario)
            if outcome != "joined":
                session.rollback()  # nothing was changed, so the same form may be sent again
    if outcome == "joined":
        return pair
    form.code.errors = [
        {
            "own": _("This is your own code. Your colleague enters it on their phone."),
            "taken": _("Someone has joined with this code already. Ask your colleague for a new one."),
            "unknown": _("This code does not work. A code works for 30 minutes: check it, or ask for a new one."),
        }[outcome]
    ]
    return None


@pages.get("/together/<int(max=2147483647):pair_id>")
@sign_in_required
def together(pair_id: int) -> str | PageResponse:
    """Show what is to do now: the code, the choices, the wait, the two choices, or that the two have parted."""
    found, scenario, state = _pair_or_404(pair_id)
    if state.phase == "ended":
        return redirect_to(url_for("learning.run", run_id=found.me.run_id))
    return _render(found, scenario, state, None)


def _render(found: PairView, scenario: Scenario, state: PairState, mistake: str | None) -> str:
    template = {"code": "code", "choose": "choose", "wait": "wait", "decide": "decide"}.get(state.phase, "apart")
    code = code_in_groups(found.code) if found.code else None
    minutes = ceil((found.code_until - now()).total_seconds() / 60) if found.code_until else 0
    return render_template(
        f"pairs/{template}.html",
        mistake=mistake,
        code=code,
        minutes=max(1, minutes),
        beat=latest_beat(scenario, state.shared.path),
        short_title=short_title,
        compared=_compared(found, scenario),
        **_page_context(found, scenario, state),
    )


def _compared(found: PairView, scenario: Scenario) -> tuple[ComparedStep, ...]:
    own = queries.run_decisions(db(), found.me) or ()
    return compared_steps(scenario, found.me.place, own, found.pressed)


@pages.get("/together/<int(max=2147483647):pair_id>/news")
@sign_in_required
def news(pair_id: int) -> PageResponse:
    """What the colleague is doing, for a page that waits: its screen, a sentence, and whether they have pressed something."""
    found, _scenario_of_it, state = _pair_or_404(pair_id)
    return jsonify({"screen": _screen(state), "news": _news(found, state), "pressed": state.colleague_pressed})


@pages.post("/together/<int(max=2147483647):pair_id>")
@sign_in_required
def choose(pair_id: int) -> PageResponse | tuple[str, int]:
    """Choose alone, or press what the two decide. The number of the decision makes a repeated POST harmless."""
    found, scenario, state = _pair_or_404(pair_id)
    sent = _sent_choice()
    on_screen = state.phase == ("choose" if sent.alone else "decide") and sent.step == state.step
    if on_screen and sent.choice_id not in {choice.id for choice in state.shared.open_choices}:
        return _render(found, scenario, state, _("Choose what you do.")), 422
    libraries = _libraries(found)
    with unit_of_work() as session:
        outcome = actions.press(signed_in_context(session), libraries, pair_id, scenario, sent)
    if outcome == CONFLICT:
        flash(_("The story had moved on, in another window or on another device. This is where it is now."))
    return redirect_to(url_for("pairs.together", pair_id=pair_id))


def _sent_choice() -> SentChoice:
    step = request.form.get("step", "")
    number = int(step) if step.isascii() and step.isdecimal() and len(step) < 4 else 0
    return SentChoice(number, request.form.get("stage") == "alone", request.form.get("choice", ""))


def _libraries(found: PairView) -> dict[int, Library]:
    """The variants of the course that the two read: the last decision may complete the course of either."""
    libraries = {found.me.person_id: reader_library()}
    if found.colleague is not None:
        person = found.colleague.person_id
        chosen, place = chosen_pathway(db(), person), organisation_of(row_source(), person)
        usual = g.organisation_mark.pathway
        libraries[person] = library().for_(chosen.pathway if chosen else usual, place.nation if place else None)
    return libraries


@pages.post("/together/<int(max=2147483647):pair_id>/leave")
@sign_in_required
def leave(pair_id: int) -> PageResponse:
    """Go on alone, in the run that is one's own."""
    reader_id()
    with unit_of_work() as session:
        found = actions.leave_pair(signed_in_context(session), pair_id) or abort(404)
    if found.me.run_id is None:
        module, _slash, step = found.ref.partition("/")
        return redirect_to(url_for("learning.step", module_id=module, step_id=step))
    return redirect_to(url_for("learning.run", run_id=found.me.run_id))


@pages.get("/together/<int(max=2147483647):pair_id>/differences")
@sign_in_required
def differences(pair_id: int) -> str:
    """Where the two differed. Only they can open it."""
    found, scenario, state = _pair_or_404(pair_id)
    return render_template("pairs/differences.html", compared=_compared(found, scenario),
                           **_page_context(found, scenario, state))  # fmt: skip


def _elsewhere(run_id: int) -> str | None:
    pair_id = queries.pair_of_run(db(), run_id)
    found = queries.pair(db(), int(current_user.person.id), pair_id, now()) if pair_id is not None else None
    scenario = _scenario(found.ref, found.version) if found else None
    if found is None or scenario is None or not queries.state_of(db(), found, scenario).is_under_way:
        return None
    return url_for("pairs.together", pair_id=found.id)


def _afterwards(run_id: int) -> NextLink | None:
    pair_id = queries.pair_of_run(db(), run_id)
    found = queries.pair(db(), int(current_user.person.id), pair_id, now()) if pair_id is not None else None
    if found is None or found.colleague is None:
        return None
    words = _("Where you and %(name)s differed", name=found.colleague.name)
    return NextLink(url_for("pairs.differences", pair_id=found.id), words)


def _is_decided_together(run_id: int) -> bool:
    pair_id = queries.pair_of_run(db(), run_id)
    found = queries.pair(db(), int(current_user.person.id), pair_id, now()) if pair_id is not None else None
    decisions = queries.run_decisions(db(), found.me) if found is not None else None
    return found is not None and decided_together(found.pressed, decisions or ())


COMPANION_NAVIGATION.append(CompanionNavigation(_elsewhere, _afterwards, _is_decided_together))
