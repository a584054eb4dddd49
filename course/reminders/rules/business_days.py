"""Business days and sending hours: when mail may leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from course.content.schema import Nation
from course.reminders.rules.policy import ReminderPolicy

_SUBDIVISIONS: dict[Nation, str] = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern-ireland": "NIR"}
_ONE_DAY = timedelta(days=1)


@cache
def bank_holidays(nation: Nation, year: int) -> frozenset[date]:
    """The bank holidays of a nation in a year, with their substitute days."""
    import holidays  # noqa: PLC0415 (it takes long to load, and few who start need it)

    return frozenset(holidays.country_holidays("GB", subdiv=_SUBDIVISIONS[nation], years=year))


@dataclass(frozen=True)
class SendingHours:
    """The hours in which mail may leave, in an organisation of this nation and time zone (an IANA name)."""

    policy: ReminderPolicy
    nation: Nation
    zone: str

    def is_business_day(self, day: date) -> bool:
        """Whether a day is neither on a weekend, nor a bank holiday, nor in a closure."""
        return (
            day.weekday() < 5
            and day not in bank_holidays(self.nation, day.year)
            and not any(first <= day <= last for first, last in self.policy.closed)
        )

    def next_business_day(self, day: date) -> date:
        """The first business day on that day or after it."""
        while not self.is_business_day(day):
            day += _ONE_DAY
        return day

    def previous_business_day(self, day: date) -> date:
        """The last business day on that day or before it."""
        while not self.is_business_day(day):
            day -= _ONE_DAY
        return day

    def next_sending_time(self, at: datetime) -> datetime:
        """The first moment from `at` on at which mail may leave: `at` itself, or the opening of a business day."""
        local = at.astimezone(ZoneInfo(self.zone))
        day = self.next_business_day(local.date() + _ONE_DAY if local.hour >= self.policy.closes else local.date())
        if day == local.date() and local.hour >= self.policy.opens:
            return at
        return self.opening(day).astimezone(at.tzinfo)

    def opening(self, day: date) -> datetime:
        """The moment at which mail may leave on a business day."""
        return datetime.combine(day, time(self.policy.opens), ZoneInfo(self.zone))


@dataclass(frozen=True)
class HoursOfPeople:
    """The hours in which mail to each person may leave: those of the organisation (`usual`), with the nation of the person's
    site where that is known in `nations`, by person id."""

    usual: SendingHours
    nations: Mapping[int, Nation] = field(default_factory=dict)

    def of(self, person_id: int | None) -> SendingHours:
        """The hours of one person."""
        nation = self.nations.get(person_id) if person_id is not None else None
        return self.usual if nation is None or nation == self.usual.nation else replace(self.usual, nation=nation)

    def distinct(self) -> list[SendingHours]:
        """The hours of each nation in which somebody is, those of the organisation first."""
        others = sorted(set(self.nations.values()) - {self.usual.nation})
        return [self.usual, *(replace(self.usual, nation=nation) for nation in others)]
