"""flask serve · flask worker · flask demo serve"""

from __future__ import annotations

import errno
import logging
import mmap
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from course.auth import passkey_checks
from course.auth.actions import create_set_up_link
from course.auth.queries.factors import has_passkeys
from course.backups.jobs import upgrade_course
from course.certificates.actions import sign_missing_credentials
from course.clock import now
from course.content.actions import archive
from course.content.loaded_course import library
from course.demo.commands import group as demo
from course.demo.commands import prepare_demo
from course.jobs.rules import worker_name
from course.jobs.worker import JobWorker, LocalSchedule, LocalTask
from course.organisation.queries import organisation
from course.organisation.request_organisation import remember_organisation
from course.server import memory
from course.server.actions import check_secret_key
from course.server.balance import Acceptance, ConnectionBoard
from course.server.http_server import STOP_CHECK_SECONDS, HttpServer, bind, is_free
from course.server.jobs import REGISTRY, SERVER_TASKS
from course.server.queries import count_unsigned_certificates, workers
from course.server.rules import HEARTBEAT_INTERVAL, WRONG_KEY_WARNING
from course.server.settings_check import settings_conflicts
from course.server.sign_of_life import SignOfLife
from course.server.supervisor import (
    IsStopping,
    Role,
    Supervisor,
    inherited_sockets,
    is_reload,
    is_trial_start,
    notify_systemd,
    pause,
)
from course.web.app_state import app_state
from course.web.database_check import current_database_check, retry_while_busy
from course.web.metrics import start_exporter
from course.web.unit_of_work import read_only_session, unit_of_work

_LOG = logging.getLogger("course")
WORKER_NICENESS = 10  # of the worker beside processes that serve pages, see nice(2)
STOP_SECONDS = 20  # seconds
WORKER_LOOK_SECONDS = 10.0  # between two looks whether the worker has grown
WORKER_PRIVATE_BYTES = 28 * 1024 * 1024  # from which on a worker without a job is replaced; a new one has 20
ROW_BYTES = 8  # that hold the number of a row
BUSY_SECONDS = 60  # how long a start waits for a database that another program keeps busy
METRICS_SECONDS = 60.0  # until it is said that the port for figures cannot be had; a process of before leaves it sooner


@click.command("serve")
@with_appcontext
def serve_command() -> None:
    """Bring the database up to date, serve the course, and send its mail. Ctrl+C stops it, SIGHUP reloads it."""
    _prepare_and_serve(current_database_check().prepare)


@demo.command("serve")
def demo_serve_command() -> None:
    """Prepare the demonstration and serve it. Ctrl+C stops it."""
    _use_console_mail()
    _prepare_and_serve(prepare_demo)


def _prepare_and_serve(prepare: Callable[[], object]) -> None:
    """Serve once the database is prepared; only look whether that could be done, if this is a trial start."""
    if is_trial_start():
        current_database_check().check()  # refuses another schema: a migration needs a restart
        return
    reload = is_reload()
    # The port first: when it is taken, another server is running, and nothing must be touched.
    sockets = _listen()
    if app_state().config.processes > 1:
        app_state().engine.dispose()  # connections belong to one process
        memory.do_apart(partial(_prepare, prepare, reload))
        current_database_check().trust()
        retry_while_busy(_remember_organisation, BUSY_SECONDS)
    else:
        _prepare(prepare, reload)
    _serve(sockets, reload)


def _prepare(prepare: Callable[[], object], reload: bool) -> None:
    """Prepare the database, then the course."""
    prepare()
    # During a reload the former processes serve, and write, meanwhile.
    retry_while_busy(partial(prepare_course, is_first_start=not reload), BUSY_SECONDS)


def _remember_organisation() -> None:
    """ "Worried about a child?" answers with its contacts also when the database is away before anybody has asked."""
    with read_only_session() as session:
        remember_organisation(organisation(session), now())


def _load_what_is_used() -> None:
    """Load libraries that only some courses need, so that the processes share them."""
    with read_only_session() as session:
        if has_passkeys(session):
            passkey_checks.load()


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


def prepare_course(is_first_start: bool = True) -> None:
    """Migrate, keep the versions of the content that is taught now, and, at the first start, say where the course is."""
    config = app_state().config
    upgrade_course(now())
    _check_settings(is_first_start)
    with unit_of_work() as session:
        archive(session, library(), now())
        ours = organisation(session)
        # A reload makes no second link: the first would end while somebody uses it.
        token = create_set_up_link(session, now()) if ours is None and is_first_start else None
    _remember_organisation()
    if is_first_start:
        click.echo(f"The course is at {config.public_url}")
    if token is not None:
        click.echo("It has not been set up yet. This link does so, once, within a day:")
        click.echo("  " + app_state().public_address("auth.set_up", token=token))


