"""The picture of the layers in docs/architecture.md, made from the import contracts in pyproject.toml.

python -m tests.support.layers           writes the picture into the document
python -m tests.support.layers --print   only shows it
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "architecture.md"
BEGIN = "<!-- layers: written by `python -m tests.support.layers` -->"
END = "<!-- layers: end -->"
WIDTH = 46  # characters inside a box


def contracts() -> list[dict[str, Any]]:
    """The import contracts, in the order of pyproject.toml."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def picture() -> str:
    """The layers as boxes, the highest first, and the other contracts as a list; ends with a line feed."""
    layered = [contract for contract in contracts() if contract["type"] == "layers"]
    others = [contract for contract in contracts() if contract["type"] != "layers"]
    parts = [
        f"**{contract['name']}** (`{contract['containers'][0]}`)\n\n{_boxes(contract['layers'])}"
        for contract in layered
    ]
    parts.append("\n".join(_sentence(contract) for contract in others))
    return "\n\n".join(parts) + "\n"


def _boxes(layers: list[str]) -> str:
    edge = "─" * WIDTH
    rows = [f"│{_names(layer).center(WIDTH)}│" for layer in layers]
    return "\n".join(["```text", f"┌{edge}┐", *rows, f"└{edge}┘", "```"])


def _names(layer: str) -> str:
    """The packages of one layer, without the parentheses by which import-linter marks one that may be missing."""
    return "   ".join(name.strip().strip("()") for name in layer.replace(":", "|").split("|"))


def _sentence(contract: dict[str, Any]) -> str:
    if contract["type"] == "protected":
        subjects, verb, objects = (
            contract["protected_modules"],
            "may be imported only by",
            contract["allowed_importers"],
        )
    else:
        subjects, objects = contract["source_modules"], contract["forbidden_modules"]
        verb = "must not import" if contract.get("allow_indirect_imports") else "must not reach, even through others,"
    return f"- **{contract['name']}**: {_code(subjects)} {verb} {_code(objects)}."


def _code(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def with_picture(document: str) -> str:
    """The document with today's picture between the two markers. Raises ValueError if it has no markers."""
    before, _, rest = document.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{DOCUMENT} needs the two lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{picture()}\n{END}{after}"


def main() -> None:
    if "--print" in sys.argv:
        sys.stdout.write(picture())
        return
    DOCUMENT.write_text(with_picture(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
