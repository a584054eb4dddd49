"""The system packages that the tests need: what is missing is named first, and then installed in one go.

Each helper that needs one still looks for it, and installs it, by itself, when a test is run alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.support import fake_time
from tests.support.chromium import HEADLESS_SHELL
from tests.support.postgres import apt_install, find_binaries, keep_debian_from_making_a_cluster, root_prefix
from tests.support.verapdf import DEBIAN_JARS, JAXB

SYSTEM_FOLDERS = "/usr/sbin:/sbin:/usr/local/sbin"  # not on everybody's PATH
# Debian's packages ask this file whether their services may be started.
START_POLICY = Path("/usr/sbin/policy-rc.d")


def find_program(name: str) -> str | None:
    """The path of a program, also of one for administrators; None if the machine does not have it."""
    return shutil.which(name) or shutil.which(name, path=SYSTEM_FOLDERS)


def _is_there(name: str) -> bool:
    return find_program(name) is not None


def find_or_install(name: str, package: str = "") -> str:
    """The path of a program; `package` is Debian's name if it is another. Raises RuntimeError if it is not to be had."""
    found = find_program(name)
    if found is None:
        with services_stay_stopped():
            apt_install(package or name)
        found = find_program(name)
    if found is None:
        raise RuntimeError(f"apt-get installed {package or name}, but there is no program {name}.")
    return found


@contextmanager
def services_stay_stopped() -> Iterator[None]:
    """Inside, packages that are installed start no services: a test wants the program, not a web server on this machine.

    Does nothing where it may not, or where somebody has already decided.
    """
    prefix = root_prefix()
    if prefix is None or START_POLICY.exists():
        yield
        return
    command = [*prefix, "install", "-m", "755", "/dev/stdin", str(START_POLICY)]
    subprocess.run(command, input=b"#!/bin/sh\nexit 101\n", capture_output=True, check=False)
    try:
        yield
    finally:
        subprocess.run([*prefix, "rm", "-f", str(START_POLICY)], capture_output=True, check=False)


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
    ("signing in with SAML", ("xmlsec1",), partial(_is_there, "xmlsec1")),
    ("checks of the units of deploy/", ("systemd",), lambda: find_program("systemd-analyze") is not None),
    *(
        (f"trying deploy/ with {name}", (name,), partial(_is_there, name))
        for name in ("nginx", "caddy", "haproxy", "pgbouncer")
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
        with services_stay_stopped():
            apt_install(*names)
    except RuntimeError as error:
        print(f"{error}\nThe tests that need them will fail, and say what to do.", flush=True)
