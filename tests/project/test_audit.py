"""`make audit`: what the tools say is read as it is meant, and the list of what is shipped is complete."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.audit import (
    SHIPPED,
    Finding,
    add_licences,
    gaps,
    pinned,
    read_npm_audit,
    read_pip_audit,
    report,
)
from tests.support.licences import licence, required


def _listed(file: Path) -> dict[str, Any]:
    """A list as cyclonedx-py makes it of a file of requirements: hashes stand with the distribution, licences nowhere."""
    components = [
        {"name": name, "version": version, "description": "requirements line 3", "externalReferences": [
            {"type": "distribution", "hashes": [{"alg": "SHA-256", "content": one} for one in sorted(hashes)]}]}
        for (name, version), hashes in pinned(file).items()
    ]  # fmt: skip
    return {"bomFormat": "CycloneDX", "components": components}


def test_every_package_that_is_shipped_is_listed_with_hashes_and_licence() -> None:
    packages = pinned(SHIPPED)
    assert {name for name, _version in packages} == set(required(SHIPPED))
    assert len(packages) > 60
    assert all(packages.values())
    complete = add_licences(_listed(SHIPPED), {name: licence(name) for name, _version in packages})
    assert gaps(complete, packages) == []
    entries = {one["name"]: one["licenses"] for one in complete["components"]}
    assert entries["flask-wtf"] == [{"license": {"name": "BSD License"}}]
    assert entries["alembic"] == [{"expression": "MIT"}]
    assert entries["cryptography"] == [{"expression": "Apache-2.0 OR BSD-3-Clause"}]
    assert not [one for one in complete["components"] if "description" in one]


def test_what_the_list_lacks_is_named(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    first, second = "a" * 64, "b" * 64
    file.write_text(
        f"# a comment\nOne[extra]==1.0 ; python_version < '4' \\\n    --hash=sha256:{first} \\\n    --hash=sha256:{second}\n"
        f"    # via two\ntwo==2.0 \\\n    --hash=sha256:{first}\nthree==3.0\n"
    )
    packages = pinned(file)
    assert packages == {("one", "1.0"): {first, second}, ("two", "2.0"): {first}, ("three", "3.0"): set()}
    listed = _listed(file)
    listed["components"][0]["externalReferences"][0]["hashes"].pop()
    listed["components"].pop(1)
    assert gaps(add_licences(listed, {"one": "MIT"}), packages) == [
        "one 1.0 has not all of its hashes", "three 3.0 has not all of its hashes", "three 3.0 has no licence",
        "two 2.0 is missing",
    ]  # fmt: skip


FOUND = {"name": "one", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
FINE = {"name": "two", "version": "2.0", "vulns": []}
SKIPPED = {"name": "three", "skip_reason": "Dependency not found on PyPI and could not be audited"}
NPM_FOUND = {"one": {"severity": "high", "range": "<2", "via": [{"title": "It leaks"}, "two"]}}


@pytest.mark.parametrize(
    ("reader", "output", "advisories", "is_known"),
    [
        (read_pip_audit, json.dumps({"dependencies": [FINE]}), [], True),
        (read_pip_audit, json.dumps({"dependencies": [FOUND, FINE]}), ["one 1.0: PYSEC-1, put right in 1.1"], True),
        (read_pip_audit, json.dumps({"dependencies": [FINE, SKIPPED]}), [], False),
        (read_pip_audit, json.dumps({"dependencies": [FOUND, SKIPPED]}), ["one 1.0: PYSEC-1, put right in 1.1"], False),
        (read_pip_audit, json.dumps({"dependencies": []}), [], False),
        (read_pip_audit, "", [], False),
        (read_npm_audit, json.dumps({"vulnerabilities": {}}), [], True),
        (read_npm_audit, json.dumps({"vulnerabilities": NPM_FOUND}), ["one <2: high, It leaks"], True),
        (read_npm_audit, json.dumps({"message": "request failed", "error": {}}), [], False),
        (read_npm_audit, "npm error", [], False),
    ],
)  # fmt: skip
def test_what_was_not_checked_is_not_taken_for_fine(
    reader: Any, output: str, advisories: list[str], is_known: bool
) -> None:
    found = reader("file", output)
    assert found.advisories == advisories
    assert (found.unknown == "") is is_known


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ([Finding("a"), Finding("b")], 0),
        ([Finding("a", ["one"]), Finding("b", [], "away")], 1),
        ([Finding("a", [], "away"), Finding("b", ["one"])], 1),
        ([Finding("a", [], "away"), Finding("b")], 2),
    ],
)
def test_the_status_says_whether_it_is_fine_bad_or_not_known(
    findings: list[Finding], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(findings) == status
    assert ("NOT CHECKED" in capsys.readouterr().out) is any(one.unknown for one in findings)
