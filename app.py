"""The application: puts together settings, content, database, features and event handlers."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from config import Config
from course import event_handlers
from course.analytics import views as analytics
from course.api import views as api
from course.api_tokens import access as api_token_access
from course.api_tokens import views as api_tokens
from course.audit import commands as audit_commands
from course.audit_search import views as audit_search
from course.auth import commands as signin_commands
from course.auth import sign_in_session as signin_session
from course.auth import views as auth
from course.auth.rules import SESSION_LIFETIME
from course.backups import commands as backup_commands
from course.bulk_changes import views as bulk_changes
from course.calendars import views as calendars
from course.certificates import commands as certificate_commands
from course.certificates import views as certificates
from course.certificates.actions import COURSE_TITLES
from course.clock import now
from course.cmi5 import commands as cmi5_commands
from course.cmi5 import views as cmi5
from course.content import commands as content_commands
from course.content import views as content
from course.content.library import Library, load_library
from course.content.rendering import text_language
from course.content.schema import NATIONS, SETTINGS
from course.context import ZONE_KEY
from course.credentials import commands as credential_commands
from course.credentials import views as credentials
from course.credentials.rules.documents import SigningSettings
from course.dashboard import views as dashboard
from course.db import make_engine
from course.demo import commands as demo_commands
from course.evidence import commands as evidence_commands
from course.evidence import views as evidence
from course.external_certificates import views as external_certificates
from course.health import commands as health_commands
from course.health import figures as health_figures
from course.health import jobs as health_jobs
from course.health import views as health
from course.help_requests import views as help_requests
from course.identity_providers import commands as provider_commands
from course.identity_providers import views as identity_providers
from course.import_folder import commands as import_folder_commands
from course.import_folder import views as import_folder
from course.join_requests import views as join_requests
from course.learning import views as learning
from course.lti import views as lti
from course.lti_services import views as lti_services
from course.mail import commands as mail_commands
from course.mail import views as mail
from course.mail.message_templates import MailRenderer
from course.milestones import views as milestones
from course.offline import views as offline
from course.operations import commands as system_commands
from course.operations import views as operations
from course.organisation import views as organisation
from course.pairs import views as pairs
from course.people import views as people
from course.people_import import views as people_import
from course.preview import views as preview
from course.printed_modules import views as printed_modules
from course.privacy import commands as privacy_commands
from course.privacy import views as privacy
from course.public_addresses import PublicAddresses
from course.question_exchange import commands as _question_commands  # noqa: F401 (adds to `flask content`)
from course.question_exchange import views as question_exchange
from course.recertification import commands as refresher_commands
from course.recertification import views as recertification
from course.refreshers import commands as recall_commands
from course.refreshers import views as refreshers
from course.reminders import commands as reminder_commands
from course.reminders import views as reminders
from course.reports import commands as report_commands
from course.reports import views as reports
from course.scheduled_reports import views as scheduled_reports
from course.scim import views as scim
from course.scorm import commands as scorm_commands
from course.scorm import views as scorm
from course.server import commands as serving_commands
from course.server.jobs import REGISTRY
from course.server.settings_check import settings_warnings
from course.standings import commands as standings_commands
from course.supervised_sessions import views as supervised_sessions
from course.teams import views as teams
from course.training_records import views as training_records
from course.translation import languages
from course.web import (
    access,
    addresses,
    csrf,
    database_check,
    errors,
    input_guard,
    language_switch,
    metrics,
    night_shift,
    proxy_checks,
    request_language,
    request_log,
    security_headers,
    static_files,
    template_filters,
    unit_of_work,
    uploads,
)
from course.web.session_cookie import SignedSessionInterface
from course.web.template_bytecode import TemplateBytecode
from course.web.url_rules import LazyRule
from course.webhooks import views as webhooks
from course.xapi import views as xapi

PACKAGE = Path(__file__).resolve().parent / "course"
REGISTRY.add(health_jobs.JOBS)  # this feature stands above the registry
scorm_commands.extend_content_commands()  # and this one above content
# The pages of each feature, with the prefix of their addresses.
BLUEPRINTS = (
    (auth.pages, ""),
    (dashboard.pages, ""),
    (learning.pages, ""),
    (pairs.pages, ""),
    (calendars.pages, "/calendar"),
    (certificates.pages, "/certificate"),
    (certificates.checks, "/verify"),
    (certificates.certificate_links, "/kept"),
    (certificates.wallet_links, "/wallet"),
    (credentials.pages, "/issuer"),
    (credentials.well_known, "/.well-known"),
    (content.pages, ""),
    (mail.pages, "/mail"),
    (privacy.pages, ""),
    (organisation.pages, ""),
    (people.pages, "/people"),
    (people_import.pages, "/people/import"),
    (import_folder.pages, "/people/import/folder"),
    (bulk_changes.pages, "/people/many"),
    (teams.pages, "/teams"),
    (join_requests.pages, ""),
    (recertification.pages, "/renewal"),
    (external_certificates.pages, "/passport"),
    (identity_providers.pages, ""),
    (analytics.pages, "/insight"),
    (reports.pages, "/report"),
    (scheduled_reports.pages, "/report/mail"),
    (preview.pages, "/preview"),
    (question_exchange.pages, "/content/questions"),
    (training_records.pages, ""),
    (evidence.pages, "/evidence"),
    (evidence.checks, "/verify/pack"),
    (refreshers.pages, ""),
    (milestones.pages, ""),
    (help_requests.pages, ""),
    (audit_search.pages, "/audit"),
    (operations.pages, ""),
    (api_tokens.pages, "/system/tokens"),
    (api.pages, "/api/v1"),
    (scim.pages, "/system/scim"),
    (scim.protocol, ""),
    (health.pages, ""),
    (offline.pages, ""),
    (reminders.pages, "/reminders"),
    (supervised_sessions.pages, ""),
    (printed_modules.pages, ""),
    (webhooks.pages, "/system/webhooks"),
    (lti.pages, ""),
    (lti.protocol, "/lti"),
    (scorm.pages, "/system/scorm"),
    (xapi.pages, "/system/xapi"),
    (cmi5.pages, ""),
    (lti_services.pages, "/platforms"),
)
CLI_COMMANDS = (
    audit_commands.group,
    backup_commands.database_group,
    backup_commands.group,
    backup_commands.upgrade_command,
    certificate_commands.group,
    cmi5_commands.group,
    content_commands.group,
    credential_commands.group,
    demo_commands.group,
    evidence_commands.group,
    health_commands.doctor_command,
    import_folder_commands.people_group,
    mail_commands.group,
    privacy_commands.group,
    provider_commands.group,
    recall_commands.group,
    recall_commands.updates,
    refresher_commands.group,
    reminder_commands.group,
    report_commands.group,
    signin_commands.group,
    serving_commands.serve_command,
    standings_commands.group,
    system_commands.jobs_group,
    system_commands.system_group,
    serving_commands.worker_command,
)


class CourseApplication(Flask):
    """Flask without its check for coroutines: no view or hook of the course is one, and Flask checks each at every request.
    Its rules compile what builds their address when it is needed."""

    url_rule_class = LazyRule

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


@dataclass(frozen=True)
class AppState:
    """What views need besides their request; stored as `current_app.extensions["course"]` (see web/app_state.py)."""

    config: Config
    library: Library
    engine: Engine
    public_address: PublicAddresses
    mail_renderer: MailRenderer


def create_app(config: Config | None = None) -> Flask:
    """The application. Creating it writes nothing to the database and sends nothing.

    Raises ConfigError or ContentError, each with all errors at once.
    """
    config = config or Config.read()
    app = CourseApplication(
        "course", root_path=str(PACKAGE), static_folder=None, template_folder=str(PACKAGE / "templates")
    )
    app.config.update(_flask_settings(config))
    app.jinja_options = {"bytecode_cache": TemplateBytecode(PACKAGE / "templates", PACKAGE), **app.jinja_options}
    app.session_interface = SignedSessionInterface(app)
    engine = make_engine(config.database_url, config.threads)
    library, public_address = _load_library(config.content), PublicAddresses(app.url_map, config.public_url)
    renderer = MailRenderer(library.course.title, public_address, config.time_zone, lambda: library.usual_length)
    app.extensions["course"] = AppState(config, library, engine, public_address, renderer)
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    # Functions after the request run in reverse order: security headers see the complete response.
    request_log.init(app)
    _init_metrics(app, config)
    static_files.init(app, PACKAGE / "static", PACKAGE.parent / "instance" / "static")
    security_headers.init(app, config.secure)
    proxy_checks.init(app)
    signing_settings = SigningSettings(config.secret_key, config.public_url, config.time_zone)
    replica = make_engine(config.database_read_url, config.threads) if config.database_read_url else None
    titles = {one: title for one in languages() if text_language(title := library.in_language(one).course.title) == one}
    known = {"signing_settings": signing_settings, ZONE_KEY: config.time_zone, COURSE_TITLES: titles}
    unit_of_work.init(app, engine, known, replica)
    database_check.init(app, engine, config.database_url, lambda: settings_warnings(now()))
    errors.init(app)
    signin_session.init(app)
    identity_providers.sign_in.init(app)
    cmi5.init(app)
    lti.accounts.init(app)
    auth.proof.init(app)
    uploads.init(app)
    input_guard.init(app)
    request_language.init(app)  # before what refuses a request, so that the refusal is in its language
    language_switch.init(app)
    night_shift.init(app)
    supervised_sessions.kiosk.init(app)  # before what checks forms and access: nobody may sit there any more
    csrf.init(app)
    api_token_access.init(app)
    access.init(app)
    addresses.init(app)
    template_filters.init(app.jinja_env, config.time_zone)
    app.jinja_env.globals.update(setting_names=SETTINGS, nation_names=NATIONS)
    app.jinja_env.filters["nation"] = NATIONS.__getitem__
    for pages, prefix in BLUEPRINTS:
        app.register_blueprint(pages, url_prefix=prefix or None)
    for group in CLI_COMMANDS:
        app.cli.add_command(group)
    app.context_processor(organisation.page_context)
    event_handlers.register_handlers()
    return app


def _flask_settings(config: Config) -> dict[str, Any]:
    """What Flask and its extensions are told."""
    return {
        "SECRET_KEY": config.secret_key,
        "MAX_CONTENT_LENGTH": 256 * 1024,
        "SESSION_COOKIE_NAME": "__Host-course" if config.secure else "course",
        "SESSION_COOKIE_SECURE": config.secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": SESSION_LIFETIME,
        "SESSION_REFRESH_EACH_REQUEST": False,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": config.secure,
        "PREFERRED_URL_SCHEME": "https" if config.secure else "http",
    }


def _init_metrics(app: Flask, config: Config) -> None:
    """Count requests for a monitoring program, if there is an address for it."""
    if config.metrics_address is not None:
        metrics.init(app)
        health_figures.init(app, now)


def _load_library(folder: Path) -> Library:
    """The content library. Garbage collection is off while it loads: nothing can be freed, and looking takes a tenth of the
    start."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        return load_library(folder)
    finally:
        if enabled:
            gc.enable()
