"""Static files: WhiteNoise serves course/static under an address that carries a hash of its content.

The hash is of the whole folder: any change gives every file a new address, so browsers may keep each file for ever.
The parts of the style sheet (css/10-tokens.css and so on) are joined into one file, in the order of their names: a page
loads one style sheet, and each part stays short enough to be read.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from flask import Flask, current_app
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor

URL_PREFIX = "/static"
STYLE_SHEET = "css/site.css"
STYLE_PARTS = "css/[0-9]*.css"
COPY_FORMAT = b"6"  # another one where copies are made in another way: those that exist are not used then
_EXTENSION = "course.static"
_COMMENT_LINE = re.compile(r"^[ \t]*(?://.*|/\*\*.*\*/)\n", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_STYLE_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_STYLE_STRING = re.compile(r'("[^"]*")')
_STYLE_SPACE = re.compile(r"\s*([{};,>!])\s*|(?<=[\w-]:)\s+")


class _Compressor(Compressor):  # type: ignore[misc]
    """As WhiteNoise compresses, but so small as gzip can be: files are compressed once, and a phone loads them often."""

    @staticmethod
    def compress_gzip(data: bytes) -> bytes:
        """The data as gzip, a twentieth smaller than by zlib's highest level."""
        from zopfli.gzip import compress  # noqa: PLC0415 (only the first start of a version needs it)

        return bytes(compress(data, numiterations=15))


def init(app: Flask, folder: Path, compressed_folders: Path) -> None:
    """Serve the files of `folder`, and give templates `asset(name)`, `stylesheets` and `icon`.

    Compressed copies are kept under `compressed_folders`, so that starting again does not compress again.
    """
    version = content_hash(folder)
    prefix = f"{URL_PREFIX}/{version}"
    served = compressed_copy(folder, compressed_folders / version)
    names = frozenset(path.relative_to(served).as_posix() for path in _files(served))

    def asset(name: str) -> str:
        """The address of a static file. Raises KeyError for a file that does not exist."""
        if name not in names:
            raise KeyError(f"there is no static file {name}")
        return f"{prefix}/{name}"

    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        served,
        prefix,
        max_age=WhiteNoise.FOREVER,
        immutable_file_test=lambda _path, _url: True,
        allow_all_origins=False,
    )
    # Without a copy the parts could not be joined, and pages load them one by one.
    parts = sorted(path.relative_to(served).as_posix() for path in served.glob(STYLE_PARTS))
    sheets = [STYLE_SHEET] if STYLE_SHEET in names else parts
    loaded = sorted(name for name in names if name in sheets or not name.startswith("css/"))
    app.extensions[_EXTENSION] = (version, tuple(asset(name) for name in loaded))
    app.jinja_env.globals.update(asset=asset, stylesheets=[asset(name) for name in sheets], icon=asset("icon.svg"))


def joined_style_sheet(folder: Path) -> str:
    """The parts of the style sheet in a folder of static files, in the order of their names, as one text without comments
    and without the spaces that only its authors need."""
    parts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob(STYLE_PARTS))]
    return served_style("\n".join(parts))


def served_style(text: str) -> str:
    """A style sheet that says the same without comments, indents and the spaces beside signs; strings stay as they are.

    Assumes strings in double quotes without escaped quotes, and no quotes in selectors' names.
    """
    pieces = _STYLE_STRING.split(_STYLE_COMMENT.sub("", text))
    pieces[::2] = [re.sub(r"\s+", " ", _STYLE_SPACE.sub(r"\1", piece)) for piece in pieces[::2]]
    return "".join(pieces).replace(";}", "}").strip()


def served_script(text: str) -> str:
    """A script without indents and lines that are only a comment: a third of what a phone would load is for its authors."""
    return _INDENT.sub("", _COMMENT_LINE.sub("", text))


def static_version() -> str:
    """The hash that the addresses of static files carry."""
    version: str = current_app.extensions[_EXTENSION][0]
    return version


def static_addresses() -> tuple[str, ...]:
    """The addresses of the static files that pages load, compressed copies included."""
    found: tuple[str, ...] = current_app.extensions[_EXTENSION][1]
    return found


def content_hash(folder: Path) -> str:
    """Ten hexadecimal digits that change with the name or the content of any file of the folder, and with COPY_FORMAT."""
    digest = hashlib.blake2b(COPY_FORMAT, digest_size=5)
    for path in _files(folder):
        for part in (path.relative_to(folder).as_posix().encode(), path.read_bytes()):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def compressed_copy(folder: Path, target: Path) -> Path:
    """A copy of the folder with the joined style sheet, and a .gz file beside each file that becomes smaller; the folder
    itself where none can be written, and files are sent uncompressed then.

    The copy appears under its name complete: several processes may start at the same time.
    """
    if target.is_dir():
        return target
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        target.parent.parent.mkdir(mode=0o700, exist_ok=True)
        target.parent.mkdir(mode=0o755, exist_ok=True)
        shutil.copytree(folder, part)
        if sheet := joined_style_sheet(folder):
            Path(part, STYLE_SHEET).write_text(sheet, encoding="utf-8")
        for script in part.rglob("*.js"):
            script.write_text(served_script(script.read_text(encoding="utf-8")), encoding="utf-8")
        compressor = _Compressor(use_brotli=False, quiet=True)
        for path in _files(part):
            if compressor.should_compress(path.name):
                compressor.compress(str(path))
        # Nothing in the copy is secret, and another account than the one that made the copy may serve it.
        for directory, _, files in os.walk(part):
            Path(directory).chmod(0o755)
            for name in files:
                Path(directory, name).chmod(0o644)
        part.rename(target)
    except OSError:
        # Another process may have been first; or the folder is read-only.
        return target if target.is_dir() else folder
    finally:
        with suppress(OSError):
            shutil.rmtree(part)
    return target


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
