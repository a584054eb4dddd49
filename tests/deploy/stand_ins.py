#!/usr/bin/env python3
"""Stands in for programs that change the machine, in the folder of tests/deploy/test_running.py.

Under the name of such a program it checks what it is asked, and does as much of it as a folder allows:

    apt-get     does nothing; each package must be one whose program is here
    useradd     notes the user
    install, chown   leave the owner as it is, who must have been made by useradd or a package
    runuser     runs the command as whoever runs the test; as postgres, on the test's own cluster
    systemctl   starts, reloads and stops what a unit of the course says, waits for its READY, and logs what it prints;
                of other services it has their own program check the configuration
    link-packages   for the line that installs packages: takes those of the test
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PREFIX = Path(os.environ["STAND_IN_PREFIX"])
STATE = PREFIX / "stand-ins"
# Each package of the document, and a program of it that this machine must have.
PACKAGES = {
    "git": "git", "python3-venv": "python3", "curl": "curl", "caddy": "caddy", "postgresql": "psql", "haproxy": "haproxy",
    "pgbouncer": "pgbouncer",
}  # fmt: skip
CHECKS = {
    "caddy": ["caddy", "validate", "--adapter", "caddyfile", "--config", f"{PREFIX}/etc/caddy/Caddyfile"],
}
WAIT_SECONDS = 180


def fail(words: str) -> None:
    sys.exit(f"stand-in for {Path(sys.argv[0]).name}: {words}")


def apt_get(arguments: list[str]) -> None:
    if arguments == ["update"]:
        return
    if arguments[:2] != ["install", "-y"]:
        fail(f"unknown: {arguments}")
    for name in arguments[2:]:
        if shutil.which(PACKAGES.get(name, "")) is None:
            fail(f"nobody knows the package {name}, or its program is not here")


def useradd(arguments: list[str]) -> None:
    if "--system" not in arguments:
        fail("a user of the system is wanted")
    with (STATE / "users").open("a") as file:
        file.write(f"{arguments[-1]}\n")


def check_owner(name: str) -> None:
    if name.rstrip(":") not in (STATE / "users").read_text().split():
        fail(f"there is no user {name}")


def install(arguments: list[str]) -> None:
    left = []
    given = iter(arguments)
    for word in given:
        if word in ("-o", "-g"):
            check_owner(next(given))
        else:
            left.append(word)
    subprocess.run(["/usr/bin/install", *left], check=True)
    made = Path(left[-1])
    if made.is_file():
        made.write_text(made.read_text().replace("/srv/", f"{PREFIX}/srv/"))


def chown(arguments: list[str]) -> None:
    check_owner(arguments[0])
    for name in arguments[1:]:
        if not Path(name).exists():
            fail(f"there is no {name}")


def runuser(arguments: list[str]) -> None:
    flag, user, dashes, *command = arguments
    if (flag, dashes) != ("-u", "--"):
        fail(f"unknown: {arguments}")
    if user == "postgres":
        os.environ["PGUSER"] = "postgres"
    else:
        check_owner(user)
    os.execvp(command[0], command)


def link_packages(arguments: list[str]) -> None:
    """Let a virtual environment find the packages that the test runs with, and give it the command `flask`."""
    [environment] = map(Path, arguments)
    [packages] = environment.glob("lib/python*/site-packages")
    (packages / "of-the-test.pth").write_text(os.environ["STAND_IN_PACKAGES"])
    flask = environment / "bin" / "flask"
    flask.write_text(f"#!{environment}/bin/python\nfrom flask.cli import main\nmain()\n")
    flask.chmod(0o755)


def unit(name: str) -> dict[str, list[str]]:
    """The settings of a unit, with the folders of the machine replaced by those of the test."""
    found: dict[str, list[str]] = {}
    for line in (PREFIX / "etc/systemd/system" / name).read_text().splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value.replace("/srv/", f"{PREFIX}/srv/"))
    return found


def start(name: str) -> None:
    settings = unit(f"{name}.service")
    address = str(STATE / "notify")
    Path(address).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told, (STATE / f"{name}.log").open("ab") as log:
        told.bind(address)
        told.settimeout(WAIT_SECONDS)
        process = subprocess.Popen(
            settings["ExecStart"][0].split(), cwd=settings["WorkingDirectory"][0], stdout=log, stderr=log,
            env={**os.environ, **dict(one.split("=", 1) for one in settings.get("Environment", ())), "NOTIFY_SOCKET": address},
            start_new_session=True,
        )  # fmt: skip
        (STATE / f"{name}.pid").write_text(str(process.pid))
        wait_for_ready(told, process)


def wait_for_ready(told: socket.socket, process: subprocess.Popen[bytes] | None) -> None:
    told.settimeout(0.2)
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            fail("the service has ended")
        try:
            if b"READY=1" in told.recv(1000):
                return
        except TimeoutError:
            continue
    fail("the service does not say that it is ready")


def pid_of(name: str) -> int:
    return int((STATE / f"{name}.pid").read_text())


def stop(name: str) -> None:
    pid = pid_of(name)
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + 60
    while time.monotonic() < end and Path(f"/proc/{pid}/stat").exists():
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.05)
    else:
        if Path(f"/proc/{pid}").exists():
            fail("the service does not stop")
    (STATE / f"{name}.pid").unlink()


def reload(name: str) -> None:
    command = unit(f"{name}.service")["ExecReload"][0].replace("$MAINPID", str(pid_of(name)))
    address = str(STATE / "notify")
    Path(address).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(address)
        subprocess.run(command.split(), check=True)
        wait_for_ready(told, None)


def systemctl(arguments: list[str]) -> None:
    action, *names = [word for word in arguments if not word.startswith("-")]
    if action == "daemon-reload":
        return
    [name] = names
    name = name.removesuffix(".service")
    if name in CHECKS:
        subprocess.run(CHECKS[name], check=True, env={**os.environ, "HOME": str(STATE)})
    elif name.endswith(".timer"):
        unit(name), unit(name.replace(".timer", ".service"))
    elif action in ("enable", "start"):
        start(name)
    elif action == "restart":
        if (STATE / f"{name}.pid").exists():
            stop(name)
        start(name)
    elif action in ("stop", "reload"):
        {"stop": stop, "reload": reload}[action](name)
    else:
        fail(f"unknown: {arguments}")


DOES = {
    "apt-get": apt_get, "useradd": useradd, "install": install, "chown": chown, "runuser": runuser, "systemctl": systemctl,
    "link-packages": link_packages,
}  # fmt: skip

if __name__ == "__main__":
    DOES[Path(sys.argv[0]).name](sys.argv[1:])
