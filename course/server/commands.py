"""flask serve · flask worker · flask demo serve"""

from __future__ import annotations

import errno
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from waitress.server import create_server

from course.auth.actions import create_set_up_link
from course.auth.rules import set_up_url
from course.certificates.actions import sign_missing
from course.clock import now
from course.content.actions import archive
from course.content.loaded_course import library
from course.demo.commands import group as demo
from course.demo.commands import prepare_demo
from course.jobs.worker import JobWorker, LocalTask
from course.organisation.queries import organisation
from course.organisation.request_organisation import remember_organisation
from course.schema_upgrade import upgrade
from course.server.actions import check_secret_key, record_heartbeat, register_worker
from course.server.jobs import REGISTRY, SERVER_TASKS
from course.server.queries import count_unsigned_certificates, workers
from course.server.rules import HEARTBEAT_INTERVAL, WRONG_KEY_WARNING
from course.server.settings_check import own_settings, settings_conflicts
from course.web.app_state import app_state
from course.web.database_check import current_database_check
from course.web.unit_of_work import command_session

_LOG = logging.getLogger("course")
STOP_SECONDS = 20  # seconds
SIGNAL_SECONDS = 0.2  # seconds between two looks at whether the worker is told to stop
IDLE_SECONDS = 30  # seconds after which a connection that nobody uses is closed
MAX_CONNECTIONS = 4000
MAX_REQUEST_BYTES = 16 * 1024 * 1024  # bytes; the application itself accepts less, and says so in words


@click.command("serve")
@with_appcontext
def serve_command() -> None:
    """Bring the database up to date, serve the course, and send its mail. Ctrl+C stops it."""
    # The port first: when it is taken, another server is running, and nothing must be touched.
    server = _listen()
    current_database_check().prepare()
    prepare_course()
    _serve(server)


@demo.command("serve")
def demo_serve_command() -> None:
    """Prepare the demonstration and serve it. Ctrl+C stops it."""
    _use_console_mail()
    server = _listen()
    prepare_demo()
    prepare_course()
    _serve(server)


def _use_console_mail() -> None:
    """Print mail whatever MAIL_URL says: nobody in the demonstration has a mailbox, but whoever tries it out may add
    people who have."""
    given = app_state()
    printing = replace(given.config, mail_url="console:")
    _application().extensions["course"] = replace(given, config=printing)


def _listen() -> Any:
    """A server that holds its port; ends the command with 1 if it cannot have it."""
    config = app_state().config
    try:
        return create_server(
            _application(),
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
            # Without a trusted proxy nothing believes these headers (see course/web/proxies.py). They come through so
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
    upgrade(app_state().engine)
    _check_settings()
    with command_session() as session:
        archive(session, library(), now())
        ours = organisation(session)
        token = create_set_up_link(session, now()) if ours is None else None
    # "Worried about a child?" answers with these also when the database is away before anybody has asked.
    remember_organisation(ours, now())
    click.echo(f"The course is at {config.public_url}")
    if token is not None:
        click.echo("It has not been set up yet. This link does so, once, within a day:")
        click.echo(f"  {set_up_url(config.public_url, token)}")


def _check_settings() -> None:
    """Say whether the secret key is the database's, and whether other workers run with other settings.

    Certificates that could not be signed while the key was another one are signed once it is back.
    """
    with command_session() as session:
        fits = check_secret_key(session, app_state().config.secret_key, now()) != "other"
        missing = count_unsigned_certificates(session)
        words = settings_conflicts(workers(session, now()))
    if not fits:
        click.echo(f"Warning: {WRONG_KEY_WARNING}", err=True)
        _LOG.warning("the secret key is not the one that this database was used with")
    for one in words:
        click.echo(f"Warning: {one}.", err=True)
    if fits and missing:
        with command_session() as session:
            done, _ = sign_missing(session, now())
        click.echo(f"Certificates that had no signature yet and are signed now: {done} of {missing}.", err=True)


def _serve(server: Any) -> None:
    """Serve until Ctrl+C or SIGTERM, with a worker beside it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # A shell starts what it runs in the background with this signal ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    worker = _start_worker("serve", SERVER_TASKS)
    try:
        click.echo("Press Ctrl+C to stop.")
        # The content and the code stay for good: the collector need not look through them again and again.
        gc.collect()
        gc.freeze()
        server.run()
    except KeyboardInterrupt:
        pass  # Before the server ran: it takes the later ones itself.
    finally:
        server.close()
        _stop_worker(*worker)
        current_database_check().close()
    click.echo("Stopped.")


@click.command("worker")
@with_appcontext
def worker_command() -> None:
    """Send mail and reminders, without serving pages. `flask serve` does so too; any number may run at once.

    Ctrl+C or SIGTERM stops it, after the job that it is doing.
    """
    current_database_check().prepare()
    upgrade(app_state().engine)
    _check_settings()
    stops: list[int] = []
    for one in (signal.SIGTERM, signal.SIGINT):
        # Nothing with a lock: the signal may come while this thread holds it.
        signal.signal(one, lambda number, _frame: stops.append(number))
    worker = _start_worker("worker")
    click.echo("At work. Press Ctrl+C to stop.")
    while not stops:
        time.sleep(SIGNAL_SECONDS)
    _stop_worker(*worker)
    current_database_check().close()
    click.echo("Stopped.")


class SignOfLife:
    """The row that says that this process does jobs (see WorkerBeat)."""

    def __init__(self, name: str) -> None:
        self._name, self._number = name, 0

    def record(self, at: datetime, stopped: bool = False) -> None:
        """The process is alive, or has stopped in good order."""
        with command_session() as session:
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
