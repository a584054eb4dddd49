"""flask serve · flask demo serve"""

from __future__ import annotations

import errno
import gc
import logging
import signal
import sys
import threading
from datetime import timedelta
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from waitress.server import create_server

from course.clock import now
from course.content.actions import archive
from course.content.current import library
from course.dates import civil_date
from course.demo.commands import group as demo
from course.demo.commands import prepare_demo
from course.imports.actions import forget
from course.mail.actions import forget_texts
from course.mail.sending import deliver
from course.migrating import upgrade
from course.organisation.queries import organisation
from course.recall.commands import send_boosters
from course.refreshers.commands import send_reminders
from course.signin.actions import set_up_link
from course.signin.rules import set_up_address
from course.web.session import command_session
from course.web.site import state

MAIL_EVERY = 5  # seconds
REMIND_EVERY = timedelta(hours=1)
IDLE = 30  # seconds after which a connection that nobody uses is closed
MOST_CONNECTIONS = 4000
LONGEST_REQUEST = 16 * 1024 * 1024  # bytes; the application itself accepts less, and says so in words


@click.command("serve")
@with_appcontext
def group() -> None:
    """Bring the database up to date, serve the course, and send its mail. Ctrl+C stops it."""
    # The port first: when it is taken, another server is running, and nothing must be touched.
    server = _listen()
    _ready()
    _run(server)


@demo.command("serve")
def demo_serve() -> None:
    """Prepare the demonstration and serve it. Ctrl+C stops it."""
    server = _listen()
    prepare_demo()
    _ready()
    _run(server)


def _listen() -> Any:
    """A server that holds its port; ends the command with 1 if it cannot have it."""
    config = state().config
    try:
        return create_server(
            _app(),
            host=config.host,
            port=config.port,
            threads=config.threads,
            # Browsers keep connections open that they may never use again. Each costs next to nothing here,
            # so a training day with a hundred phones must not use them up; idle ones are let go soon.
            connection_limit=_connections(),
            channel_timeout=IDLE,
            cleanup_interval=10,
            backlog=1024,
            asyncore_use_poll=True,
            ident="",
            max_request_body_size=LONGEST_REQUEST,
            # Without a trusted proxy nobody may claim to be one; with one, its words must come through.
            clear_untrusted_proxy_headers=config.trusted_proxies == 0,
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


def _connections() -> int:
    """How many connections may be open at once: what the system allows this process, less what it needs itself."""
    try:
        import resource  # noqa: PLC0415 (not on Windows)
    except ImportError:
        return 400
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + 200
    if soft < wanted and (hard == resource.RLIM_INFINITY or hard > soft):
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(50, min(MOST_CONNECTIONS, soft - 200))


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def _ready() -> None:
    """Migrate, keep the versions of the content that is taught now, and say where the course is."""
    config = state().config
    upgrade(state().engine)
    with command_session() as session:
        archive(session, library(), now())
        token = set_up_link(session, now()) if organisation(session) is None else None
    click.echo(f"The course is at {config.public_url}")
    if token is not None:
        click.echo("It has not been set up yet. This link does so, once, within a day:")
        click.echo(f"  {set_up_address(config.public_url, token)}")


def _run(server: Any) -> None:
    """Serve until Ctrl+C or SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    stop = threading.Event()
    sender = threading.Thread(target=_send_mail, args=(_app(), stop), name="mail", daemon=True)
    sender.start()
    click.echo("Press Ctrl+C to stop.")
    # The content and the code stay for good: the collector need not look through them again and again.
    gc.collect()
    gc.freeze()
    try:
        server.run()
    finally:
        stop.set()
        server.close()
        sender.join(timeout=2)
    click.echo("Stopped.")


def _send_mail(app: Flask, stop: threading.Event) -> None:
    """Deliver what is due, every few seconds, and once an hour queue reminders and boosters. Several servers may do so at the
    same time: each reminder has a key, and a mail is claimed before it is sent. Nothing that goes wrong ends it."""
    log, reminded = logging.getLogger("course"), None
    while not stop.wait(MAIL_EVERY):
        try:
            with app.app_context():
                config, at = state().config, now()
                if reminded is None or at - reminded >= REMIND_EVERY:
                    reminded = at
                    send_reminders(civil_date(at, config.time_zone))
                    send_boosters(civil_date(at, config.time_zone))
                    with command_session() as session:
                        forget_texts(session, at)
                        forget(session, at)
                deliver(command_session, config.mail_url, config.mail_from, config.public_url, at)
        except Exception:
            log.exception("mail could not be sent")
