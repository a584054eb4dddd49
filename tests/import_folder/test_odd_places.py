"""Files with odd names in the import folder, and a folder that cannot even be looked at: nothing else waits for them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask

from tests.import_folder.test_folder import FOUR, outcomes, people, prepare, row, there


@pytest.fixture
def folder(archived_app: Flask, tmp_path: Path) -> Path:
    return prepare(archived_app, tmp_path / "lists")


def test_names_that_are_no_text_or_very_long_keep_no_list_waiting(archived_app: Flask, folder: Path) -> None:
    """An old system writes names in Latin-1, where “ä” is one byte that is no UTF-8."""
    for name, text in ((b"m\xe4rz.doc", "x"), (b"mitarbeiter m\xe4rz.csv", FOUR), (b"staff.csv", FOUR + row("Ed"))):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text(text)
    (folder / f"zaměstnanci {'ě' * 100}.csv").write_text(FOUR + row("Ed") + row("Flo"))
    found = outcomes(archived_app)
    assert found[:3] == [("mitarbeiter m\ufffdrz.csv", "apply"), ("m\ufffdrz.doc", "refuse"), ("staff.csv", "apply")]
    assert [outcome for _name, outcome in found[3:]] == ["apply"]
    assert people(archived_app) == ["Ann", "Bo", "Cy", "Di", "Ed", "Flo"]
    assert there(folder) == []
    assert outcomes(archived_app) == []
