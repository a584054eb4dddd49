"""A temporary PostgreSQL cluster for tests, and the apt-get helper that installs what a test needs.

In a test: `with temporary_cluster() as url: ...`; tests/support/replication.py makes one with a standby.
From a shell, in the project's folder: `python -m tests.support.postgres -- pytest tests`, which sets
TEST_POSTGRES_URL for the command.
"""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

PROGRAMS = ("initdb", "postgres", "pg_ctl")
SUPERUSER = "postgres"
PORT = 5432  # Only names the socket file: each cluster has a directory of its own, so clusters never collide.
START_SECONDS = 60
STOP_SECONDS = 30
TAIL_LINES = 20
MEMORY = Path("/dev/shm")  # a file system in memory, where Linux has one
ROOM = 2 * 1024**3  # bytes that have to be free in it
LONGEST_SOCKET_PATH = 107  # bytes, from sockaddr_un on Linux
CREATECLUSTER_CONF = Path("/etc/postgresql-common/createcluster.conf")


def last_lines(text: str) -> str:
    """Return the last TAIL_LINES lines of `text`, for an error message."""
    return "\n".join(text.strip().splitlines()[-TAIL_LINES:])


def root_prefix() -> list[str] | None:
    """Return what to put before a command so that it runs as root.

    [] when we are root, ["sudo", "-n"] when sudo asks for no password, None when there is no way.
    """
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    allowed = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n"] if allowed.returncode == 0 else None


