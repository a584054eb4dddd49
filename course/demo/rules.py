"""Two years of an invented organisation: who works there, since when, and how their training went. Pure: the same seed
and day give the same story."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from course.content.schema import Question, Setting
from course.learning.rules.grading import GivenAnswer

PEOPLE_COUNT = 240
HISTORY_LENGTH = timedelta(days=760)
SEED = 2014

# Name, the team above it, the pathway of those in it, and how many of every hundred people are in it.
TEAMS: tuple[tuple[str, str | None, Setting, int], ...] = (
    ("Riverside", None, "leaders", 3),
    ("Schools", "Riverside", "leaders", 2),
    ("Hillside Primary School", "Schools", "school", 13),
    ("Brook Academy", "Schools", "school", 20),
    ("Meadow School", "Schools", "school", 9),
    ("Residential", "Riverside", "leaders", 2),
    ("Willow House", "Residential", "residential", 8),
    ("Harbour House", "Residential", "residential", 8),
    ("Fern Lodge", "Residential", "residential", 6),
    ("Family support", "Riverside", "leaders", 2),
    ("North team", "Family support", "social-work", 8),
    ("South team", "Family support", "social-work", 7),
    ("Sunflower Nursery", "Riverside", "early-years", 7),
    ("Youth clubs", "Riverside", "clubs", 5),
)

# The numbers are from the range that Ofcom keeps for drama: nobody can ever have them.
CONTACTS = (
    ("lead", "Jo Fictional", "01632 960101", "lead@demo.example"),
    ("deputy", "Chris Invented", "01632 960102", "deputy@demo.example"),
    ("out-of-hours", "Example duty team", "01632 960103", ""),
    ("social-care", "Example Council front door", "01632 960104", ""),
)
# Talks of ten minutes: how many days ago, the team, how many took part, about what, and what they agreed.
DISCUSSIONS = (
    (612, "Brook Academy", 18, "posing-as-young-people", "Form tutors ask about online friends once a half term."),
    (540, "Willow House", 7, "secret-family-contact", "Each care plan says who may be in touch online, and how."),
    (405, "Hillside Primary School", 12, "policy-devices-at-work", "Own phones stay in the staff room lockers."),
    (330, "North team", 9, "report-grooming-at-once", "The duty number is on a card in everybody’s wallet."),
    (214, "Sunflower Nursery", 8, "images-out-of-control", ""),
    (120, "Residential", 6, "secret-family-contact", "We ask about messages from home at every key session."),
    (75, "Harbour House", 7, "encourage-talk", "One relaxed question about online life each evening meal."),
    (
        33,
        "Brook Academy",
        21,
        "images-out-of-control",
        "Nobody asks to see the picture. The lead hears within minutes.",
    ),
    (
        11,
        "Willow House",
        8,
        "report-grooming-at-once",
        "Night staff ring the lead at home, and do not wait for the morning.",
    ),
)


def _split_names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _split_names(
    "Aisha Amara Ana Ben Bilal Carys Chen Daniel Deepa Dylan Ebony Eilidh Elif Farah Femi Fiona Gethin Grace "
    "Hanna Hugo Imran Ines Isla Jakub Jamal Joan Jola Kabir Karin Kofi Lena Liam Lucia Magda Malik Maya Mei Milan "
    "Mina Nadia Niamh Noor Olu Omar Owen Paolo Petra Priti Quinn Rafa Rhys Rosa Ruth Sade Sana Sean Sofia Tariq "
    "Tess Tomos Uma Vera Viktor Wanda Xiu Yara Yusuf Zara "
)
LAST_NAMES = _split_names(
    "Abara Ahmed Baptiste Begum Bell Chowdhury Clarke Costa Davies Dobbs Eze Evans Farouk Fletcher Ghosh Gomez "
    "Green Hall Hussain Ibe Ivanova James Jones Kaur Khan Kowalska Lam Lewis MacKay Mensah Miah Moore Nowak Obi "
    "Oduya Okoro Patel Pereira Quigley Rahman Reid Roberts Sandhu Shah Silva Singh Smith Tembo Thomas Umar Varga "
    "Walker Wong Xu Yilmaz Young Zaman "
)


@dataclass(frozen=True)
class DemoCompletion:
    """Something that somebody completed on a day: the course (initial) or a refresher."""

    kind: str
    on: date


@dataclass(frozen=True)
class DemoPerson:
    """One person of the story. `skill` is how often they are right, `begun` how many modules they have done of a
    course that they have not finished."""

    name: str
    email: str
    team: str
    manager: bool
    start: date
    skill: float
    deeds: tuple[DemoCompletion, ...] = ()
    begun: int = 0
    left: date | None = None
    away: tuple[date, date] | None = None
    more_time: date | None = None
    signed_in: bool = True


@dataclass
class _Generator:
    chance: random.Random
    today: date
    names: set[str] = field(default_factory=set)

    def name(self) -> str:
        while True:
            name = f"{self.chance.choice(FIRST_NAMES)} {self.chance.choice(LAST_NAMES)}"
            if name not in self.names:
                self.names.add(name)
                return name

    def after(self, day: date, low: int, high: int) -> date:
        return day + timedelta(days=self.chance.randint(low, high))


def generate_people(today: date) -> list[DemoPerson]:
    """Everybody, in the order of the teams; the first of each team manages it."""
    writer = _Generator(random.Random(SEED), today)  # noqa: S311 (a story, no secret)
    found = []
    for team, _, _, share in TEAMS:
        for number in range(max(1, round(share * PEOPLE_COUNT / 100))):
            found.append(_generate_person(writer, team, manager=number == 0))
    return found


def _generate_person(writer: _Generator, team: str, manager: bool) -> DemoPerson:
    chance, today = writer.chance, writer.today
    name = writer.name()
    # Two thirds were there from the beginning; the others came since, some of them lately.
    start = today - HISTORY_LENGTH + timedelta(days=chance.randint(0, 20))
    if not manager and chance.random() < 0.35:
        start = today - timedelta(days=chance.randint(3, 700))
    left = None
    if not manager and chance.random() < 0.08 and start < today - timedelta(days=200):
        left = writer.after(start, 120, (today - start).days - 10)
    deeds = _generate_completions(writer, start, left or today)
    begun = chance.randint(1, 6) if not deeds and chance.random() < 0.6 and left is None else 0
    here = left is None and not manager
    late = here and chance.random() < 0.03
    return DemoPerson(
        name=name,
        email=f"{name.lower().replace(' ', '.')}@demo.example",
        team=team,
        manager=manager,
        start=start,
        skill=min(0.97, max(0.55, chance.gauss(0.84, 0.08))),
        deeds=tuple(deeds),
        begun=begun,
        left=left,
        away=(today - timedelta(days=30), today + timedelta(days=chance.randint(40, 200))) if late else None,
        more_time=today + timedelta(days=21) if here and not late and chance.random() < 0.02 else None,
        signed_in=bool(deeds or begun) or chance.random() < 0.5,
    )


def _generate_completions(writer: _Generator, start: date, until: date) -> list[DemoCompletion]:
    """The course some weeks after the start, then a refresher around each anniversary; a few are late, or stop."""
    chance = writer.chance
    done = writer.after(start, 6, 40)
    deeds = [DemoCompletion("initial", done)] if done < until and chance.random() < 0.96 else []
    while deeds:
        nearly = 365 - chance.randint(2, 55)
        late = chance.random()
        done = deeds[-1].on + timedelta(days=nearly if late > 0.12 else 365 + chance.randint(3, 40))
        if done >= until or late < 0.05:
            return deeds
        deeds.append(DemoCompletion("refresher", done))
    return deeds


def simulate_answer(question: Question, skill: float, chance: random.Random) -> tuple[GivenAnswer, str]:
    """An answer as somebody of that skill gives it, and how sure they say they are. Some questions are harder than
    others, and most who are wrong are wrong in the same way."""
    hard = random.Random(question.id).choice((0.0, 0.0, 0.05, 0.15, 0.3))  # noqa: S311 (a story, no secret)
    if chance.random() < max(0.3, skill - (hard if skill < 1 else 0)):
        return _right_answer(question), chance.choices(("sure", "fairly", "guessing"), (6, 3, 1))[0]
    return _wrong_answer(question, chance), chance.choices(("sure", "fairly", "guessing"), (3, 4, 3))[0]


def _right_answer(question: Question) -> GivenAnswer:
    if question.form == "sort":
        return [str(option.group) for option in question.options]
    if question.form == "order":
        return list(range(len(question.options)))
    return [n for n, option in enumerate(question.options) if option.correct]


def _wrong_answer(question: Question, chance: random.Random) -> GivenAnswer:
    if question.form == "sort":
        given = [str(option.group) for option in question.options]
        given[0] = next(group for group in question.groups if group != given[0])
        return given
    if question.form == "order":
        return [1, 0, *range(2, len(question.options))]
    wrong = [n for n, option in enumerate(question.options) if not option.correct]
    picked = wrong[0] if chance.random() < 0.65 else chance.choice(wrong)
    return [picked] if question.form == "one" else sorted({*_right_answer(question)[1:], picked})
