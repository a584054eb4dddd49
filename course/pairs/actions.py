"""Opening a pair, joining it, choosing in it and leaving it. Each action adds facts; none is changed later."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import delete, select

from course.audit.actions import record_event
from course.content.library import Library
from course.content.schema import Scenario
from course.context import Context
from course.db import insert_if_absent, insert_once, lock_name, lock_row
from course.learning import actions as learning
from course.learning import queries as learning_queries
from course.learning.actions import CONFLICT, DUPLICATE, SAVED
from course.pairs import queries
from course.pairs.models import Pair, PairChoice, PairCode, PairLeaving, PairMember, PairRun
from course.pairs.queries import PairView
from course.pairs.rules import CODE_LENGTH, CODE_LIFETIME, FIRST_TURN, next_turn

JoinOutcome = Literal["joined", "unknown", "own", "taken"]


@dataclass(frozen=True)
class SentChoice:
    """What a page sent: the number of the decision, whether it is made alone or decides, and the choice."""

    step: int
    alone: bool
    choice_id: str


def open_pair(context: Context, ref: str, scenario: Scenario) -> int:
    """Open a pair for a story and give it a code, or find the one that waits for a colleague already. Returns its id."""
    session = context.session
    lock_name(session, f"pair-{context.person_id}")
    waiting = queries.open_pair(session, context.person_id, ref, context.now)
    if waiting is not None:
        return waiting
    pair = Pair(ref=ref, version=scenario.version, opened_at=context.now)
    session.add(pair)
    session.flush()
    insert_once(session, PairMember, pair_id=pair.id, place=1, person_id=context.person_id, joined_at=context.now)
    session.execute(delete(PairCode).where(PairCode.opened_at <= context.now - CODE_LIFETIME))
    while not insert_if_absent(session, PairCode, code=_new_code(), pair_id=pair.id, opened_at=context.now):
        pass  # somebody else has this code just now
    record_event(context, "scenario.pair_opened", ("person", context.person_id), {"scenario": ref})
    return pair.id


def _new_code() -> str:
    return f"{secrets.randbelow(10**CODE_LENGTH):0{CODE_LENGTH}}"


def join_pair(context: Context, pair_id: int, scenario: Scenario) -> JoinOutcome:
    """Join the pair whose code was entered, and open a new run for each of the two.

    Returns "joined", also when the person had joined before; "own" for whoever opened the pair; "taken" when somebody else
    joined; "unknown" when it no longer waits for anybody.
    """
    session, person_id = context.session, context.person_id
    lock_row(session, Pair, pair_id)
    members = {
        row.place: row for row in session.execute(select(PairMember).where(PairMember.pair_id == pair_id)).scalars()
    }
    if 2 in members:
        if members[2].person_id == person_id:
            return "joined"
        return "own" if 1 in members and members[1].person_id == person_id else "taken"
    if 1 not in members or session.get(PairLeaving, members[1].id) is not None:
        return "unknown"
    if members[1].person_id == person_id:
        return "own"
    ref = session.execute(select(Pair.ref).where(Pair.id == pair_id)).scalar_one()
    joined = PairMember(pair_id=pair_id, place=2, person_id=person_id, joined_at=context.now)
    session.add(joined)
    session.flush()
    for member in (members[1], joined):
        run = learning.begin_run_anew(replace(context, actor=member.person_id), ref, scenario)
        session.add(PairRun(member_id=member.id, run_id=run))
    record_event(context, "scenario.pair_joined", ("person", person_id), {"pair": pair_id})
    session.flush()
    return "joined"


def press(
    context: Context, libraries: Mapping[int, Library], pair_id: int, scenario: Scenario, sent: SentChoice
) -> str:
    """Keep what a member pressed. When the newest decisions of both are the same choice, both runs take it.

    `libraries` are the variants of the course of the two, by person. Returns SAVED; or DUPLICATE or CONFLICT, which change
    nothing: it was pressed already, or the pair is elsewhere by now.
    """
    session = context.session
    lock_row(session, Pair, pair_id)
    found = queries.pair(session, context.person_id, pair_id, context.now)
    if found is None:
        return CONFLICT
    state = queries.state_of(session, found, scenario)
    if not state.is_under_way or sent.step != state.step:
        return _outcome_of_late(found, sent)
    if sent.alone:
        if state.phase != "choose":
            return _outcome_of_late(found, sent)
    elif state.phase != "decide":
        return CONFLICT
    if state.shared.scene is None or sent.choice_id not in {choice.id for choice in state.shared.open_choices}:
        return CONFLICT
    if sent.alone or sent.choice_id != state.my_decision:
        values = {"member_id": found.me.id, "step": state.step, "scene_id": state.shared.scene.id}
        turn = FIRST_TURN if sent.alone else next_turn(found.pressed, found.me.place, state.step)
        insert_once(session, PairChoice, **values, turn=turn, choice_id=sent.choice_id, chosen_at=context.now)
        record_event(context, "scenario.pair_choice", ("person", context.person_id), {"pair": pair_id})
    if not sent.alone and sent.choice_id == state.their_decision:
        _decide_both(context, libraries, found, scenario, sent.choice_id)
    return SAVED


def _decide_both(
    context: Context, libraries: Mapping[int, Library], found: PairView, scenario: Scenario, choice_id: str
) -> None:
    """Take the decision of the two in the run of each."""
    for member in (found.me, found.colleague):
        if member is None or member.run_id is None:
            continue
        run = learning_queries.run(context.session, member.person_id, member.run_id)
        if run is not None:
            own = replace(context, actor=member.person_id)
            learning.decide(own, libraries[member.person_id], run, scenario, run.next_step, choice_id)


def _outcome_of_late(found: PairView, sent: SentChoice) -> str:
    """Whether what comes late is what this member had pressed there."""
    own = [one for one in found.pressed if one.place == found.me.place and one.step == sent.step]
    same = [one.choice_id for one in own if (one.turn == FIRST_TURN) == sent.alone]
    return DUPLICATE if same[-1:] == [sent.choice_id] else CONFLICT


def leave_pair(context: Context, pair_id: int) -> PairView | None:
    """Leave a pair: both go on alone, each in the run that is theirs. Returns the pair; None for somebody else's."""
    session = context.session
    lock_row(session, Pair, pair_id)
    found = queries.pair(session, context.person_id, pair_id, context.now)
    if found is None:
        return None
    if not found.has_left and insert_once(session, PairLeaving, member_id=found.me.id, left_at=context.now) is not None:
        record_event(context, "scenario.pair_left", ("person", context.person_id), {"pair": pair_id})
    return found
