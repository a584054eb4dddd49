"""flask serve · flask worker · flask demo serve"""

from __future__ import annotations

import errno
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from waitress import wasyncore
from waitress.server import create_server

from course.auth.actions import create_set_up_link
from course.backups.jobs import upgrade_course
from course.certificates.actions import sign_missing_credentials
from course.clock import now
from course.content.actions import archive
from course.content.loaded_course import library
from course.demo.commands import group as demo
from course.demo.commands import prepare_demo
from course.jobs.worker import JobWorker, LocalTask
from course.organisation.queries import organisation
from course.organisation.request_organisation import remember_organisation
from course.server.actions import check_secret_key, record_heartbeat, register_worker
from course.server.jobs import REGISTRY, SERVER_TASKS
from course.server.lanes import LaneDispatcher
from course.server.queries import count_unsigned_certificates, workers
from course.server.rules import HEARTBEAT_INTERVAL, WRONG_KEY_WARNING
from course.server.settings_check import own_settings, settings_conflicts
from course.web.app_state import app_state
from course.web.database_check import current_database_check
from course.web.metrics import start_exporter
from course.web.unit_of_work import unit_of_work

_LOG = logging.getLogger("course")
STOP_SECONDS = 20  # seconds
IDLE_SECONDS = 30  # seconds after which a connection that nobody uses is closed
MAX_CONNECTIONS = 4000
STOP_CHECK_SECONDS = 0.5  # how often the server looks whether it is to stop
SocketMap = dict[int, Any]  # open sockets by file descriptor
MAX_REQUEST_BYTES = 16 * 1024 * 1024  # bytes; the application itself accepts less, and says so in words


@click.command("serve")
@with_appcontext
def serve_command() -> None:
    """Bring the database up to date, serve the course, and send its mail. Ctrl+C stops it."""
    # The port first: when it is taken, another server is running, and nothing must be touched.
    sockets: SocketMap = {}
    server = _listen(sockets)
    current_database_check().prepare()
    prepare_course()
    _serve(server, sockets)


@demo.command("serve")
def demo_serve_command() -> None:
    """Prepare the demonstration and serve it. Ctrl+C stops it."""
    _use_console_mail()
    sockets: SocketMap = {}
    server = _listen(sockets)
    prepare_demo()
    prepare_course()
    _serve(server, sockets)


def _use_console_mail() -> None:
    """Print mail whatever MAIL_URL says: nobody in the demonstration has a mailbox, but whoever tries it out may add
    people who have."""
    given = app_state()
    printing = replace(given.config, mail_url="console:")
    _application().extensions["course"] = replace(given, config=printing)


def _listen(sockets: SocketMap) -> Any:
    """Return a server that holds its port; end the command with 1 if the port cannot be had.

    The server adds its own socket and those of its connections to `sockets`.
    """
    config = app_state().config
    try:
        return create_server(
            _application(),
            map=sockets,
            _dispatcher=LaneDispatcher(config.threads),
            host=config.host,
            port=config.port,
            threads=config.threads,
            # Browsers keep connections open that they may never use again. Each costs next to nothing here,
            # so a training day with a hundred phones must not use them up; idle ones are let go soon.
            connection_limit=_connection_limit(),
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=10,
            backlog=1024,
            asyncore_use_poll=True,
            ident="",
            max_request_body_size=MAX_REQUEST_BYTES,
            # Without a trusted proxy nothing believes these headers (see course/web/proxy_checks.py). They come through so
            # that a proxy nobody told the course about is noticed.
            clear_untrusted_proxy_headers=False,
        )
    except (OSError, ValueError) as error:
        click.echo(f"Cannot listen on {config.host}, port {config.port}: {str(error).rstrip('.')}.", err=True)
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            click.echo("Another program is using it. PORT=8001 takes another one.", err=True)
        else:
            click.echo(
                "HOST names an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them.", err=True
            )
        sys.exit(1)


def _connection_limit() -> int:
    """How many connections may be open at once: what the system allows this process, less what it needs itself."""
    try:
        import resource  # noqa: PLC0415 (not on Windows)
    except ImportError:
        return 400
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + 200
    if soft < wanted and (hard == resource.RLIM_INFINITY or hard > soft):
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(50, min(MAX_CONNECTIONS, soft - 200))


def _application() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def prepare_course() -> None:
    """Migrate, keep the versions of the content that is taught now, and say where the course is."""
    config = app_state().config
    upgrade_course(now())
    _check_settings()
    with unit_of_work() as session:
        archive(session, library(), now())
        ours = organisation(session)
        token = create_set_up_link(session, now()) if ours is None else None
    # "Worried about a child?" answers with these also when the database is away before anybody has asked.
    remember_organisation(ours, now())
    click.echo(f"The course is at {config.public_url}")
    if token is not None:
        click.echo("It has not been set up yet. This link does so, once, within a day:")
        click.echo("  " + app_state().public_address("auth.set_up", token=token))


