"""Published figures after erasures, attacked: by subtracting what was published before from what is published now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from course.analytics.rules.differencing import PublishedRest
from course.analytics.rules.groups import SMALLEST_GROUP
from course.analytics.rules.placement_history import PlacementChange, PlacementTimeline
from course.analytics.rules.release_schedule import EarlierRelease, ReleaseDecision, decide_release
from course.analytics.rules.suppression import WHOLE_ORGANISATION

# 1 has 2 and 3 below it; 4 stands beside it.
TREE: dict[int, int | None] = {1: None, 2: 1, 3: 1, 4: None}
WITHIN = {1: {1, 2, 3}, 2: {2}, 3: {3}, 4: {4}, WHOLE_ORGANISATION: {0, 1, 2, 3, 4}}
CountedAnswer = tuple[int, int]  # person, and the number of their answer


@dataclass
class Organisation:
    """People who answer, move, leave and are erased, and what was published of them week by week.

    `changes` is what the database holds today; `seen` the answers in each figure as it was published, by week and group.
    """

    changes: dict[int, list[PlacementChange]] = field(default_factory=lambda: defaultdict(list))
    earlier: list[EarlierRelease] = field(default_factory=list)
    seen: dict[tuple[int, int], frozenset[CountedAnswer]] = field(default_factory=dict)
    people: int = 0

    def in_team(self, team: int | None) -> list[int]:
        return [person for person, changes in sorted(self.changes.items()) if changes[-1].team == team]

    def add(self, team: int, count: int) -> None:
        for _ in range(count):
            self.people += 1
            self._place(self.people, team, 1)

    def answer(self, people: list[int]) -> None:
        for person in people:
            now = self.changes[person][-1]
            self._place(person, now.team, now.answers + 1)

    def move(self, people: list[int], team: int | None) -> None:
        for person in people:
            self._place(person, team, self.changes[person][-1].answers)

    def erase(self, people: list[int]) -> None:
        for person in people:
            del self.changes[person]

    def _place(self, person: int, team: int | None, answers: int) -> None:
        self.changes[person].append(PlacementChange(len(self.earlier), person, team, answers))

    def publish(self) -> ReleaseDecision:
        """What is published on the next Monday."""
        index = len(self.earlier)
        newest = [{change.index: change for change in changes} for changes in self.changes.values()]
        timeline = PlacementTimeline(change for changes in newest for change in changes.values())
        decision = decide_release(timeline, index, TREE, self.earlier, tree_changed=not index)
        for group in decision.published:
            teams = WITHIN[group] - (decision.excluded if group == WHOLE_ORGANISATION else set())
            self.seen[index, group] = frozenset(
                (person, number)
                for person, changes in self.changes.items()
                if changes[-1].team in teams
                for number in range(changes[-1].answers)
            )
        self.earlier.append(EarlierRelease(index, decision.published))
        return decision


def _disclosures(seen: dict[tuple[int, int], frozenset[CountedAnswer]]) -> Iterator[set[int]]:
    """The people, fewer than SMALLEST_GROUP, whose answers are left where up to four figures of two Mondays are added to
    and subtracted from each other. Each answer is a byte of a number: so many additions are quick."""
    places = {answer: place for place, answer in enumerate(sorted(frozenset().union(*seen.values())))}
    people = [person for person, _ in places]
    zero = int.from_bytes(b"\x80" * len(places), "little")
    numbers = {key: sum(1 << 8 * places[answer] for answer in answers) for key, answers in seen.items()}
    mondays = sorted({monday for monday, _ in seen})
    for pair in combinations(mondays, 2) if len(mondays) > 1 else [tuple(mondays)]:
        known = {number for (monday, _), number in numbers.items() if monday in pair}
        for count in range(1, 5):
            for first, *others in combinations(known, count):
                for signs in product((1, -1), repeat=count - 1):
                    total = first + sum(sign * number for sign, number in zip(signs, others, strict=True))
                    if total:
                        left = (total + zero).to_bytes(len(places) + 1, "little")
                        about = {person for person, byte in zip(people, left, strict=False) if byte != 0x80}
                        if len(about) < SMALLEST_GROUP:
                            yield about


TEAMS = st.sampled_from((2, 3, 4, 0))
KINDS = ("answer", "erase", "add", "move", "leave", "return")
EVENTS = st.tuples(st.sampled_from(KINDS), TEAMS, TEAMS, st.sampled_from((5, 1, 6, 2, 4, 3)))

SIZES = st.lists(st.sampled_from((5, 6, 7, 9)), min_size=3, max_size=3)
WEEKS = st.lists(st.lists(EVENTS, min_size=1, max_size=4), min_size=2, max_size=5)


@settings(max_examples=150)
@given(SIZES, WEEKS)
def test_no_published_figures_disclose_fewer_than_five_people(
    sizes: list[int], weeks: list[list[tuple[str, int, int, int]]]
) -> None:
    """Random weeks of answers, joining, moves between teams, leaving, coming back and erasures."""
    organisation = Organisation()
    for team, size in zip((2, 3, 4), sizes, strict=True):
        organisation.add(team, size)
    organisation.publish()
    for week in weeks:
        for kind, team, other, count in week:
            some = organisation.in_team(team)[:count]
            if kind == "answer":
                organisation.answer(some)
            elif kind == "add":
                organisation.add(team, count)
            elif kind == "return":
                organisation.move(organisation.in_team(None)[:count], team)
            elif kind == "erase":
                organisation.erase([*organisation.in_team(None), *some][:count])
            else:
                organisation.move(some, other if kind == "move" else None)
        organisation.publish()
    assert not list(_disclosures(organisation.seen))


def test_the_attack_finds_a_person_if_history_is_recomputed_after_an_erasure() -> None:
    """One of five is erased, and another person answers: five again. By the answers that are left nothing was ever
    published, so that five may be shown, which less the five that were seen are two people."""
    organisation = Organisation()
    organisation.add(4, 5)
    assert set(organisation.publish().published) == {4, WHOLE_ORGANISATION}
    published = organisation.earlier
    organisation.erase([1])
    organisation.add(4, 1)
    organisation.earlier = [EarlierRelease(0, {})]
    assert set(organisation.publish().published) == {4, WHOLE_ORGANISATION}
    assert {1, 6} in list(_disclosures(organisation.seen))
    # Against what was published, it has to wait; three more people make five who have changed.
    organisation.earlier, organisation.seen = published, {}
    assert not organisation.publish().published
    organisation.add(4, 3)
    assert set(organisation.publish().published) == {4, WHOLE_ORGANISATION}


def test_an_erased_person_is_one_of_the_five_who_have_changed() -> None:
    for erased, more, updated in ((1, 3, False), (1, 4, True), (2, 3, True), (0, 4, False)):
        organisation = Organisation()
        organisation.add(4, 9)
        organisation.publish()
        organisation.erase(list(range(1, 1 + erased)))
        organisation.answer(organisation.in_team(4)[:more])
        assert bool(organisation.publish().published) is updated, (erased, more)


def test_answers_that_were_changed_afterwards_hold_an_update_back() -> None:
    """The same people have fewer answers than were published: nobody knows how many of them are concerned."""
    organisation = Organisation()
    organisation.add(4, 9)
    organisation.publish()
    rest = organisation.earlier[0].rests[4]
    longer = PublishedRest(rest.teams, rest.people, rest.answers + 1)
    organisation.earlier[0] = EarlierRelease(0, {4: longer, WHOLE_ORGANISATION: organisation.earlier[0].rests[0]})
    organisation.add(0, 1)  # something has changed somewhere
    assert 4 not in organisation.publish().published
    organisation.answer(organisation.in_team(4)[:5])
    assert 4 in organisation.publish().published


def test_a_group_that_erasure_makes_too_small_is_not_shown_any_more() -> None:
    organisation = Organisation()
    organisation.add(4, 5)
    organisation.add(2, 9)
    assert 4 in organisation.publish().published
    organisation.erase([1])
    assert organisation.publish().suppressed == {4}
