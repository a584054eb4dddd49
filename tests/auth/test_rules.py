"""Rules for passwords, rate limits and local addresses, without a database."""

from __future__ import annotations

import pytest

from course.auth.rules import attempt_key, local_path, network_prefix, normalise_password

EMAIL, NAME = "sam.okafor@example.org", "Sam Okafor"


def test_an_accent_is_the_same_however_the_keyboard_makes_it() -> None:
    assert normalise_password("cafe\u0301 au lait") == normalise_password("caf\u00e9 au lait")


@pytest.mark.parametrize(
    "path", ["/", "/record", "/module/secret-contact?step=2", "/a#b", "/with%0Aescape", "/x?next=//evil.example"]
)
def test_a_path_of_the_course_is_followed(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None, "", "record", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
        "https://evil.example", "javascript:alert(1)", " /record", "/\t/evil.example", "/a\nb", "/\x00",
        "/" + "a" * 3000, "/\u2028x",
    ],
)  # fmt: skip
def test_any_other_address_leads_to_the_start_page(path: str | None) -> None:
    assert local_path(path) == "/"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        (None, "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_addresses_of_one_network_have_one_prefix(address: str | None, expected: str) -> None:
    assert network_prefix(address) == expected


def test_a_key_hides_the_address_and_depends_on_the_secret() -> None:
    key = attempt_key("secret", "sign-in", EMAIL)
    assert EMAIL not in key
    assert len(key) == 64
    assert key not in (attempt_key("other", "sign-in", EMAIL), attempt_key("secret", "link", EMAIL))