def apt_install(*packages: str) -> None:
    """Install Debian packages, without what they only recommend, from freshly read package lists.

    Raises RuntimeError if there is no apt-get, if we may not use it, or if it fails; in the last case the
    message ends with the last lines that apt-get printed.
    """
    prefix = root_prefix()
    if shutil.which("apt-get") is None or prefix is None:
        raise RuntimeError("apt-get is missing, or needs root or a sudo that asks for no password")
    # sudo drops the caller's environment, so the setting travels through env(1).
    # The lock timeout waits for another apt-get, such as a boot-time update, instead of failing at once.
    apt_get = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]
    print(f"Installing {', '.join(packages)} with apt-get ...", file=sys.stderr)
    # Tests run in several processes, and reading the lists of packages waits for nobody.
    with (Path(tempfile.gettempdir()) / f"course-tests-apt-{os.getuid()}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        _run([*apt_get, "update"])
        # One unreachable source fails the update, yet the package may come from another: only the install decides.
        done = _run([*apt_get, "install", "-y", "--no-install-recommends", *packages])
    if done.returncode != 0:
        raise RuntimeError(
            f"apt-get could not install {', '.join(packages)} (exit code {done.returncode}):\n{last_lines(done.stdout)}"
        )


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def _holds_postgres(folder: Path) -> bool:
    """Tell whether `folder` holds all of PROGRAMS, none of them a script wrapped round the real program.

    A wrapper may switch to another user or data directory, which would fight with what is done here.
    """
    for name in PROGRAMS:
        program = folder / name
        if not os.access(program, os.X_OK):
            return False
        with program.open("rb") as file:
            if file.read(2) == b"#!":
                return False
    return True


def find_binaries() -> Path | None:
    """Return the folder of PostgreSQL's server programs, or None if the machine has none.

    PATH comes first, then Debian's folders, newest version first.
    """
    folders = []
    on_path = shutil.which("initdb")
    if on_path is not None:
        # /usr/local/bin/initdb may be a symbolic link: initdb looks for the rest beside its real file.
        folders.append(Path(on_path).resolve().parent)
    versioned = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    folders += sorted(versioned, key=lambda path: int(path.parent.name), reverse=True)
    return next((folder for folder in folders if _holds_postgres(folder)), None)


def find_or_install_binaries() -> Path:
    """Return the folder of PostgreSQL's server programs, installing Debian's `postgresql` if there is none.

    Raises RuntimeError, which says what to do, if they are neither there nor installable.
    """
    found = find_binaries()
    if found is not None:
        return found
    try:
        keep_debian_from_making_a_cluster()
        apt_install("postgresql")
    except RuntimeError as error:
        raise RuntimeError(
            f"PostgreSQL's server programs ({', '.join(PROGRAMS)}) were not found. Install them, for example "
            f"with 'apt-get install postgresql', or put their folder on PATH. {error}"
        ) from error
    found = find_binaries()
    if found is None:
        raise RuntimeError("apt-get installed postgresql, but /usr/lib/postgresql/*/bin has no server programs.")
    return found


def keep_debian_from_making_a_cluster() -> None:
    """Before Debian's package is installed, ask it not to create and start a cluster of its own.

    Does nothing where it may not write, or where somebody has already decided. Not being able to write is
    no error: a second cluster is only a waste.
    """
    prefix = root_prefix()
    if prefix is None or shutil.which("apt-get") is None or CREATECLUSTER_CONF.exists():
        return
    subprocess.run(
        [*prefix, "install", "-D", "-m", "644", "/dev/stdin", str(CREATECLUSTER_CONF)],
        input=b"create_main_cluster = false\n",
        capture_output=True,
        check=False,
    )


def _unprivileged_user() -> pwd.struct_passwd | None:
    """Return the user to run PostgreSQL as: None for ourselves, another if we are root, whom it refuses.

    Raises RuntimeError if we are root and the machine has neither a `postgres` nor a `nobody`.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError(
        "PostgreSQL does not run as root, and there is no user 'postgres' or 'nobody' to run it as. "
        "Run the tests as another user, or create one with 'useradd --system postgres'."
    )


def _new_folder(owner: pwd.struct_passwd | None, durable: bool = False) -> Path:
    """Create a folder (mode 0700) for a cluster, owned by `owner` or by us, short enough for a socket.

    In memory if there is room and it need not be `durable`: a new database is a thousand files, and takes ten times as
    long on a disk.
    """
    in_memory = not durable and MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    folder = Path(tempfile.mkdtemp(prefix="test-postgres-", dir=MEMORY if in_memory else None))
    if len(os.fsencode(folder / f".s.PGSQL.{PORT}")) > LONGEST_SOCKET_PATH:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="test-postgres-", dir="/tmp"))
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    return folder


class Cluster:
    """A PostgreSQL cluster in a new temporary folder, reachable only through a Unix socket in it.

    It asks for no password; the folder's mode, 0700, keeps other users out. Unless it is `durable`, it is made for
    speed, and would not survive a power cut. Use `temporary_cluster()`, which also stops it; only if our process is
    killed outright (SIGKILL) do the server and its folder stay behind.
    """

    def __init__(self, binaries: Path, durable: bool = False) -> None:
        """Create the cluster's folder. `binaries` is the folder of PROGRAMS. Starts nothing yet.

        Raises RuntimeError if we are root and there is nobody else to run PostgreSQL as.
        """
        self._binaries = binaries
        self._owner = _unprivileged_user()
        self._durable = durable
        self._folder = _new_folder(self._owner, durable)
        self._data = self._folder / "data"
        self._log = self._folder / "log"

    @property
    def folder(self) -> Path:
        """Where the server's socket is: its `host`."""
        return self._folder

    @property
    def url(self) -> str:
        """SQLAlchemy's URL of the database `postgres`, as its superuser.

        The port is in it so that PGPORT cannot change it. Slashes stay as they are: '%2F' would be read
        as an interpolation by the configuration file of Alembic.
        """
        folder = quote(str(self._folder), safe="/")
        return f"postgresql+psycopg://{SUPERUSER}@/postgres?host={folder}&port={PORT}"

    def start(self) -> None:
        """Create the cluster and start its server; return when it answers.

        Raises RuntimeError, with the last lines of what was printed or logged, if either step fails.
        """
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        created = self._run("initdb", "-D", str(self._data), "-U", SUPERUSER, *options)
        if created.returncode != 0:
            raise RuntimeError(f"initdb failed (exit code {created.returncode}):\n{last_lines(created.stdout)}")
        self._write_settings()
        self.run()

    def run(self) -> None:
        """Start the server of a cluster that exists; return when it answers. Raises RuntimeError if it does not."""
        started = self._pg_ctl("start", START_SECONDS, "-l", str(self._log))
        if started.returncode != 0:
            log = self._log.read_text(errors="replace") if self._log.exists() else ""
            raise RuntimeError(
                f"PostgreSQL did not start (exit code {started.returncode}):\n"
                f"{last_lines(started.stdout)}\n{last_lines(log)}"
            )

    def stop(self) -> None:
        """Stop the server if it was started, and remove the folder. Never raises over a dead server."""
        if (self._data / "postmaster.pid").exists():
            # 'immediate' skips the last writing to disk, since the disk is cleared next.
            stopped = self._pg_ctl("stop", STOP_SECONDS, "-m", "immediate")
            if stopped.returncode != 0:
                # A test may have killed the server. If it does live, it ends by itself within a minute of
                # finding its folder gone. An exception here would only hide the test's own.
                print(f"pg_ctl stop: {last_lines(stopped.stdout)}", file=sys.stderr)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write_settings(self) -> None:
        """Append our settings to postgresql.conf; of several lines for one setting the last one counts."""
        folder = str(self._folder).replace("'", "''")
        settings = {
            "listen_addresses": "''",
            "unix_socket_directories": f"'{folder}'",
            "port": str(PORT),
        }
        if not self._durable:
            settings |= {
                "fsync": "off",
                "full_page_writes": "off",
                "synchronous_commit": "off",
                "max_wal_size": "'128MB'",
            }
        with (self._data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def _pg_ctl(self, action: str, seconds: int, *options: str) -> subprocess.CompletedProcess[str]:
        """Run pg_ctl's `action` on the cluster, and wait up to `seconds` until it has taken effect."""
        return self._run("pg_ctl", action, "-D", str(self._data), "-w", "-t", str(seconds), *options)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of PROGRAMS as the cluster's owner; what it prints comes back together in `stdout`."""
        return subprocess.run(
            [str(self._binaries / program), *arguments],
            # The owner may not be allowed into our own working directory, and then warns or fails.
            cwd=self._folder,
            user=self._owner.pw_uid if self._owner else None,
            group=self._owner.pw_gid if self._owner else None,
            extra_groups=[] if self._owner else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Inside, let SIGTERM raise KeyboardInterrupt, as Ctrl-C does, so that clean-up code runs.

    Not SystemExit: raised inside a test, pytest takes that for a failed test and carries on. Does nothing
    outside the main thread, where Python sets no handlers, or if the program has its own handler.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def temporary_cluster(durable: bool = False) -> Iterator[str]:
    """Yield the SQLAlchemy URL (postgresql+psycopg://...) of a new, running cluster of our own.

    `durable`: on the disk and with the settings of a real one, for measurements.

    The cluster holds only what initdb puts there. It is stopped and removed at the end, also after an
    exception, Ctrl-C or SIGTERM. Raises RuntimeError if PostgreSQL is missing or does not start.
    """
    with sigterm_as_interrupt():
        cluster = Cluster(find_or_install_binaries(), durable)
        try:
            cluster.start()
            yield cluster.url
        finally:
            cluster.stop()


def _run_command(command: Sequence[str], url: str) -> int:
    """Run `command` with TEST_POSTGRES_URL set to `url`; return its exit code as a shell gives it."""
    try:
        process = subprocess.Popen(command, env={**os.environ, "TEST_POSTGRES_URL": url})
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.terminate()
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise
    return code if code >= 0 else 128 - code


def main(arguments: Sequence[str]) -> int:
    """Run the command in `arguments`, with or without a '--' before it, on a cluster of its own.

    Returns the command's exit code; 1 if there is no cluster to be had, 2 without a command, 127 if it
    cannot be started, 130 if interrupted.
    """
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        print("usage: python -m tests.support.postgres -- COMMAND [ARGUMENT ...]", file=sys.stderr)
        return 2
    try:
        with temporary_cluster() as url:
            return _run_command(command, url)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
