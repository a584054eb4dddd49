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


class RandomLife:
    """Draws one life after another from one source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def day(self) -> date:
        if self.chance.random() < 0.25:
            return self.chance.choice(TRAPS)
        return FIRST + timedelta(days=self.chance.randrange(3650))

    def delay(self, limit: int) -> int:
        return 0 if self.chance.random() < 0.7 else self.chance.randrange(limit)

    def policy(self, since: date, pathway: str | None) -> Policy:
        chance = self.chance
        period, minimum = chance.choice([1, 6, 12, 12, 12, 24, 36]), chance.choice([3, 5, 6, 12])
        kind = chance.choice(["anniversary", "anniversary", "anniversary", "fixed", *(["general"] if pathway else [])])
        month = chance.randint(1, 12)
        longest_window = 28 * (minimum if kind == "fixed" else period) - 1
        return Policy(
            since, period, min(chance.choice([1, 14, 30, 60, 90]), longest_window), chance.choice([0, 1, 6, 12, 12, 24]),
            chance.choice([0, 14, 28, 28, 60]), chance.choice([0, 7, 7, 14, 30]), kind, chance.randint(1, 29 if month == 2 else 30),
            month, minimum, chance.choice([None, None, 12, 24, 36]), chance.choice([6, 18]),
            chance.choice(["now", "from the next renewal"]), None if chance.random() < 0.9 else self.day(), pathway,
        )  # fmt: skip

    def policies(self) -> list[Policy]:
        chance = self.chance
        versions = [self.policy(FIRST if chance.random() < 0.9 else self.day(), None)]
        versions += [self.policy(self.day(), None) for _ in range(chance.choice([0, 0, 1, 1, 2]))]
        versions += [self.policy(self.day(), chance.choice(PATHWAYS)) for _ in range(chance.choice([0, 0, 0, 1, 2]))]
        return versions

    def completions(self, hired: date, policy: Policy) -> list[CompletionFact]:
        """Completions one after the other, each near the dates that matter for the one before."""
        chance, completions = self.chance, list[CompletionFact]()
        day = hired + timedelta(days=chance.choice([-900, -400, -30, 0, 5, 28, 29, 60]))
        for number in range(chance.choice([0, 1, 1, 2, 3, 4])):
            kind = chance.choice(["initial", "refresher", "refresher", "refresher", "imported"]) if number else (
                chance.choice(["initial", "initial", "imported", "refresher"]))  # fmt: skip
            ends = chance.choice([1, 30, 200, 365, 366, 731, 1096])
            until = day + timedelta(days=ends) if kind == "imported" and chance.random() < 0.5 else None
            recorded = day + timedelta(days=self.delay(400))
            revoked = recorded + timedelta(days=chance.randrange(800)) if chance.random() < 0.15 else None
            completions.append(CompletionFact(day, recorded, kind, until, revoked))
            around = chance.choice([-policy.window_days, 0, 0, 30 * policy.lapse_months, -120, 500]) + chance.choice(
                [-1, 0, 0, 1, 5]
            )
            day += timedelta(days=max(1, 30 * policy.period_months + chance.choice([0, 5, 6]) + around))
            if chance.random() < 0.1:
                day = max(day, chance.choice(TRAPS))
        return completions

    def person(self, policy: Policy) -> CertificationFacts:
        chance = self.chance
        hired = (
            chance.choice(TRAPS[:5]) if chance.random() < 0.2 else FIRST + timedelta(days=chance.randrange(-300, 1800))
        )
        employments = [EmploymentFact(hired, None if chance.random() < 0.8 else hired + timedelta(days=chance.randrange(-1, 1500)),
                            None if chance.random() < 0.9 else self.day())]  # fmt: skip
        if employments[0].end is not None and chance.random() < 0.6:
            employments.append(EmploymentFact(employments[0].end + timedelta(days=chance.choice([1, 2, 90, 400]))))
        requirements = [Requirement(hired, None if chance.random() < 0.9 else self.day(), "staff",
                               None if chance.random() < 0.9 else self.day())]  # fmt: skip
        if chance.random() < 0.2:
            requirements.append(Requirement(self.day(), None, "volunteer"))
        completions = self.completions(hired, policy)
        days = [one.day for one in completions] or [hired]
        extensions, pauses = [], []
        for _ in range(chance.choice([0, 0, 0, 1, 2])):
            granted = chance.choice(days) + timedelta(days=chance.choice([10, 300, 364, 380, 700, 731, 744, 800]))
            withdrawn = granted + timedelta(days=chance.randrange(300)) if chance.random() < 0.2 else None
            extensions.append(
                Extension(granted, granted + timedelta(days=chance.choice([2, 14, 60, 200, 365])), "ill", withdrawn)
            )
        for _ in range(chance.choice([0, 0, 0, 1, 2])):
            first_day = chance.choice(days) + timedelta(days=chance.choice([10, 300, 364, 380, 700]))
            last_day = (
                None if chance.random() < 0.2 else first_day + timedelta(days=chance.choice([-1, 0, 30, 200, 400]))
            )
            recorded = first_day + timedelta(days=chance.choice([-60, 0, 0, 40])) if chance.random() < 0.6 else None
            pauses.append(Pause(first_day, last_day, chance.choice([0, 7, 14, 21]), "leave", recorded))
        starts = [
            StartFact(chance.choice(days) + timedelta(days=chance.choice([1, 300, 350, 400, 900])))
            for _ in range(chance.choice([0, 0, 1]))
        ]
        pathways = [PathwayFact(self.day(), chance.choice(PATHWAYS)) for _ in range(chance.choice([0, 0, 1, 2]))]
        return CertificationFacts(
            tuple(employments),
            tuple(requirements),
            tuple(completions),
            tuple(extensions),
            tuple(pauses),
            tuple(starts),
            tuple(pathways),
        )

    def moment(self, facts: CertificationFacts) -> date:
        """A day on which the status is derived: any day, or one next to a date in the facts."""
        chance = self.chance
        dates: list[date] = [one.day for one in facts.completions] + [one.recorded for one in facts.extensions]
        dates += [one.since for one in facts.pauses] + [one.since for one in facts.pathways]
        dates += [one.until for one in facts.extensions]
        if not dates or chance.random() < 0.15:
            return self.day() + timedelta(days=chance.choice([0, 365]))
        return chance.choice(dates) + timedelta(
            days=chance.choice([-1, 0, 1, 6, 7, 8, 120, 300, 305, 320, 340, 355, 365, 366, 367, 372, 731, 735])
        )

    def next(self) -> tuple[CertificationFacts, list[Policy], date]:
        policies = self.policies()
        facts = self.person(policies[0])
        return facts, policies, self.moment(facts)
