"""Choosing what a link opens, and what goes back to the platform."""

from __future__ import annotations

from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import select
from sqlalchemy.orm import Session

from course.lti.models import LtiLink
from course.lti.rules.launch import CLAIM, DEEP_LINKING_CLAIM
from course.lti.rules.problems import LtiProblem, problem_words
from course.people.models import Person
from tests.lti.making import open_course, register, sign_in_from
from tests.lti.platform import CLIENT_ID, FakePlatform
from tests.makers import make_organisation
from tests.pages import Client, Page


def _answer(client: Client, fake: FakePlatform, page: Page) -> dict[str, Any]:
    """The claims that come to the platform, checked with the keys that the course publishes."""
    form = next(one for one in page.all("form"))
    assert form.get("action") == f"{fake.issuer}/return"
    policy = page.headers["Content-Security-Policy"]
    assert f"form-action 'self' {fake.server};" in policy
    assert policy.endswith(f"frame-ancestors {fake.server}")
    published = client.flask.get("/lti/jwks").get_json()
    assert not [key for key in published["keys"] if {"d", "p", "q"} & key.keys()]
    found = jwt.decode(page.fields()["JWT"], KeySet.import_key_set(published), algorithms=["RS256"])
    return dict(found.claims)


def test_a_teacher_chooses_a_module_whose_link_then_opens_it(
    client: Client, session: Session, fake: FakePlatform
) -> None:
    make_organisation(session)
    register(session, fake, makes_accounts=True)
    page = open_course(client, fake, **fake.content_claims())
    assert page.h1 == "Choose what the link opens"
    assert not page.errors
    choices = [one.get("value") for one in page.all("input") if one.get("name") == "course_open"]
    assert {"course", "refresher", "module:responding"} <= set(choices)
    chosen = {**page.fields(), "course_open": "module:responding", "course_pathway": "clubs", "course_nation": ""}
    claims = _answer(client, fake, Page(client.flask.post("/lti/choose", data=chosen)))
    assert (claims["iss"], claims["aud"]) == (CLIENT_ID, [fake.issuer])
    assert claims["exp"] - claims["iat"] == 300
    assert claims["nonce"]
    assert claims[f"{CLAIM}message_type"] == "LtiDeepLinkingResponse"
    assert (claims[f"{CLAIM}version"], claims[f"{CLAIM}deployment_id"]) == ("1.3.0", "1")
    assert claims[f"{DEEP_LINKING_CLAIM}data"] == "opaque-7"
    [item] = claims[f"{DEEP_LINKING_CLAIM}content_items"]
    assert (item["type"], item["url"]) == ("ltiResourceLink", "http://127.0.0.1:8000/lti/launch")
    assert item["custom"] == {"course_open": "module:responding", "course_pathway": "clubs"}
    assert item["lineItem"]["resourceId"] == "module:responding"
    # Nothing is written until somebody opens the link, and no person is made of the teacher.
    assert session.execute(select(LtiLink)).first() is None
    assert session.execute(select(Person)).first() is None
    assert sign_in_from(client, fake, custom=item["custom"]).location == "/module/responding"


def test_what_the_platform_does_not_take_is_left_out_and_what_is_made_up_is_refused(
    client: Client, session: Session, fake: FakePlatform
) -> None:
    make_organisation(session)
    register(session, fake)
    page = open_course(client, fake, **fake.content_claims(accept_lineitem=None, data=None))
    form = page.fields()
    claims = _answer(client, fake, Page(client.flask.post("/lti/choose", data=form)))
    [item] = claims[f"{DEEP_LINKING_CLAIM}content_items"]
    assert "lineItem" not in item
    assert f"{DEEP_LINKING_CLAIM}data" not in claims
    assert item["custom"] == {"course_open": "course"}
    for changed, problem in (
        ({"course_open": "module:nothing"}, LtiProblem.TARGET),
        ({"course_pathway": "pilots"}, LtiProblem.TARGET),
        ({"asked": form["asked"][:-4]}, LtiProblem.STATE),
    ):
        refused = Page(client.flask.post("/lti/choose", data={**form, **changed}))
        assert refused.status == 400
        name = "The platform" if problem == LtiProblem.STATE else "Riverside Moodle"
        assert problem_words(problem, name)[0] in refused.text
    refused = open_course(client, fake, **fake.content_claims(accept_types=["file"]))
    assert problem_words(LtiProblem.NOTHING_TO_CHOOSE, "Riverside Moodle")[0] in refused.text