def _check_settings(with_others: bool = True) -> None:
    """Say whether the secret key is the database's, and whether other workers run with other settings; not during a reload,
    when one of them is the worker that is about to be replaced.

    Certificates that could not be signed while the key was another one are signed once it is back.
    """
    with unit_of_work() as session:
        fits = check_secret_key(session, app_state().config.secret_key, now()) != "other"
        missing = count_unsigned_certificates(session)
        words = settings_conflicts(workers(session, now())) if with_others else []
    if not fits:
        click.echo(f"Warning: {WRONG_KEY_WARNING}", err=True)
        _LOG.warning("the secret key is not the one that this database was used with")
    for one in words:
        click.echo(f"Warning: {one}.", err=True)
    if fits and missing:
        with unit_of_work() as session:
            done, _ = sign_missing_credentials(session, now())
        click.echo(f"Certificates that had no signature yet and are signed now: {done} of {missing}.", err=True)


def _serve(sockets: Sequence[socket.socket], reload: bool) -> None:
    """Serve until Ctrl+C or SIGTERM: in PROCESSES processes that share the port with a worker beside them, or, with one,
    all in this process.

    The signal handlers only set a flag. An exception that a handler raises is lost if the signal arrives while Python
    runs a finalizer, which prints and ignores exceptions: the server would then run for ever.
    """
    processes = app_state().config.processes
    if processes > 1 or reload:
        board, schedule = ConnectionBoard(processes), LocalSchedule(SERVER_TASKS)
        roles = [
            Role(f"server {n}", partial(_serve_pages, sockets, board, schedule, n)) for n in range(1, processes + 1)
        ]
        kept = mmap.mmap(-1, ROW_BYTES)
        supervisor = Supervisor(
            [*roles, Role("worker", partial(_do_jobs, kept))], sockets, STOP_SECONDS + 5, _after_fork
        )
        # What each process does first is done once before, so that they share what that makes.
        schedule.run_due(now(), threading.Event())
        memory.warm_up(_application())
        retry_while_busy(_load_what_is_used, BUSY_SECONDS)
        retry_while_busy(JobWorker(_application(), "", REGISTRY, now).look_around, BUSY_SECONDS)
        # Before a page is served: whoever asks there for a worker is to find the one that starts at the same time.
        sign = SignOfLife(worker_name("serve", socket.gethostname(), os.getpid()))
        retry_while_busy(partial(sign.record, now()), BUSY_SECONDS)
        kept[:ROW_BYTES] = sign.row.to_bytes(ROW_BYTES)
        # First: what a connection leaves when it ends lies about everywhere.
        app_state().engine.dispose()
        memory.freeze()
        memory.fill_gaps()
        if not supervisor.run(partial(_say_ready, reload)):
            click.echo("The processes of the course end as soon as they have started. The log says why.", err=True)
            sys.exit(1)
    else:
        _serve_alone(sockets)
    current_database_check().close()
    click.echo("Stopped.")


def _say_ready(reload: bool) -> None:
    """Say that pages are served: on the screen of whoever has started it, or in the log for whoever has reloaded it."""
    if reload:
        _LOG.info("reloaded")
    else:
        click.echo("Press Ctrl+C to stop.")


def _serve_alone(sockets: Sequence[socket.socket]) -> None:
    """Serve pages and do jobs in this process."""
    stop = _stop_on_signal()
    memory.freeze()
    signal.signal(signal.SIGHUP, lambda *_: _LOG.warning("PROCESSES=1 cannot be reloaded; restart the course"))
    server = _http_server(sockets)
    worker = _start_worker("serve", SERVER_TASKS)
    stop_metrics = _start_metrics() or (lambda: None)
    notify_systemd("READY=1")
    click.echo("Press Ctrl+C to stop.")
    server.run(stop.is_set)
    server.drain(STOP_SECONDS)
    stop_metrics()
    _stop_worker(*worker)


def _http_server(sockets: Sequence[socket.socket]) -> HttpServer:
    return HttpServer(_application(), sockets, app_state().config.threads)


def _after_fork() -> None:
    """Connections belong to the process that made them: this one makes its own, and does not close the others."""
    app_state().engine.dispose(close=False)
    memory.limit_arenas()


