"""Signed links: each kind reads its own tokens, those of earlier releases too, and no other."""

from __future__ import annotations

import pytest

from course.signed_links import BoosterLink, CertificateLink, MailChoiceLink, SignedLink, read_link, sign_link
from tests.conftest import SECRET

# Made by release 0.4 with the secret of the tests.
OLD_TOKENS: list[tuple[str, SignedLink]] = [
    ("Nw.83zSlSmbD8mUX9FCWXmlqnYzySM", CertificateLink(7)),
    ("WzcsMl0.b2Hp6Sd5Nj03s7RlTcK0H2dqmwk", CertificateLink(7, 2)),
    ("WzcsIm1hbmFnZXItZGlnZXN0Il0.dW0yeZPtMJgd_sxKGqGvYTXsx7Q", MailChoiceLink(7, "manager-digest")),
    ("WzcsImJvb3N0ZXIiXQ.wxxtbsPzfB4ZPMGwBhExMNRNkmw", MailChoiceLink(7, "booster")),
    ("WzcsInJlcG9ydCJd.hcWI6YNo9tNo0HlJzIAb4v0-PAU", MailChoiceLink(7, "report")),
    ("MTIzNA.nO63PNqYE58I9iavV_RbZiQKKpI", BoosterLink(1234)),
]
KINDS: tuple[type[SignedLink], ...] = (CertificateLink, MailChoiceLink, BoosterLink)


@pytest.mark.parametrize(("token", "link"), OLD_TOKENS)
def test_a_link_in_an_old_mail_or_file_still_works_and_is_made_the_same(token: str, link: SignedLink) -> None:
    assert read_link(type(link), token, SECRET) == link
    assert sign_link(link, SECRET) == token


@pytest.mark.parametrize(("token", "link"), OLD_TOKENS)
def test_a_token_is_read_neither_as_another_kind_nor_with_another_secret_nor_changed(
    token: str, link: SignedLink
) -> None:
    assert [read_link(kind, token, SECRET) for kind in KINDS if kind is not type(link)] == [None, None]
    assert read_link(type(link), token, "x" * 40) is None
    assert read_link(type(link), f"x{token}", SECRET) is None
    assert read_link(type(link), token.partition(".")[0], SECRET) is None


def test_the_link_of_a_booster_says_whose_it_is() -> None:
    token = sign_link(BoosterLink(1234, 7), SECRET)
    assert token == "WzEyMzQsN10.-Qar8-9YtCbLpv3-5dh7o0Fd7_M"
    assert read_link(BoosterLink, token, SECRET) == BoosterLink(1234, 7)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [None, "seven", [7], [7, 2, 1], ["7", "report"], {"person": 7}])
def test_signed_content_of_another_form_is_no_link(kind: type[SignedLink], content: object) -> None:
    assert kind.from_content(content) is None
