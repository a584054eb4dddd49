"""The image and the compose file: their syntax, every path and setting in them, and that what the image holds is enough.

Building needs podman, buildah or docker. Where one of them answers, the image is built too.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from app import CLI_COMMANDS
from config import SETTING_NAMES
from course.server.commands import STOP_SECONDS
from tests.conftest import SECRET

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy" / "Containerfile"
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
INSTRUCTIONS = {"FROM", "RUN", "WORKDIR", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "CMD"}
BUILDERS = ("podman", "buildah", "docker")


def steps() -> list[tuple[str, str]]:
    """The instructions, with their lines joined and without comments."""
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def only(word: str) -> str:
    """What follows an instruction that stands once."""
    [rest] = [rest for name, rest in steps() if name == word]
    return rest


def copied() -> list[tuple[Path, str]]:
    """Each file and folder that the image holds, and its place below the working directory."""
    found = []
    for name, rest in steps():
        if name == "COPY":
            *sources, target = shlex.split(rest)
            found += [(ROOT / one, one if target == "./" else target) for one in sources]
    return found


def test_the_file_consists_of_instructions_in_a_good_order() -> None:
    names = [name for name, _ in steps()]
    assert set(names) <= INSTRUCTIONS
    assert names[0] == "FROM"
    # What seldom changes comes first, so that a new version of the program installs nothing anew.
    assert names.index("RUN") < [rest for _, rest in steps()].index("requirements.txt ./")
    installs = next(i for i, (_, rest) in enumerate(steps()) if rest.startswith("pip install"))
    assert installs < [rest for _, rest in steps()].index("course ./course")


def test_every_path_is_there_and_nothing_secret_is_copied() -> None:
    assert {one.name for one, _ in copied()} == {
        "requirements.txt", "app.py", "config.py", "pyproject.toml", "course", "migrations", "modules"
    }  # fmt: skip
    for source, target in copied():
        assert source.exists(), source
        assert target.lstrip("./") == source.name


def test_the_image_serves_as_a_user_of_its_own_on_the_port_that_it_names_and_says_whether_it_is_well() -> None:
    assert only("WORKDIR") == "/srv/course"
    assert only("USER") == "course"
    environment = dict(pair.split("=") for pair in shlex.split(only("ENV")))
    assert environment["PORT"] == only("EXPOSE")
    assert set(environment) - {"PYTHONUNBUFFERED"} <= set(SETTING_NAMES)
    assert f"http://127.0.0.1:{only('EXPOSE')}/health/live" in only("HEALTHCHECK")
    program, command = json.loads(only("CMD"))
    assert (program, command in {str(one.name) for one in CLI_COMMANDS}) == ("flask", True)
    assert set(json.loads(only("VOLUME"))) == {"/srv/course/instance", "/srv/backups"}


def test_the_program_starts_with_only_what_the_image_holds(tmp_path: Path) -> None:
    for source, target in copied():
        if source.is_dir():
            shutil.copytree(source, tmp_path / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / target)
    database = tmp_path / "instance" / "course.db"
    database.parent.mkdir()
    environ = {"PATH": os.environ["PATH"], "SECRET_KEY": SECRET, "DATABASE_URL": f"sqlite:///{database}"}
    flask = Path(sys.executable).with_name("flask")
    done = subprocess.run(
        [str(flask), "mail", "send"], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip
    # Reached the database, which is not there yet: nothing else was missing.
    assert "database" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr, done.stderr
    health = json.loads(only("HEALTHCHECK").partition("CMD ")[2])
    probe = subprocess.run([sys.executable, *health[1:]], capture_output=True, text=True, timeout=30, check=False)
    assert ("URLError" in probe.stderr) == (probe.returncode != 0), probe.stderr


def test_the_compose_file_is_whole() -> None:
    services = COMPOSE["services"]
    course = services["course"]
    context = (ROOT / "deploy" / course["build"]["context"]).resolve()
    assert context / course["build"]["dockerfile"] == FILE
    assert set(course["environment"]) <= set(SETTING_NAMES)
    assert int(course["stop_grace_period"].rstrip("s")) > STOP_SECONDS + 10
    mounted = {volume.partition(":")[0] for one in services.values() for volume in one["volumes"]}
    assert {name for name in mounted if "/" not in name} == set(COMPOSE["volumes"])
    assert [(ROOT / "deploy" / name).is_file() for name in mounted if "/" in name] == [True]
    assert {volume.partition(":")[2] for volume in course["volumes"]} == set(json.loads(only("VOLUME")))
    for one in services.values():
        depends = one.get("depends_on", ())
        assert set(depends) <= set(services)
    assert "ports" not in course, "only the proxy is reached from outside"
    proxy = services["proxy"]["environment"]
    assert proxy["COURSE_ADDRESS"] == f"course:{only('EXPOSE')}"
    assert all(f"{{${name}:" in (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8") for name in proxy)
    # pg_dump must be as new as the server.
    [client] = re.findall(r"postgresql-client-(\d+)", FILE.read_text(encoding="utf-8"))
    assert services["database"]["image"].endswith(f"postgres:{client}")


def test_every_value_that_the_compose_file_asks_for_is_explained_at_its_head() -> None:
    words = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+):\?\}", words))
    assert asked == set(re.findall(r"^#   (\w+)=", words, re.MULTILINE))


def test_the_image_is_built_where_something_builds_images() -> None:
    for builder in filter(shutil.which, BUILDERS):
        if subprocess.run([builder, "info"], capture_output=True, check=False).returncode:
            continue  # a client without its server
        command = [builder, "build", "-f", str(FILE), "-t", "course-tests", str(ROOT)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:]