def _serve_pages(
    sockets: Sequence[socket.socket], board: ConnectionBoard, schedule: LocalSchedule, number: int,
    is_stopping: IsStopping, ready: Callable[[], None],
) -> None:  # fmt: skip
    """What each of several processes that serve pages does; `number` is 1 for the first of them, and `schedule` knows what
    was done before they were forked."""
    server = HttpServer(_application(), sockets, app_state().config.threads, Acceptance(board, number - 1))
    end, tidying = threading.Event(), memory.Tidying(app_state().engine)
    arguments = (end, _application(), number, schedule, tidying)
    tasks = threading.Thread(target=_run_local_tasks, args=arguments, daemon=True)
    tasks.start()
    ready()
    server.run(is_stopping)
    end.set()
    server.drain(STOP_SECONDS)
    app_state().engine.dispose()


def _run_local_tasks(
    end: threading.Event, app: Flask, number: int, schedule: LocalSchedule, tidying: memory.Tidying
) -> None:
    """Do what each process that serves pages does for itself, until `end` is set."""
    stop_metrics, quiet_until = None, time.monotonic() + METRICS_SECONDS
    while not end.is_set():
        tidying.tidy()
        with app.app_context():
            # While a reload lasts, the process of before has the port for figures.
            is_late = time.monotonic() >= quiet_until
            stop_metrics = stop_metrics or _start_metrics(number - 1, is_late)
            quiet_until = float("inf") if is_late else quiet_until
            schedule.run_due(now(), end)
        end.wait(1.0)
    if stop_metrics is not None:
        stop_metrics()


def _do_jobs(kept: mmap.mmap, is_stopping: IsStopping, ready: Callable[[], None]) -> None:
    """What the worker beside several processes that serve pages does. Where both want a processor, pages come first: nobody
    waits for the nightly work. Once it has grown, and has nothing to do, a fresh copy takes its place, as it did nothing but
    work through the whole organisation.

    `kept` is memory that all of these copies share: the number of the row that says that there is a worker."""
    with suppress(OSError):  # a unit of systemd may forbid it
        os.nice(WORKER_NICENESS)
    tidying = memory.Tidying(app_state().engine)
    worker, sign = _start_worker("serve", row=int.from_bytes(kept[:ROW_BYTES]))
    ready()
    began, grown = time.monotonic(), False
    while not is_stopping() and not grown:
        pause(STOP_CHECK_SECONDS)
        tidying.tidy()
        if time.monotonic() - began >= WORKER_LOOK_SECONDS and worker.is_idle():
            began, grown = time.monotonic(), memory.private_bytes() > WORKER_PRIVATE_BYTES
    if grown:
        kept[:ROW_BYTES] = sign.row.to_bytes(ROW_BYTES)
        worker.stop(STOP_SECONDS)
    else:
        _stop_worker(worker, sign)
    app_state().engine.dispose()


def _start_metrics(offset: int | None = None, is_late: bool = False) -> Callable[[], None] | None:
    """Listen for a monitoring program, where METRICS_ADDRESS asks for it; what stops that. With an `offset` at that port
    after it only: None while somebody else has it, which is said in the log if it `is_late`."""
    address = app_state().config.metrics_address
    if address is None:
        return lambda: None
    host, port = address[0], address[1] + (offset or 0)
    if offset is not None and not is_free(host, port):
        if is_late:
            _LOG.error("METRICS_ADDRESS: cannot listen on %s, port %d; does another program use it?", host, port)
        return None
    started = start_exporter(_application(), host, port)
    if started is None:
        return lambda: None
    if offset is None:
        click.echo(f"Figures for monitoring are at http://{host}:{started[0]}/metrics")
    return started[1]


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
        pause(STOP_CHECK_SECONDS)
    _stop_worker(*worker)
    current_database_check().close()
    click.echo("Stopped.")


def _start_worker(
    command: str, tasks: Sequence[LocalTask] = (), row: int = 0
) -> tuple[JobWorker, SignOfLife]:  # fmt: skip
    """Start the threads that do jobs, and keep recording that this process is alive, in the `row` of the one whose place it
    takes or in a row of its own."""
    name = worker_name(command, socket.gethostname(), os.getpid())
    worker, sign = JobWorker(_application(), name, REGISTRY, now), SignOfLife(name, row)
    # Before anybody is told that this process is ready: whoever looks then is to find a worker.
    LocalSchedule((LocalTask("first sign of life", HEARTBEAT_INTERVAL, sign.record),)).run_due(now(), threading.Event())
    worker.start((LocalTask("sign of life", HEARTBEAT_INTERVAL, sign.record), *tasks))
    return worker, sign


def _stop_worker(worker: JobWorker, sign: SignOfLife) -> None:
    """Let the jobs that run end, though not for longer than somebody waits for a restart."""
    worker.stop(STOP_SECONDS)
    sign.record(now(), stopped=True)
