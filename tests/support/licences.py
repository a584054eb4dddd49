"""The licences of everything that the course uses and did not write, written into docs/licences.md.

python -m tests.support.licences           writes the document from the installed packages
python -m tests.support.licences --print   only shows it
"""

from __future__ import annotations

import json
import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "licences.md"
FONTS = (ROOT / "course" / "certificates" / "fonts", ROOT / "course" / "static" / "fonts")
# What the metadata of a package do not say, or what is not installed everywhere, with where it was read.
READ_ELSEWHERE = {
    "axe-playwright-python": "MIT (its LICENSE file); it carries axe-core, which is MPL-2.0",
    "pyrage": "MIT (its LICENSE file)",
    "scim2-client": "Apache-2.0 (its LICENSE file)",
    "scim2-tester": "Apache-2.0 (its LICENSE file)",
    "colorama": "BSD-3-Clause (its LICENSE file); used on Windows only",
}
# Words that a package writes for a licence, and its identifier. The identifiers are those of https://spdx.org/licenses/.
IDENTIFIERS = {
    "Apache 2.0": "Apache-2.0",
    "BSD 3-Clause license": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "MIT License": "MIT",
    "PSFL": "PSF-2.0",
    "ZPL 2.1": "ZPL-2.1",
    "Dual License": "Apache-2.0 OR BSD-3-Clause",
}
FONT_KINDS = (".ttf", ".otf", ".woff2")
LONGEST = 40  # characters; anything longer in the field is the text of a licence, not its name
DATA = (
    ("Common passwords", "`zxcvbn` (30,000 entries of its list)", "MIT, with the package"),
    ("Bank holidays of the nations", "`holidays`", "MIT, with the package"),
    ("Time zones", "`tzdata`", "Apache-2.0 for the package; the IANA data are in the public domain"),
    (
        "Terms of JSON-LD contexts",
        "`course/credentials/rules/contexts.py`",
        "our own excerpt of addresses that W3C and 1EdTech publish; nothing is copied but names",
    ),
    (
        "Facts and quotations of other bodies",
        "`modules/sources.yaml`, `modules/sources/`",
        "own words, each with its source; rights in the sources stay with their publishers",
    ),
    (
        "Fonts of certificates",
        "`typst` (Libertinus Serif), `noto-cjk-sans-otc`",
        "OFL-1.1",
    ),
    ("Pictures, icon, diagrams, text of the course", "`course/static/`, `modules/`", "made for this course"),
)


def required(file: Path) -> list[str]:
    """The names of the packages that a file of pinned requirements holds, without extras."""
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", file.read_text(encoding="utf-8"), re.MULTILINE)
    return sorted({name.lower() for name in found})


def licence(package: str) -> str:
    """The licence of an installed package by its own metadata. Raises LookupError if it says none."""
    if package in READ_ELSEWHERE:
        return READ_ELSEWHERE[package]
    said = metadata.metadata(package)
    if expression := said.get_all("License-Expression"):
        return str(expression[0])
    classes = [
        text.rpartition(" :: ")[2]
        for text in said.get_all("Classifier") or ()
        if text.startswith("License :: OSI Approved ::")
    ]
    field = str((said.get_all("License") or [""])[0]).strip()
    if field and len(field) <= LONGEST and "\n" not in field:
        return IDENTIFIERS.get(field, field)
    if not classes:
        raise LookupError(f"{package} says no licence; look into its files, and add it to READ_ELSEWHERE")
    return ", ".join(classes)


def fonts() -> list[tuple[str, str, str]]:
    """The fonts that are kept here: the file, who has the copyright, and the file of its licence."""
    found = []
    for text in sorted(text for folder in FONTS for text in folder.glob("*-OFL.txt")):
        holder = text.read_text(encoding="utf-8").splitlines()[0].removesuffix(".").partition(") ")[0]
        holder += ")" if holder.count("(") > holder.count(")") else ""
        stem = text.name.removesuffix("-OFL.txt")
        files = sorted(path for kind in FONT_KINDS for path in text.parent.glob(f"{stem}-*{kind}"))
        found += [(file.relative_to(ROOT).as_posix(), holder, text.name) for file in files]
    return found


def node_packages() -> list[tuple[str, str]]:
    """The packages from npm that tests run, with the licence that their lock files state."""
    named: dict[str, dict[str, object]] = {}
    for folder in ("credentials", "identity_providers"):
        lock = json.loads((ROOT / "tests" / folder / "npm" / "package-lock.json").read_text(encoding="utf-8"))
        named |= {path.rpartition("node_modules/")[2]: entry for path, entry in lock["packages"].items() if path}
    return sorted((name, str(entry.get("license", "not stated in the lock file"))) for name, entry in named.items())


def document() -> str:
    """The whole text of docs/licences.md."""
    course = required(ROOT / "requirements.txt")
    tests = [name for name in required(ROOT / "tests" / "requirements.txt") if name not in course]
    return f"""# Licences of others

Written by `python -m tests.support.licences` from the metadata of the installed packages; a test compares it. No licence is
chosen for the course itself yet: that is for its owner to do. What is under the LGPL or the MPL is used as it is, as packages of
their own that anybody can replace.

## What the course needs

{_table(("Package", "Licence"), [(f"`{name}`", licence(name)) for name in course])}

## What only its tests and tools need

{_table(("Package", "Licence"), [(f"`{name}`", licence(name)) for name in tests])}

From npm, run by tests of credentials and of identity providers:

{_table(("Package", "Licence"), [(f"`{name}`", text) for name, text in node_packages()])}

Chromium, PostgreSQL, OpenJDK, JAXB and Poppler are programs that tests start; they come from the system and are not part of this.

## Fonts

All are under the SIL Open Font License 1.1 (OFL-1.1), whose text is beside each.

{_table(("Font", "Copyright", "Text"), [(f"`{file}`", holder, f"`{text}`") for file, holder, text in fonts()])}

## Data

{_table(("What", "Where", "Terms"), list(DATA))}
"""


def _table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, ("---",) * len(headings), *rows))


def main() -> None:
    if "--print" in sys.argv:
        sys.stdout.write(document())
        return
    DOCUMENT.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
