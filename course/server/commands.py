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
from functools import partial

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from course.auth.actions import create_set_up_link
from course.certificates.actions import sign_missing_credentials
from course.clock import now
from course.content.actions import archive
from course.content.loaded_course import library
from course.demo.commands import group as demo
from course.demo.commands import prepare_demo
from course.jobs.worker import JobWorker, LocalSchedule, LocalTask
from course.organisation.queries import organisation
from course.organisation.request_organisation import remember_organisation
from course.schema_upgrade import upgrade
from course.server.actions import check_secret_key, record_heartbeat, register_worker
from course.server.http_server import STOP_CHECK_SECONDS, HttpServer, bind
from course.server.jobs import REGISTRY, SERVER_TASKS
from course.server.queries import count_unsigned_certificates, workers
from course.server.rules import HEARTBEAT_INTERVAL, WRONG_KEY_WARNING
from course.server.settings_check import own_settings, settings_conflicts
from course.server.supervisor import IsStopping, Role, Supervisor, inherited_sockets, is_trial_start
from course.web.app_state import app_state
from course.web.database_check import current_database_check
from course.web.unit_of_work import unit_of_work

_LOG = logging.getLogger("course")
STOP_SECONDS = 20  # seconds


@click.command("serve")
@with_appcontext
def serve_command() -> None:
    """Bring the database up to date, serve the course, and send its mail. Ctrl+C stops it."""
    if is_trial_start():
        current_database_check().check()  # refuses another schema: a migration needs a restart
        return
    # The port first: when it is taken, another server is running, and nothing must be touched.
    sockets = _listen()
    current_database_check().prepare()
    prepare_course()
    _serve(sockets)


@demo.command("serve")
def demo_serve_command() -> None:
    """Prepare the demonstration and serve it. Ctrl+C stops it."""
    _use_console_mail()
    sockets = _listen()
    prepare_demo()
    prepare_course()
    _serve(sockets)


def _use_console_mail() -> None:
    """Print mail whatever MAIL_URL says: nobody in the demonstration has a mailbox, but whoever tries it out may add
    people who have."""
    given = app_state()
    printing = replace(given.config, mail_url="console:")
    _application().extensions["course"] = replace(given, config=printing)


def _listen() -> list[socket.socket]:
    """Return sockets that hold the port; end the command with 1 if the port cannot be had."""
    config = app_state().config
    try:
        return inherited_sockets() or bind(config.host, config.port)
    except OSError as error:
        click.echo(f"Cannot listen on {config.host}, port {config.port}: {str(error).rstrip('.')}.", err=True)
        if error.errno == errno.EADDRINUSE:
            click.echo("Another program is using it. PORT=8001 takes another one.", err=True)
        else:
            click.echo(
                "HOST names an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them.", err=True
            )
        sys.exit(1)


def _application() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def prepare_course() -> None:
    """Migrate, keep the versions of the content that is taught now, and say where the course is."""
    config = app_state().config
    upgrade(app_state().engine)
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


def _serve(sockets: Sequence[socket.socket]) -> None:
    """Serve until Ctrl+C or SIGTERM: in PROCESSES processes that share the port with a worker beside them, or, with one,
    all in this process.

    The signal handlers only set a flag. An exception that a handler raises is lost if the signal arrives while Python
    runs a finalizer, which prints and ignores exceptions: the server would then run for ever.
    """
    processes = app_state().config.processes
    # The content and the code stay for good: the collector need not look through them again and again, and processes
    # that are forked share them as long as nobody touches them.
    gc.collect()
    gc.freeze()
    if processes == 1 or not hasattr(os, "fork"):
        stop = _stop_on_signal()
        server = _http_server(sockets)
        worker = _start_worker("serve", SERVER_TASKS)
        click.echo("Press Ctrl+C to stop.")
        server.run(stop.is_set)
        server.drain(STOP_SECONDS)
        _stop_worker(*worker)
    else:
        app_state().engine.dispose()
        roles = [Role(f"server {number}", partial(_serve_pages, sockets)) for number in range(1, processes + 1)]
        supervisor = Supervisor([*roles, Role("worker", _do_jobs)], sockets, STOP_SECONDS + 5, _after_fork)
        if not supervisor.run(lambda: click.echo("Press Ctrl+C to stop.")):
            click.echo("The processes of the course end as soon as they have started. The log says why.", err=True)
            sys.exit(1)
    current_database_check().close()
    click.echo("Stopped.")


def _http_server(sockets: Sequence[socket.socket]) -> HttpServer:
    return HttpServer(_application(), sockets, app_state().config.threads)


def _after_fork() -> None:
    """Connections belong to the process that made them: this one makes its own, and does not close the others."""
    app_state().engine.dispose(close=False)


def _serve_pages(sockets: Sequence[socket.socket], is_stopping: IsStopping, ready: Callable[[], None]) -> None:
    """What each of several processes that serve pages does."""
    server, tasks_end = _http_server(sockets), threading.Event()
    tasks = threading.Thread(target=_run_local_tasks, args=(tasks_end, _application()), daemon=True)
    tasks.start()
    ready()
    server.run(is_stopping)
    server.drain(STOP_SECONDS)
    tasks_end.set()
    app_state().engine.dispose()


def _run_local_tasks(end: threading.Event, app: Flask) -> None:
    """Do what each process that serves pages does for itself, until `end` is set."""
    schedule = LocalSchedule(SERVER_TASKS)
    while not end.is_set():
        with app.app_context():
            schedule.run_due(now(), end)
        end.wait(1.0)


def _do_jobs(is_stopping: IsStopping, ready: Callable[[], None]) -> None:
    """What the worker beside several processes that serve pages does."""
    worker = _start_worker("serve")
    ready()
    while not is_stopping():
        time.sleep(STOP_CHECK_SECONDS)
    _stop_worker(*worker)
    app_state().engine.dispose()


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
    upgrade(app_state().engine)
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
