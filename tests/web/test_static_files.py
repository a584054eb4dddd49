"""Static files: their addresses, how long browsers keep them, and what is sent."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from flask import Flask

from course.web.static_files import compressed_copy, content_hash


def asset_url(app: Flask, name: str) -> str:
    """The address that a template writes for a static file."""
    return app.jinja_env.from_string("{{ asset(name) }}").render(name=name)


FOLDER = Path(__file__).parents[2] / "course" / "static"


def test_a_static_file_may_be_kept_for_ever_and_carries_the_security_headers(app: Flask) -> None:
    address = asset_url(app, "site.css")
    response = app.test_client().get(address)
    assert response.status_code == 200
    assert response.data == (FOLDER / "site.css").read_bytes()
    assert content_hash(FOLDER) in address
    assert "immutable" in response.headers["Cache-Control"]
    assert "public" in response.headers["Cache-Control"]
    assert response.mimetype == "text/css"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("name", ["site.css", "js/unsaved.js", "js/order.js"])
def test_a_browser_that_can_read_gzip_gets_less(app: Flask, name: str) -> None:
    address = asset_url(app, name)
    response = app.test_client().get(address, headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(response.data) == (FOLDER / name).read_bytes()
    assert len(response.data) < (FOLDER / name).stat().st_size / 1.5


@pytest.mark.parametrize("path", ["/static/site.css", "/static/0000000000/site.css", "/static/../app.py", "/static/"])
def test_no_other_address_leads_to_a_file(app: Flask, path: str) -> None:
    assert app.test_client().get(path).status_code == 404


def test_a_name_that_is_no_file_is_a_mistake_in_the_template(app: Flask) -> None:
    with pytest.raises(KeyError):
        asset_url(app, "js/mistyped.js")


def test_the_hash_changes_with_the_content_and_the_name_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "site.css"
    hashes = []
    for content in ("a {}", "b {}"):
        file.write_text(content)
        hashes.append(content_hash(tmp_path))
    file.rename(tmp_path / "other.css")
    hashes.append(content_hash(tmp_path))
    assert len(set(hashes)) == 3


def test_files_are_compressed_once_and_served_as_they_are_where_nothing_can_be_written(tmp_path: Path) -> None:
    target = tmp_path / "instance" / "static" / "1a2b3c"
    assert compressed_copy(FOLDER, target) == target
    assert (target / "site.css.gz").is_file()
    before = (target / "site.css.gz").stat().st_mtime_ns
    assert compressed_copy(FOLDER, target) == target
    assert (target / "site.css.gz").stat().st_mtime_ns == before
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert compressed_copy(FOLDER, blocked / "static" / "1a2b3c") == FOLDER
