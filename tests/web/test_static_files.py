"""Static files: their addresses, how long browsers keep them, and what is sent."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from flask import Flask

from course.web import static_files
from course.web.static_files import compressed_copy, content_hash, joined_style_sheet, served_script, served_style

FOLDER = Path(__file__).parents[2] / "course" / "static"


def asset_address(app: Flask, name: str) -> str:
    """The address that templates write for a static file."""
    return app.jinja_env.from_string("{{ asset(name) }}").render(name=name)


def test_a_static_file_may_be_kept_for_ever_and_carries_the_security_headers(app: Flask) -> None:
    address = asset_address(app, "css/site.css")
    response = app.test_client().get(address)
    assert response.status_code == 200
    assert response.data.decode() == joined_style_sheet(FOLDER)
    assert content_hash(FOLDER) in address
    assert "immutable" in response.headers["Cache-Control"]
    assert "public" in response.headers["Cache-Control"]
    assert response.mimetype == "text/css"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("name", ["css/21-plain.css", "js/notes.js", "js/order.js"])
def test_a_browser_that_can_read_gzip_gets_less(app: Flask, name: str) -> None:
    address = asset_address(app, name)
    response = app.test_client().get(address, headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Vary"] == "Accept-Encoding"
    source = (FOLDER / name).read_text(encoding="utf-8")
    assert gzip.decompress(response.data).decode() == (served_script(source) if name.endswith(".js") else source)
    assert len(response.data) < (FOLDER / name).stat().st_size / 1.5


@pytest.mark.parametrize(
    "path", ["/static/css/site.css", "/static/0000000000/css/site.css", "/static/../app.py", "/static/"]
)
def test_no_other_address_leads_to_a_file(app: Flask, path: str) -> None:
    assert app.test_client().get(path).status_code == 404


def test_a_name_that_is_no_file_is_a_mistake_in_the_template(app: Flask) -> None:
    with pytest.raises(KeyError):
        asset_address(app, "js/mistyped.js")


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
    assert (target / "css/site.css.gz").is_file()
    before = (target / "css/site.css.gz").stat().st_mtime_ns
    assert compressed_copy(FOLDER, target) == target
    assert (target / "css/site.css.gz").stat().st_mtime_ns == before
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert compressed_copy(FOLDER, blocked / "static" / "1a2b3c") == FOLDER


def test_the_style_sheet_is_its_parts_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder, target = tmp_path / "files", tmp_path / "instance" / "static" / "1a2b3c"
    (folder / "css").mkdir(parents=True)
    for name, text in (("20-second.css", "b {}"), ("10-first.css", "a {}"), ("notes.css", "never {}")):
        (folder / "css" / name).write_text(text)
    compressed_copy(folder, target)
    assert (target / "css/site.css").read_text() == joined_style_sheet(folder) == "a{}b{}"


def test_spaces_for_authors_are_not_sent_with_a_style_sheet() -> None:
    style = """/* why */
    .a > b, c :is(i, u) + p { color: red; margin: 0 calc(1px + 2px) }
    @media (min-width: 4rem) and (max-width: 9rem) { a::before { content: ": {x; } "; width: 1px; } }
    """
    assert served_style(style) == (
        ".a>b,c :is(i,u) + p{color:red;margin:0 calc(1px + 2px)}"
        '@media (min-width:4rem) and (max-width:9rem){a::before{content:": {x; } ";width:1px}}'
    )


def test_comments_for_authors_are_not_sent() -> None:
    script = "// why\nrun(); // stays\n  /** what */\n  const address = 'https://example.org';\n"
    assert served_script(script) == "run(); // stays\nconst address = 'https://example.org';\n"
    assert "/*" not in joined_style_sheet(FOLDER)


def test_pages_load_the_parts_one_by_one_where_no_copy_can_be_made(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    app = Flask("course")
    static_files.init(app, FOLDER, blocked / "static")
    sheets = app.jinja_env.from_string("{{ stylesheets|join(' ') }}").render().split()
    assert [sheet.rpartition("/")[2] for sheet in sheets] == sorted(p.name for p in (FOLDER / "css").iterdir())
    response = app.test_client().get(sheets[0])
    assert response.status_code == 200
    assert "@layer reset" in response.text
