"""External certificates: uploading a certificate of another organisation that runs this course, and trusted issuers."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, make_response, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.auth.rate_limits import RateLimiter
from course.clock import now
from course.content.loaded_course import library
from course.credentials.rules.checking import check_credential, extract_credential
from course.credentials.rules.documents import issuer_address
from course.dates import civil_date
from course.external_certificates import actions, queries
from course.external_certificates.forms import CertificateUploadForm, EndTrustForm, TrustIssuerForm
from course.external_certificates.revocation_fetch import fetch
from course.external_certificates.rules import upload_refusal
from course.recertification.queries import people, policies
from course.recertification.rules import certification_status
from course.recertification.rules.civil_dates import long_date
from course.recertification.rules.pathway_policy import policies_for_person
from course.recertification.rules.policy import policy_or_first
from course.translation import gettext as _
from course.translation import lazy_gettext
from course.web.access import Permission, requires_permission, sign_in_required
from course.web.app_state import app_state, runs_locally
from course.web.recent_sign_in import needs_recent_sign_in
from course.web.redirects import redirect_after_post
from course.web.sandbox import SandboxBusyError, SandboxError, SandboxLimitError, SandboxLimits, read_in_sandbox
from course.web.unit_of_work import db, discard_request_state, signed_in_context, unit_of_work

pages = Blueprint("external_certificates", __name__)
# Each upload may contact another server: nobody needs more than a few.
_throttle = RateLimiter("external certificates", 10, 600)
# A certificate of this course is a few hundred kilobytes, and is read in less than a second.
_LIMITS = SandboxLimits(seconds=8, memory=400, result=1)
_TOO_COSTLY = lazy_gettext(
    "This file is too large or complex to read. Ask for the signed file (JSON) instead of the PDF, or show the "
    "certificate to your manager, who can record it."
)
_NO_CREDENTIAL = lazy_gettext(
    "This file has no signed certificate for this course. Ask for the PDF or the signed file again."
)


@pages.route("", methods=["GET", "POST"])
@sign_in_required
def upload() -> Response | WsgiResponse:
    """Upload a certificate. It is accepted at once, or the page says why not."""
    g.here = "training"
    form, refusal = CertificateUploadForm(), None
    if form.validate_on_submit():
        refusal = _accept_upload(form.file.data.read())
        if refusal is None:
            return redirect_after_post(url_for("recertification.my_certification"))
    page = render_template(
        "external_certificates/upload.html", form=form, why=refusal, issuers=queries.trusted_issuers(db())
    )
    return make_response(page, 422 if form.errors or refusal else 200)


def _accept_upload(data: bytes) -> str | None:
    """Accept the certificate in a file. Returns the reason for refusing it, or None."""
    person = current_user.person
    if not _throttle.is_allowed(str(person.id)):
        return _("You have tried too many times. Wait 10 minutes.")
    # The database is read only afterwards: else a connection would be held meanwhile.
    try:
        document = read_in_sandbox(extract_credential, data, limits=_LIMITS)
    except SandboxBusyError as error:
        return str(error)
    except SandboxLimitError:
        return _TOO_COSTLY
    except SandboxError:
        document = None
    if document is None:
        return _NO_CREDENTIAL
    config, at = app_state().config, now()
    today, issuers = civil_date(at, config.time_zone), queries.trusted_issuers(db())
    verdict = check_credential(document, [key for trusted in issuers for key in trusted.issuer.keys], at)
    policy_versions = policies(db(), config.time_zone)
    facts = people(db(), config.time_zone, [person.id])[0].facts
    max_age_months = (
        policy_or_first(policies_for_person(policy_versions, facts.pathways), today).import_age_months
        if policy_versions
        else None
    )
    own_issuer = issuer_address(config.public_url)
    refusal = upload_refusal(verdict, person.name, library().course.title, own_issuer, max_age_months, today)
    claims = verdict.claims
    if refusal is not None or claims is None:
        return refusal
    issuer = next(trusted.issuer for trusted in issuers if trusted.issuer.address == claims.issuer)
    discard_request_state()  # releases the database connection while the other server is contacted
    refusal = actions.revocation_refusal(document, issuer, _fetch_status_list)
    if refusal is not None:
        return refusal
    try:
        with unit_of_work() as session:
            accepted = actions.accept_certificate(signed_in_context(session, at), claims, document)
    except ValueError as error:
        return str(error)
    flash(
        _accepted_message(person.id, claims.organisation)
        if accepted
        else _("This certificate already counts. Nothing has changed.")
    )
    return None


def _fetch_status_list(address: str) -> bytes:
    """Fetch a status list. This machine may be contacted only if the course itself is tried out on it."""
    return fetch(address, allow_local=runs_locally())


def _accepted_message(person_id: int, organisation: str) -> str:
    zone = app_state().config.time_zone
    facts = people(db(), zone, [person_id])[0].facts
    until = certification_status(facts, policies(db(), zone), civil_date(now(), zone)).valid_until
    if until is None:
        return _("Your certificate from %(organisation)s counts here.", organisation=organisation)
    return _(
        "Your certificate from %(organisation)s counts here until %(day)s.",
        organisation=organisation,
        day=long_date(until),
    )


@pages.route("/issuers", methods=["GET", "POST"])
@requires_permission(Permission.MANAGE_ORGANISATION)
@needs_recent_sign_in
def issuers() -> Response | WsgiResponse:
    """The trusted issuers, and the form to trust another one."""
    g.here = "organisation"
    form = TrustIssuerForm()
    if form.validate_on_submit():
        try:
            profile, reason = form.profile.data or "", form.reason.data or ""
            with unit_of_work() as session:
                issuer = actions.trust_issuer(signed_in_context(session), profile, reason, runs_locally())
        except actions.IssuerAlreadyTrustedError as error:
            flash(
                _(
                    "Certificates from %(name)s already count with this profile. Nothing has changed.",
                    name=error.issuer.name,
                )
            )
            return redirect_after_post(url_for("external_certificates.issuers"))
        except ValueError as error:
            form.profile.errors = [_("This cannot be used: %(error)s.", error=error)]
        else:
            flash(_("Certificates from %(name)s now count.", name=issuer.name))
            return redirect_after_post(url_for("external_certificates.issuers"))
    page = render_template(
        "external_certificates/issuers.html",
        form=form,
        end=EndTrustForm(formdata=None),
        issuers=queries.trusted_issuers(db()),
    )
    return make_response(page, 422 if form.errors else 200)


@pages.post("/issuers/<int(max=2147483647):issuer_id>/end")
@requires_permission(Permission.MANAGE_ORGANISATION)
@needs_recent_sign_in
def end_trust(issuer_id: int) -> WsgiResponse:
    """Accept no new certificates of an organisation from now on."""
    form = EndTrustForm()
    if not form.validate_on_submit():
        flash(_("Enter a short reason, then stop accepting its certificates."))
    elif _distrust_issuer(issuer_id, form.reason.data or ""):
        flash(_("New certificates from this organisation no longer count. Earlier ones still count."))
    else:
        flash(_("This had already been stopped. Nothing has changed."))
    return redirect_after_post(url_for("external_certificates.issuers"))


def _distrust_issuer(issuer_id: int, reason: str) -> bool:
    with unit_of_work() as session:
        return actions.distrust_issuer(signed_in_context(session), issuer_id, reason)
