"""Who recorded something is called in a pack as they were called on its day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from course.analytics.actions import DiscussionEntry, record_discussion
from course.clock import now
from course.context import make_context
from course.organisation.models import Organisation
from course.people.actions import correct_identity
from course.recertification.actions import add_policy_version
from course.recertification.rules import Policy
from tests.evidence.test_packs import PAST, make_pack, table
from tests.makers import make_person, make_team, sign_in
from tests.pages import Client
from tests.support.days import this_day

pytestmark = pytest.mark.both_engines


def test_who_made_a_policy_or_wrote_down_a_talk_has_the_name_of_the_day_of_the_pack(
    session: Session, client: Client
) -> None:
    boss = make_person(session, "Alex Morgan", "alex@example.org", "administrator", at=PAST)
    session.execute(update(Organisation).values(set_up_at=PAST))
    elm = make_team(session, "Elm")
    elm.opened_at = PAST
    make_person(session, "Kim Else", "kim@example.org", team=elm, at=PAST)
    then = now() - timedelta(days=10)
    assert add_policy_version(make_context(session, boss.id, then), Policy(this_day(-10), period_months=11), "shorter")
    discussion = DiscussionEntry(elm.id, "encourage-talk", "A title", this_day(-10), 5, "Ask twice.")
    assert record_discussion(make_context(session, boss.id, then), discussion) is None
    renamed = make_context(session, None, now() - timedelta(days=3))
    assert correct_identity(renamed, boss.id, "Alex Vale", "alex@example.org", None, "married") is None
    session.commit()
    sign_in(client, boss)
    for day, name in ((this_day(-5), "Alex Morgan"), (this_day(), "Alex Vale")):
        files = make_pack(client, elm.id, day)
        assert table(files, "policy.csv")[-1]["By"] == name
        assert [row["Written down by"] for row in table(files, "talks.csv")] == [name]
