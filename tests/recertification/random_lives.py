"""Random lives that resemble those of staff: hired, trained, renewed early, in time, late or after the grace period; on
leave, given an extension, moved between pathways, revoked. Dates fall on month ends and leap days more often than by
chance, and next to the days on which something changes."""

from __future__ import annotations

import random
from datetime import date, timedelta

from course.recertification.rules import (
    CertificationFacts,
    CompletionFact,
    EmploymentFact,
    Extension,
    PathwayFact,
    Pause,
    Policy,
    Requirement,
    StartFact,
)

FIRST = date(2019, 1, 1)
TRAPS = [date(2020, 2, 29), date(2024, 2, 29), date(2023, 2, 28), date(2024, 1, 31), date(2023, 3, 31),
         date(2022, 12, 31), date(2025, 2, 28), date(2024, 8, 31)]  # fmt: skip
PATHWAYS = ("school", "clubs", "leaders")


class Life:
    """Draws one life after another from one source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def day(self) -> date:
        if self.chance.random() < 0.25:
            return self.chance.choice(TRAPS)
        return FIRST + timedelta(days=self.chance.randrange(3650))

    def delay(self, most: int) -> int:
        return 0 if self.chance.random() < 0.7 else self.chance.randrange(most)

    def policy(self, since: date, pathway: str | None) -> Policy:
        c = self.chance
        period, minimum = c.choice([1, 6, 12, 12, 12, 24, 36]), c.choice([3, 5, 6, 12])
        kind = c.choice(["anniversary", "anniversary", "anniversary", "fixed", *(["general"] if pathway else [])])
        month = c.randint(1, 12)
        most = 28 * (minimum if kind == "fixed" else period) - 1
        return Policy(
            since, period, min(c.choice([1, 14, 30, 60, 90]), most), c.choice([0, 1, 6, 12, 12, 24]),
            c.choice([0, 14, 28, 28, 60]), c.choice([0, 7, 7, 14, 30]), kind, c.randint(1, 29 if month == 2 else 30),
            month, minimum, c.choice([None, None, 12, 24, 36]), c.choice([6, 18]),
            c.choice(["now", "from the next renewal"]), None if c.random() < 0.9 else self.day(), pathway,
        )  # fmt: skip

    def policies(self) -> list[Policy]:
        c = self.chance
        found = [self.policy(FIRST if c.random() < 0.9 else self.day(), None)]
        found += [self.policy(self.day(), None) for _ in range(c.choice([0, 0, 1, 1, 2]))]
        found += [self.policy(self.day(), c.choice(PATHWAYS)) for _ in range(c.choice([0, 0, 0, 1, 2]))]
        return found

    def completions(self, hired: date, rule: Policy) -> list[CompletionFact]:
        """One after the other, at the days that matter of the one before."""
        c, found = self.chance, list[CompletionFact]()
        day = hired + timedelta(days=c.choice([-900, -400, -30, 0, 5, 28, 29, 60]))
        for number in range(c.choice([0, 1, 1, 2, 3, 4])):
            kind = c.choice(["initial", "refresher", "refresher", "refresher", "imported"]) if number else (
                c.choice(["initial", "initial", "imported", "refresher"]))  # fmt: skip
            ends = c.choice([1, 30, 200, 365, 366, 731, 1096])
            until = day + timedelta(days=ends) if kind == "imported" and c.random() < 0.5 else None
            recorded = day + timedelta(days=self.delay(400))
            revoked = recorded + timedelta(days=c.randrange(800)) if c.random() < 0.15 else None
            found.append(CompletionFact(day, recorded, kind, until, revoked))
            around = c.choice([-rule.window_days, 0, 0, 30 * rule.lapse_months, -120, 500]) + c.choice([-1, 0, 0, 1, 5])
            day += timedelta(days=max(1, 30 * rule.period_months + c.choice([0, 5, 6]) + around))
            if c.random() < 0.1:
                day = max(day, c.choice(TRAPS))
        return found

    def person(self, rule: Policy) -> CertificationFacts:
        c = self.chance
        hired = c.choice(TRAPS[:5]) if c.random() < 0.2 else FIRST + timedelta(days=c.randrange(-300, 1800))
        stays = [EmploymentFact(hired, None if c.random() < 0.8 else hired + timedelta(days=c.randrange(-1, 1500)),
                            None if c.random() < 0.9 else self.day())]  # fmt: skip
        if stays[0].end is not None and c.random() < 0.6:
            stays.append(EmploymentFact(stays[0].end + timedelta(days=c.choice([1, 2, 90, 400]))))
        reasons = [Requirement(hired, None if c.random() < 0.9 else self.day(), "staff",
                               None if c.random() < 0.9 else self.day())]  # fmt: skip
        if c.random() < 0.2:
            reasons.append(Requirement(self.day(), None, "volunteer"))
        done = self.completions(hired, rule)
        near = [one.day for one in done] or [hired]
        extensions, pauses = [], []
        for _ in range(c.choice([0, 0, 0, 1, 2])):
            told = c.choice(near) + timedelta(days=c.choice([10, 300, 364, 380, 700, 731, 744, 800]))
            gone = told + timedelta(days=c.randrange(300)) if c.random() < 0.2 else None
            extensions.append(Extension(told, told + timedelta(days=c.choice([2, 14, 60, 200, 365])), "ill", gone))
        for _ in range(c.choice([0, 0, 0, 1, 2])):
            away = c.choice(near) + timedelta(days=c.choice([10, 300, 364, 380, 700]))
            back = None if c.random() < 0.2 else away + timedelta(days=c.choice([-1, 0, 30, 200, 400]))
            noted = away + timedelta(days=c.choice([-60, 0, 0, 40])) if c.random() < 0.6 else None
            pauses.append(Pause(away, back, c.choice([0, 7, 14, 21]), "leave", noted))
        begun = [
            StartFact(c.choice(near) + timedelta(days=c.choice([1, 300, 350, 400, 900])))
            for _ in range(c.choice([0, 0, 1]))
        ]
        ways = [PathwayFact(self.day(), c.choice(PATHWAYS)) for _ in range(c.choice([0, 0, 1, 2]))]
        return CertificationFacts(
            tuple(stays), tuple(reasons), tuple(done), tuple(extensions), tuple(pauses), tuple(begun), tuple(ways)
        )

    def moment(self, facts: CertificationFacts) -> date:
        """A day to look at: any, or one next to something that happened."""
        c = self.chance
        marks: list[date] = [one.day for one in facts.completions] + [one.recorded for one in facts.extensions]
        marks += [one.since for one in facts.pauses] + [one.since for one in facts.pathways]
        marks += [one.until for one in facts.extensions]
        if not marks or c.random() < 0.15:
            return self.day() + timedelta(days=c.choice([0, 365]))
        return c.choice(marks) + timedelta(
            days=c.choice([-1, 0, 1, 6, 7, 8, 120, 300, 305, 320, 340, 355, 365, 366, 367, 372, 731, 735])
        )

    def next(self) -> tuple[CertificationFacts, list[Policy], date]:
        rules = self.policies()
        facts = self.person(rules[0])
        return facts, rules, self.moment(facts)
