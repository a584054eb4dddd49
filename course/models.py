"""Every table of the course, for those who need all of them at once: the migrations and their test."""

from __future__ import annotations

from course.calendars.models import CalendarFeed
from course.certificates.models import Certificate
from course.content.models import ContentVersion
from course.learning.models import Enrolment
from course.mail.models import OutboxMail
from course.organisation.models import Organisation
from course.people.models import Person
from course.refreshers.models import RenewalPolicy
from course.signin.models import Credential

ALL = (
    CalendarFeed,
    Certificate,
    ContentVersion,
    Credential,
    Enrolment,
    Organisation,
    OutboxMail,
    Person,
    RenewalPolicy,
)
