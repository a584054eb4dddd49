"""What a manager does in supervised sessions, and the audit events that it leaves."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select

from course.content.library import Library
from course.learning.queries import attempts
from course.learning.rules.grading import option_order
from course.printed_modules.rules.moments import timeline_code
from course.printed_modules.rules.sections import sections_code, story_sections
from course.supervised_sessions.models import SupervisedSession, SupervisedStory
from tests import pages
from tests.audit.world import World
from tests.supervised_sessions.makers import seat
from tests.support.days import form_day
from tests.walking import right_form


def plan_session(w: World, part: str = "module:responding") -> str:
    """Plan a supervised session for Sam and Kim; its address."""
    form = {"part": part, "place": "Hall", "held_on": form_day(),
            "person": [str(w.sam.id), str(w.kim.id)]}  # fmt: skip
    w.client.post("/supervised/new", form)
    number = w.session.execute(select(func.max(SupervisedSession.id))).scalar_one()
    w.session.commit()
    return f"/supervised/{number}"


def take_off(w: World) -> str:
    address = plan_session(w)
    w.post(f"{address}/people/{w.kim.id}/remove")
    return address


def add_again(w: World) -> None:
    address = take_off(w)
    w.client.post(f"{address}/people", {"person": [str(w.kim.id)]})


def open_room(w: World) -> None:
    address = plan_session(w)
    w.post(f"{address}/room")


def come_into_room(w: World) -> str:
    """Turn this browser into a room; the code of Sam in it."""
    token, code = seat(w.app, w.session, w.boss, w.sam)
    with w.client.flask.session_transaction() as cookie:
        cookie.clear()
        cookie["room"] = token
    return code


def sit_down(w: World) -> None:
    w.post("/room", code=come_into_room(w))


def get_up(w: World) -> None:
    code = come_into_room(w)
    # Pressed once: of two presses the browser has to keep the cookie of the one that let Sam in.
    pages.Client.post(w.client, "/room", {"code": code})
    w.post("/room/leave")


def print_sheets(w: World) -> str:
    address = plan_session(w)
    w.post(f"{address}/sheets")
    return address


def attend(w: World) -> str:
    address = print_sheets(w)
    w.client.post(f"{address}/attendance", {"person": [str(w.sam.id)], "witness": "Lee Ward", "read_together": "y"})
    return address


def enter_paper(w: World) -> str:
    address = attend(w)
    attempt = attempts(w.session, w.sam.id)[-1]
    w.session.commit()
    form: dict[str, str | list[str]] = {"step": "keep"}
    for item in attempt.items:
        question = w.app.extensions["course"].library.answerable[item.question_id]
        given = right_form(question, option_order(question, attempt.seed, item.position))
        form |= {f"q{item.position}-{name}": values for name, values in given.items()}
        form[f"q{item.position}-sureness"] = "sure"
    w.client.post(f"{address}/people/{w.sam.id}/answers", form)
    return address


def enter_story(w: World) -> str:
    address = attend(w)
    course: Library = w.app.extensions["course"].library.for_("school", "england")
    module = course.modules["responding"]
    scenario = next(module.scenarios[step.id] for step in module.steps if step.kind == "scenario")
    by_choice = story_sections(scenario).by_choice
    road = [str(by_choice[f"{scene.id}/{scene.best.id}"]) for scene in scenario.recommended if scene.choices]
    form = {"code": sections_code(scenario), "numbers": ", ".join(road), "step": "keep"}
    w.client.post(f"{address}/people/{w.sam.id}/story", form)
    return address


def enter_timeline(w: World) -> None:
    address = attend(w)
    course: Library = w.app.extensions["course"].library.for_("school", "england")
    module = course.modules["responding"]
    step = next(step.id for step in module.steps if step.kind == "timeline")
    form = {f"code-{step}": timeline_code(module.timelines[step]), f"n{w.sam.id}-{step}": "1, 2", "step": "keep"}
    w.client.post(f"{address}/results", form)


def void_story(w: World) -> None:
    address = enter_story(w)
    run = w.session.execute(select(func.max(SupervisedStory.run_id))).scalar_one()
    w.session.commit()
    w.post(f"{address}/people/{w.sam.id}/story/{run}/void", reason="two lines were swapped")


def void_paper(w: World) -> None:
    w.post(f"{enter_paper(w)}/people/{w.sam.id}/void", reason="two sheets were swapped")


# For each POST endpoint: an action, the audit events that it leaves, and the actor.
SUPERVISED_ACTIONS: dict[str, list[tuple[Callable[[World], object], list[str], str | None]]] = {
    "supervised_sessions.plan": [(plan_session, ["supervised.planned"], "boss")],
    "supervised_sessions.add_people": [
        (add_again, ["supervised.planned", "supervised.person_removed", "supervised.person_added"], "boss"),
    ],
    "supervised_sessions.remove_person": [
        (take_off, ["supervised.planned", "supervised.person_removed"], "boss"),
    ],
    "supervised_sessions.codes": [
        (lambda w: w.post(f"{plan_session(w)}/codes", 200), ["supervised.planned", "supervised.codes_printed"], "boss"),
    ],
    "supervised_sessions.open_room": [
        (open_room, ["supervised.planned", "supervised.room_opened", "sign_in.ended"], "boss"),
    ],
    "supervised_sessions.close": [
        (lambda w: w.post(f"{plan_session(w)}/close"), ["supervised.planned", "supervised.closed"], "boss"),
    ],
    "supervised_sessions.enter": [
        (sit_down, ["supervised.signed_in"], "sam"),
        (lambda w: w.post("/room", 410, code="1"), [], "boss"),
    ],
    "supervised_sessions.leave": [
        (get_up, ["supervised.signed_in", "supervised.signed_out"], "sam"),
    ],
    "supervised_sessions.prepare_sheets": [
        (print_sheets, ["supervised.planned", *["supervised.sheet_printed"] * 2], "boss"),
    ],
    "supervised_sessions.attendance": [
        (
            attend,
            [
                "supervised.planned",
                *["supervised.sheet_printed"] * 2,
                "supervised.attended",
                "supervised.read_together",
            ],
            "boss",
        ),
    ],
    "supervised_sessions.enter_answers": [
        (
            enter_paper,
            [
                "supervised.planned",
                *["supervised.sheet_printed"] * 2,
                "supervised.attended",
                "supervised.read_together",
                "supervised.entered",
            ],
            "boss",
        ),
    ],
    "printed_modules.enter_story": [
        (
            enter_story,
            [
                "supervised.planned",
                *["supervised.sheet_printed"] * 2,
                "supervised.attended",
                "supervised.read_together",
                "supervised.story_entered",
            ],
            "boss",
        ),
    ],
    "printed_modules.enter_results": [
        (
            enter_timeline,
            [
                "supervised.planned",
                *["supervised.sheet_printed"] * 2,
                "supervised.attended",
                "supervised.read_together",
                "supervised.timeline_entered",
            ],
            "boss",
        ),
    ],
    "supervised_sessions.void_result": [
        (
            void_story,
            [
                "supervised.planned",
                *["supervised.sheet_printed"] * 2,
                "supervised.attended",
                "supervised.read_together",
                "supervised.story_entered",
                "supervised.story_voided",
            ],
            "boss",
        ),
    ],
    "supervised_sessions.void": [
        (
            void_paper,
            [
                "supervised.planned",
                *["supervised.sheet_printed"] * 2,
                "supervised.attended",
                "supervised.read_together",
                "supervised.entered",
                "supervised.voided",
            ],
            "boss",
        ),
    ],
}