def _check_settings() -> None:
    """Say whether the secret key is the database's, and whether other workers run with other settings.

    Certificates that could not be signed while the key was another one are signed once it is back.
    """
    with unit_of_work() as session:
        fits = check_secret_key(session, app_state().config.secret_key, now()) != "other"
        missing = count_unsigned_certificates(session)
        words = settings_conflicts(workers(session, now()))
    if not fits:
        click.echo(f"Warning: {WRONG_KEY_WARNING}", err=True)
        _LOG.warning("the secret key is not the one that this database was used with")
    for one in words:
        click.echo(f"Warning: {one}.", err=True)
    if fits and missing:
        with unit_of_work() as session:
            done, _ = sign_missing_credentials(session, now())
        click.echo(f"Certificates that had no signature yet and are signed now: {done} of {missing}.", err=True)


def _serve(server: Any, sockets: SocketMap) -> None:
    """Serve until Ctrl+C or SIGTERM, with a worker beside it.

    The signal handlers only set a flag. An exception that a handler raises is lost if the signal arrives while Python
    runs a finalizer, which prints and ignores exceptions: the server would then run for ever.
    """
    stop = _stop_on_signal()
    worker = _start_worker("serve", SERVER_TASKS)
    stop_metrics = _start_metrics()
    try:
        click.echo("Press Ctrl+C to stop.")
        # The content and the code stay for good: the collector need not look through them again and again.
        gc.collect()
        gc.freeze()
        while not stop.is_set():
            wasyncore.loop(timeout=STOP_CHECK_SECONDS, use_poll=True, map=sockets, count=1)
        server.task_dispatcher.shutdown()
    finally:
        server.close()
        stop_metrics()
        _stop_worker(*worker)
        current_database_check().close()
    click.echo("Stopped.")


def _start_metrics() -> Callable[[], None]:
    """Listen for a monitoring program, where METRICS_ADDRESS asks for it; returns what stops that."""
    address = app_state().config.metrics_address
    started = start_exporter(_application(), *address) if address is not None else None
    if address is None or started is None:
        return lambda: None
    port, stop = started
    click.echo(f"Figures for monitoring are at http://{address[0]}:{port}/metrics")
    return stop


def _stop_on_signal() -> threading.Event:
    """Return an event that Ctrl+C and SIGTERM set.

    SIGINT is named because a shell starts background commands with this signal ignored.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


@click.command("worker")
@with_appcontext
def worker_command() -> None:
    """Send mail and reminders, without serving pages. `flask serve` does so too; any number may run at once.

    Ctrl+C or SIGTERM stops it, after the job that it is doing.
    """
    current_database_check().prepare()
    upgrade_course(now())
    _check_settings()
    # Looked at without waiting for it: setting an event takes a lock that a thread which waits for it may hold.
    stop = _stop_on_signal()
    worker = _start_worker("worker")
    click.echo("At work. Press Ctrl+C to stop.")
    while not stop.is_set():
        time.sleep(STOP_CHECK_SECONDS)
    _stop_worker(*worker)
    current_database_check().close()
    click.echo("Stopped.")


class SignOfLife:
    """The row that says that this process does jobs (see WorkerBeat)."""

    def __init__(self, name: str) -> None:
        self._name, self._number = name, 0

    def record(self, at: datetime, stopped: bool = False) -> None:
        """The process is alive, or has stopped in good order."""
        with unit_of_work() as session:
            if self._number:
                record_heartbeat(session, self._number, at, stopped)
            elif not stopped:
                self._number = register_worker(session, self._name, at, own_settings())


def _start_worker(command: str, tasks: Sequence[LocalTask] = ()) -> tuple[JobWorker, SignOfLife]:
    """Start the threads that do jobs, and keep recording that this process is alive."""
    name = f"{command} on {socket.gethostname()}, process {os.getpid()}"
    worker, sign = JobWorker(_application(), name, REGISTRY, now), SignOfLife(name)
    worker.start((LocalTask("sign of life", HEARTBEAT_INTERVAL, sign.record), *tasks))
    return worker, sign


def _stop_worker(worker: JobWorker, sign: SignOfLife) -> None:
    """Let the jobs that run end, though not for longer than somebody waits for a restart."""
    worker.stop(STOP_SECONDS)
    sign.record(now(), stopped=True)
