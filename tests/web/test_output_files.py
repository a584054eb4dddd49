"""The files that commands write: whole and for their owner only, or not there."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click import ClickException

from course.web.files import write_new_file
from tests.support.served import ROOT

# A file may have 1,000 bytes, as on a disk with no more room.
FULL = """
import resource, sys
from pathlib import Path
from course.web.files import write_new_file
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_new_file(Path(sys.argv[1]), bytes(5000))
except Exception as error:
    print(error.message)
"""


def test_a_file_is_its_owners_and_takes_the_place_of_no_other(tmp_path: Path) -> None:
    file = tmp_path / "report.csv"
    write_new_file(file, b"all of it")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(ClickException, match="cannot be written"):
        write_new_file(file, b"another one")
    assert file.read_bytes() == b"all of it"


def test_where_there_is_no_room_for_a_file_no_half_of_it_is_left(tmp_path: Path) -> None:
    """It would be taken for the whole, and the command, given once more, would not replace it."""
    file = tmp_path / "report.csv"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(file)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == f"{file} cannot be written: File too large.\n"
    assert not file.exists()
