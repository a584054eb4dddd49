"""The facts of recertification: policy versions, extensions, pauses and earlier certificates. Rows are added and never
changed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from course.certificates.rules import is_number
from course.db import Base, UtcDateTime
from course.translation import lazy_gettext as _

# The reason that is stored with a certificate that a second entry of the person held. It is shown, and compared.
MERGE_REASON = _("From a second entry of the same person")


class RenewalPolicy(Base):
    """One version of the recertification policy (see rules/policy.py), for one pathway or, without a pathway, for
    everybody."""

    __tablename__ = "renewal_policy"

    id: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[date] = mapped_column(Date)
    recorded: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(20))
    period_months: Mapped[int]
    window_days: Mapped[int]
    lapse_months: Mapped[int]
    starter_days: Mapped[int]
    minimum_days: Mapped[int]
    fixed_day: Mapped[int]
    fixed_month: Mapped[int]
    minimum_months: Mapped[int]
    import_age_months: Mapped[int | None]
    progress_months: Mapped[int]
    applies: Mapped[str] = mapped_column(String(30))
    pathway: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("kind in ('anniversary', 'fixed') or (kind = 'general' and pathway is not null)", name="kind"),
    )


class RenewalExtension(Base):
    """An extension for one person. A row with `withdrawn` withdraws the extension with the same day, end and reason;
    `withdrawn_reason` says why."""

    __tablename__ = "renewal_extension"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    recorded: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    withdrawn: Mapped[date | None] = mapped_column(Date)
    withdrawn_reason: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RenewalPause(Base):
    """A pause of recertification: a long leave of one person. A later correction of its end is another row with the
    same first day."""

    __tablename__ = "renewal_pause"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    recorded: Mapped[date] = mapped_column(Date)
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    re_enter_days: Mapped[int]
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RenewalImport(Base):
    """A certificate of this course from elsewhere. `day` is the day of the completion, `valid_until` the last valid day
    if the certificate states one, `kind` the completed course, `proof` a signed document if there is one.

    A row with `withdrawn` withdraws the certificate of the same day and last valid day. Such a row is recorded on the
    day of the withdrawal, and its `reason` says why.
    """

    __tablename__ = "renewal_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    recorded: Mapped[date] = mapped_column(Date)
    day: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    issuer: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    proof: Mapped[str | None] = mapped_column(Text)
    withdrawn: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("kind in ('initial', 'refresher')", name="kind"),)

    @property
    def is_merged(self) -> bool:
        """Whether the certificate counted for a second entry of the person."""
        return self.reason == MERGE_REASON

    @property
    def is_own(self) -> bool:
        """Whether a second entry of the person held it and it was issued here: its number follows the issuer."""
        return self.is_merged and is_number(self.issuer.rpartition(", ")[2])
