"""The rows that reports read say at every moment what the facts say, and what cannot be said at once is said to be late."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from course.clock import now
from course.context import make_context
from course.dates import civil_date
from course.learning.actions import record_page_read
from course.learning.models import Enrolment
from course.organisation.models import Organisation
from course.people.actions import end_employment, merge_people
from course.people.models import Membership, Person
from course.recertification.actions import record_policy
from course.recertification.models import RenewalPolicy
from course.recertification.rules.policy import Policy
from course.reports.rules import StatusLine, completion_report, ReportFilter, sort_lines, team_summaries
from course.reports.status_cache import StatusCache
from course.standings import jobs
from course.standings.actions import drop_standings
from course.standings.jobs import catch_up, check_standings, refresh_standings
from course.standings.models import PersonStatus, StandingChange, StandingCount, StandingsMark
from course.standings.queries.rows import all_standings, counted_cells, standings_number, standings_page
from course.standings.rules import StandingsFilter
from course.web.unit_of_work import unit_of_work
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.refreshers.makers import complete, make_completed
from tests.support.racing import at_once

pytestmark = pytest.mark.both_engines
ZONE = "Europe/London"
PAST = now() - timedelta(days=500)
