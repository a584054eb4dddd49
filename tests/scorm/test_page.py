"""The page for administrators, and what it gives them."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

import pytest
from sqlalchemy.orm import Session

from tests.makers import make_person, sign_in
from tests.pages import Client

ASKED = {"scorm": "2004", "pathway": "clubs", "nation": "wales", "module": "new-partners"}


def address(**values: str) -> str:
    return "/system/scorm?" + "&".join(f"{name}={value}" for name, value in (ASKED | values).items())


def test_an_administrator_gets_the_package_that_the_form_names(session: Session, client: Client) -> None:
    person = make_person(session, role="administrator", name="Ada Rees")
    sign_in(client, person)
    shown = client.get("/system/scorm")
    assert "Anyone who opens the file can read the answer to every question" in shown.text
    page = shown.html
    for field, value in ASKED.items():
        assert re.search(rf'name="{field}".*?value="{value}"', page, re.DOTALL), field
    made = client.get(address())
    assert made.headers["Content-Type"] == "application/zip"
    assert made.headers["Content-Disposition"] == 'attachment; filename="scorm-2004-clubs-wales-new-partners.zip"'
    assert made.headers["Cache-Control"] == "no-store"
    archive = zipfile.ZipFile(BytesIO(made.body))
    assert b"2004 4th Edition" in archive.read("imsmanifest.xml")
    # Whoever made it is nowhere in it, nor anything of their session.
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert not [
        word for word in (b"Ada Rees", str(person.email).encode(), b"csrf", b"data-owner") if word in everything
    ]


@pytest.mark.parametrize("wrong", [{"scorm": "1.3"}, {"pathway": "zoo"}, {"nation": "france"}, {"module": "none"}])
def test_what_is_no_package_is_not_found(session: Session, client: Client, wrong: dict[str, str]) -> None:
    sign_in(client, make_person(session, role="administrator"))
    client.get(address(**wrong), 404)


def test_only_administrators_get_packages(session: Session, client: Client) -> None:
    for role in ("learner", "manager"):
        sign_in(client, make_person(session, role=role, email=f"{role}@example.org"))
        for path in ("/system/scorm", address()):
            assert client.get(path, 403).status == 403
