"""The system packages that the tests need: what is missing is named first, and then installed in one go.

Each helper that needs one still looks for it, and installs it, by itself, when a test is run alone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.support import fake_time
from tests.support.chromium import HEADLESS_SHELL
from tests.support.postgres import apt_install, find_binaries, keep_debian_from_making_a_cluster
from tests.support.verapdf import DEBIAN_JARS, JAXB

# What each is for, its Debian packages, and how one sees that it is there.
NEEDED: tuple[tuple[str, tuple[str, ...], Callable[[], bool]], ...] = (
    ("databases", ("postgresql",), lambda: find_binaries() is not None),
    (
        "journeys in a browser",
        (HEADLESS_SHELL, "fonts-dejavu-core", "fonts-noto-color-emoji"),
        lambda: bool(os.environ.get("CHROMIUM_PATH")) or shutil.which(HEADLESS_SHELL) is not None,
    ),
    ("clocks that are wrong", (fake_time.PACKAGE,), lambda: fake_time.find_library() is not None),
    ("reading of PDF files", ("poppler-utils",), lambda: shutil.which("pdftotext") is not None),
    ("checks of PDF/A and PDF/UA", ("default-jdk-headless",), lambda: shutil.which("javac") is not None),
    (
        "the same checks",
        ("libjaxb-java",),
        lambda: all(Path(DEBIAN_JARS / name).exists() for name in JAXB),
    ),
)


def install_missing(browser: bool = True) -> None:
    """Name what is missing, and install it; where that is not allowed, say so and leave it to whoever runs the tests."""
    missing = [row for row in NEEDED if (browser or "browser" not in row[0]) and not row[2]()]
    if not missing:
        return
    print("The tests need system packages that this machine does not have:", flush=True)
    for purpose, packages, _ in missing:
        print(f"  {', '.join(packages)}, for {purpose}", flush=True)
    print("They are installed now with apt-get.", flush=True)
    names = [name for _, packages, _ in missing for name in packages]
    try:
        if "postgresql" in names:
            keep_debian_from_making_a_cluster()
        apt_install(*names)
    except RuntimeError as error:
        print(f"{error}\nThe tests that need them will fail, and say what to do.", flush=True)
