"""The sample data of an invented organisation over two years: people, employment and training.

Pure: the same seed and day give the same data.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from course.content.schema import Question, Setting
from course.learning.rules.grading import GivenAnswer
from course.reminders.rules import ReminderPolicy, SendingHours

PEOPLE_COUNT = 240
HISTORY_LENGTH = timedelta(days=760)
SEED = 2014

# Name, parent team, pathway of its members, and per cent of all people in it.
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

# The numbers are from the range that Ofcom reserves for drama: nobody can ever have them.
CONTACTS = (
    ("lead", "Jo Fictional", "01632 960101", "lead@demo.example"),
    ("deputy", "Chris Invented", "01632 960102", "deputy@demo.example"),
    ("out-of-hours", "Example duty team", "01632 960103", ""),
    ("social-care", "Example Council front door", "01632 960104", ""),
)
# People without an e-mail address: name, sign-in name, team, job role, and how many days ago they came. The first has a
# one-time code that nobody has used yet, the second has read a module in a supervised session.
PEOPLE_WITHOUT_ADDRESS = (
    ("Rosie Ladle", "kitchen-07", "Willow House", "Kitchen assistant", 26),
    ("Ned Playfair", "midday-12", "Meadow School", "Midday supervisor", 40),
)
# Who signs the certificates: name and role.
SIGNATORY = ("Max Madeup", "Head of Safeguarding")
# Discussions of ten minutes: days ago, team, number of people, learning point, and what they agreed.
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


def working_day(day: date, latest: date) -> date:
    """The first business day of England from that day on; the last one before it if that is later than `latest`. Everything
    in the example happens on such days, as its mail leaves on them."""
    hours = SendingHours(ReminderPolicy(), "england", "Europe/London")
    following = hours.next_business_day(day)
    return following if following <= latest else hours.previous_business_day(day)


def last_sending_moment(at: datetime, zone: str) -> datetime:
    """The moment itself if mail may leave then; otherwise the morning of the last business day before it."""
    hours = SendingHours(ReminderPolicy(), "england", zone)
    if hours.next_sending_time(at) == at:
        return at
    local = at.astimezone(ZoneInfo(zone))
    before = local.date() if local.hour >= hours.policy.closes else local.date() - timedelta(days=1)
    return datetime.combine(hours.previous_business_day(before), time(9, 5), ZoneInfo(zone)).astimezone(at.tzinfo)


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
    """A completion of the course (initial) or of a refresher."""

    kind: str
    on: date


@dataclass(frozen=True)
class DemoPerson:
    """One person of the sample data.

    `skill` is the share of right answers, `modules_started` the number of modules done of an unfinished course, `leave`
    the first and last day of a pause.
    """

    name: str
    email: str
    team: str
    is_manager: bool
    joined_on: date
    skill: float
    completions: tuple[DemoCompletion, ...] = ()
    modules_started: int = 0
    left_on: date | None = None
    leave: tuple[date, date] | None = None
    extension_until: date | None = None
    has_signed_in: bool = True


@dataclass
class _Generator:
    random: random.Random
    today: date
    names: set[str] = field(default_factory=set)

    def name(self) -> str:
        while True:
            name = f"{self.random.choice(FIRST_NAMES)} {self.random.choice(LAST_NAMES)}"
            if name not in self.names:
                self.names.add(name)
                return name

    def random_day_after(self, day: date, low: int, high: int) -> date:
        return working_day(day + timedelta(days=self.random.randint(low, high)), self.today)


def generate_people(today: date) -> list[DemoPerson]:
    """Generate all people, in the order of the teams; the first of each team is its manager."""
    generator = _Generator(random.Random(SEED), today)  # noqa: S311 (sample data, no secret)
    people = []
    for team, _, _, share in TEAMS:
        for number in range(max(1, round(share * PEOPLE_COUNT / 100))):
            people.append(_generate_person(generator, team, is_manager=number == 0))
    return people


def _generate_person(generator: _Generator, team: str, is_manager: bool) -> DemoPerson:
    chance, today = generator.random, generator.today
    name = generator.name()
    # Two thirds were there from the beginning; the others joined since, some of them lately.
    joined_on = today - HISTORY_LENGTH + timedelta(days=chance.randint(0, 20))
    if not is_manager and chance.random() < 0.35:
        joined_on = today - timedelta(days=chance.randint(3, 700))
    joined_on = working_day(joined_on, today)
    left_on = None
    if not is_manager and chance.random() < 0.08 and joined_on < today - timedelta(days=200):
        left_on = generator.random_day_after(joined_on, 120, (today - joined_on).days - 10)
    completions = _generate_completions(generator, joined_on, left_on or today)
    has_started = not completions and chance.random() < 0.6 and left_on is None
    modules_started = chance.randint(1, 6) if has_started else 0
    is_staff = left_on is None and not is_manager
    is_on_leave = is_staff and chance.random() < 0.03
    return DemoPerson(
        name=name,
        email=f"{name.lower().replace(' ', '.')}@demo.example",
        team=team,
        is_manager=is_manager,
        joined_on=joined_on,
        skill=min(0.97, max(0.55, chance.gauss(0.84, 0.08))),
        completions=tuple(completions),
        modules_started=modules_started,
        left_on=left_on,
        leave=(today - timedelta(days=30), today + timedelta(days=chance.randint(40, 200))) if is_on_leave else None,
        extension_until=today + timedelta(days=21) if is_staff and not is_on_leave and chance.random() < 0.02 else None,
        has_signed_in=bool(completions or modules_started) or chance.random() < 0.5,
    )


def _generate_completions(generator: _Generator, joined_on: date, until: date) -> list[DemoCompletion]:
    """The course some weeks after joining, then a refresher around each anniversary; a few are late, or stop."""
    chance = generator.random
    done = generator.random_day_after(joined_on, 6, 40)
    completions = [DemoCompletion("initial", done)] if done < until and chance.random() < 0.96 else []
    while completions:
        on_time = 365 - chance.randint(2, 55)
        late = chance.random()
        later = completions[-1].on + timedelta(days=on_time if late > 0.12 else 365 + chance.randint(3, 40))
        done = working_day(later, max(later, generator.today))
        if done >= until or late < 0.05:
            return completions
        completions.append(DemoCompletion("refresher", done))
    return completions


def simulate_answer(question: Question, skill: float, chance: random.Random) -> tuple[GivenAnswer, str]:
    """A simulated answer at that skill, and its confidence.

    Some questions are harder than others, and most wrong answers to a question are the same.
    """
    difficulty = random.Random(question.id).choice((0.0, 0.0, 0.05, 0.15, 0.3))  # noqa: S311 (sample data, no secret)
    if chance.random() < max(0.3, skill - (difficulty if skill < 1 else 0)):
        return _right_answer(question), chance.choices(("sure", "fairly", "guessing"), (6, 3, 1))[0]
    return _wrong_answer(question, chance), chance.choices(("sure", "fairly", "guessing"), (3, 4, 3))[0]


def _right_answer(question: Question) -> GivenAnswer:
    if question.form == "sort":
        return [str(option.group) for option in question.options]
    if question.form == "order":
        return list(range(len(question.options)))
    if question.has_parts:
        return _one_of_each_part(question, correct=True)
    return [n for n, option in enumerate(question.options) if option.correct]


def _one_of_each_part(question: Question, *, correct: bool) -> list[int]:
    """The first option of each part that is right, or that is not."""
    return [
        next(n for n, option in enumerate(question.options) if option.group == part and option.correct == correct)
        for part in question.groups
    ]


def _wrong_answer(question: Question, chance: random.Random) -> GivenAnswer:
    if question.form == "sort":
        given = [str(option.group) for option in question.options]
        given[0] = next(group for group in question.groups if group != given[0])
        return given
    if question.form == "order":
        return [1, 0, *range(2, len(question.options))]
    if question.has_parts:
        return [*_one_of_each_part(question, correct=False)[:1], *_one_of_each_part(question, correct=True)[1:]]
    wrong = [n for n, option in enumerate(question.options) if not option.correct]
    picked = wrong[0] if chance.random() < 0.65 else chance.choice(wrong)
    return [picked] if question.form == "one" else sorted({*_right_answer(question)[1:], picked})
