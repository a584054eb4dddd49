"""My certificates: a page and a PDF for each."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from functools import lru_cache

from flask import Blueprint, Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response as WsgiResponse

from course.auth.rules import network_prefix
from course.certificates import actions, queries
from course.certificates.pdf import PrintedCertificate, certificate_pdf
from course.certificates.rules import certificate_state, normalise_number
from course.certificates.signed_links import create_link_token, read_link_number, read_person_id
from course.clock import now
from course.content.loaded_course import library
from course.content.schema import SETTINGS
from course.credentials.queries import signed_credential
from course.dates import civil_date
from course.organisation.queries import logo_at
from course.people.queries import person
from course.web.access import Permission, public, requires_permission, sign_in_required
from course.web.app_state import app_state as site_state
from course.web.rate_limit import RateLimiter
from course.web.redirects import redirect_after_post
from course.web.template_filters import format_date, plural
from course.web.template_filters import format_minutes as hours
from course.web.unit_of_work import db, unit_of_work

pages = Blueprint("certificates", __name__)
checks = Blueprint("verify", __name__)
certificate_links = Blueprint("kept", __name__)
# Numbers cannot be guessed in a lifetime; this keeps a machine from trying.
_throttle = RateLimiter(60, 60)
# Setting takes a processor, one sheet after the other; asked for again it is the same bytes.
_cached_pdf = lru_cache(32)(certificate_pdf)


@pages.get("")
@sign_in_required
def my_certificates() -> str:
    """The newest certificate, and the earlier ones."""
    g.here = "training"
    found = queries.certificates(db(), current_user.person.id)
    return render_template("certificates/mine.html", certificates=found)


@pages.get("/<number>")
@sign_in_required
def detail(number: str) -> str:
    """One certificate of mine, by its number."""
    g.here = "training"
    found = queries.certificate(db(), current_user.person.id, number) or abort(404)
    checked = queries.check_certificate(db(), number)
    return render_template(
        "certificates/one.html",
        certificate=found,
        change=checked.change if checked else None,
        check=check_address(number),
        pathway=pathway_name(found.pathway),
        signed=signed_credential(db(), found.id) is not None,
    )


def check_address(number: str) -> str:
    """Where anyone can check this certificate: the address of the course as it is set up."""
    return str(site_state().config.public_url) + url_for("verify.verify", number=number)


def pathway_name(pathway: str | None) -> str:
    """A pathway in words; empty for a certificate that was issued before there were any."""
    return {str(name): words for name, words in SETTINGS.items()}.get(pathway or "", "")


@pages.app_context_processor
def _reissue_context() -> dict[str, object]:
    """`certificates_in_another_name()` for the page of a person: asked for only where it is shown."""
    return {"certificates_in_another_name": _render_other_names}


def _render_other_names(person_id: int, name: str) -> Markup:
    found = queries.certificates_in_another_name(db(), person_id, name)
    page = render_template("certificates/other_name.html", certificates=found, person_id=person_id, name=name)
    return Markup(page)  # noqa: S704


@pages.post("/of/<int(max=2147483647):person_id>/reissue")
@requires_permission(Permission.MANAGE_PEOPLE)
def reissue(person_id: int) -> WsgiResponse:
    """Issue somebody's certificates anew in the name that they have now."""
    holder = person(db(), person_id) or abort(404)
    with unit_of_work() as session:
        count = actions.reissue_in_name(
            session, person_id, holder.name, "The holder’s name has changed.", current_user.person.id, now()
        )
    flash(f"{plural(count, 'certificate')} issued in the name {holder.name}. Those before say that they are replaced.")
    return redirect_after_post(f"/people/{person_id}")


@checks.get("")
@public
def enter_number() -> Response | WsgiResponse | str:
    """Where somebody types the number of a certificate."""
    g.here = "verify"
    typed = request.args.get("number", "")
    if typed.strip():
        return redirect_after_post(url_for("verify.verify", number=normalise_number(typed) or "-"))
    return render_template("certificates/verify.html", checked=None, number="")


@checks.get("/<number>")
@public
def verify(number: str) -> Response:
    """Whether a certificate is valid, in words, for anyone who has its number. It says what the certificate
    says, and no more."""
    g.here = "verify"
    if not _throttle.allows(network_prefix(request.remote_addr), time.monotonic()):
        return make_response(render_template("certificates/verify.html", checked=None, number=number, wait=True), 429)
    found = queries.check_certificate(db(), normalise_number(number))
    stands = certificate_state(found.certificate.valid_until, found.change, _today()) if found else None
    page = render_template("certificates/verify.html", checked=found, number=normalise_number(number), state=stands)
    return make_response(page, 200 if found else 404)


def _today() -> date:
    return civil_date(now(), site_state().config.time_zone)


@pages.get("/<number>.json")
@sign_in_required
def credential(number: str) -> Response:
    """The same as a signed file, for programs. Only its holder gets it from here, as with the PDF."""
    return _credential_response(current_user.person.id, number)


@pages.get("/<number>.pdf")
@sign_in_required
def download(number: str) -> Response:
    """The same to print and to send."""
    return _pdf_response(current_user.person.id, number)


@pages.app_context_processor
def _link_context() -> dict[str, object]:
    """`kept_link(person_id)`: for their holder, and for whoever writes down that they leave; `kept_link_number` says which
    of their links that is."""
    return {
        "kept_link": certificate_link,
        "kept_link_number": lambda person_id: queries.certificate_link_number(db(), person_id),
    }


def certificate_link(person_id: int) -> str:
    """Where somebody opens their certificates without signing in, also after they have left."""
    token = create_link_token(
        person_id, site_state().config.secret_key, queries.certificate_link_number(db(), person_id)
    )
    return str(site_state().config.public_url) + url_for("kept.certificates", token=token)


@pages.post("/link/end")
@sign_in_required
def end_link() -> WsgiResponse:
    """End the link to my certificates: whoever has it opens nothing any more."""
    return _end_link(current_user.person.id, url_for("certificates.my_certificates"))


@pages.post("/of/<int(max=2147483647):person_id>/link/end")
@requires_permission(Permission.MANAGE_PEOPLE)
def end_person_link(person_id: int) -> WsgiResponse:
    """End somebody's link to their certificates, also after they have left."""
    if person(db(), person_id) is None:
        abort(404)
    return _end_link(person_id, f"/people/{person_id}")


def _end_link(person_id: int, back: str) -> WsgiResponse:
    # The form says which link it means: pressed twice, it does not end the next one as well.
    number = request.form.get("number", type=int)
    with unit_of_work() as session:
        ended = number is not None and actions.end_certificate_link(
            session, person_id, number, current_user.person.id, now()
        )
    flash(
        "The link was ended: it opens nothing any more. The link on this page is a new one."
        if ended
        else "This link had been ended before. Nothing has changed."
    )
    return redirect_after_post(back)


class LinkEndedError(Exception):
    """A link to certificates that was ended is opened."""


@certificate_links.errorhandler(LinkEndedError)
def _link_ended_page(_error: LinkEndedError) -> Response:
    text = (
        "Its holder or an administrator ended it. If they are your certificates, sign in: a new link is under My "
        "certificates. If you have left, ask the organisation that issued them for a new one."
    )
    page = render_template("auth/gone.html", title="This link to certificates was ended", text=text)
    return make_response(page, 410)


def _link_holder(token: str) -> int:
    """Whose link it is; asked as seldom as a number may be."""
    if not _throttle.allows(network_prefix(request.remote_addr), time.monotonic()):
        abort(429)
    secret = site_state().config.secret_key
    person_id = read_person_id(token, secret) or abort(404)
    if not queries.certificates(db(), person_id):
        abort(404)
    if read_link_number(token, secret) != queries.certificate_link_number(db(), person_id):
        raise LinkEndedError
    return person_id


@certificate_links.get("/<token>")
@public
def certificates(token: str) -> str:
    """All certificates of whoever was given this link, and nothing else."""
    g.here = "verify"
    found = queries.certificates(db(), _link_holder(token)) or abort(404)
    return render_template("certificates/kept.html", certificates=found, token=token)


@certificate_links.get("/<token>/<number>.pdf")
@public
def linked_pdf(token: str, number: str) -> Response:
    """One of them to print and to send."""
    return _pdf_response(_link_holder(token), number)


@certificate_links.get("/<token>/<number>.json")
@public
def linked_credential(token: str, number: str) -> Response:
    """One of them as a signed file."""
    return _credential_response(_link_holder(token), number)


def _credential_response(person_id: int, number: str) -> Response:
    found = queries.certificate(db(), person_id, number) or abort(404)
    response = Response(signed_credential(db(), found.id) or abort(404), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="certificate-{found.number}.json"'
    return response


def _pdf_response(person_id: int, number: str) -> Response:
    found = queries.certificate(db(), person_id, number) or abort(404)
    shown = PrintedCertificate(
        name=found.name,
        course=found.course,
        organisation=found.organisation,
        edition=found.edition,
        version=found.content_version,
        number=found.number,
        completed=format_date(found.completed_on),
        valid=format_date(found.valid_until),
        notice=str(library().course.notice),
        pathway=pathway_name(found.pathway),
        length=f"about {hours(found.minutes)}" if found.minutes else "",
        sections=tuple((found.sections or "").splitlines()),
        check=check_address(found.number),
        issued=found.issued_at,
    )
    if found.kind == "refresher":
        shown = replace(
            shown, did="renewed the course by a refresher", how="with a story, and a right answer on every point"
        )
    # That of the day of issue: what somebody holds does not change its look with the settings.
    logo = logo_at(db(), found.issued_at)
    response = Response(_cached_pdf(shown, signed_credential(db(), found.id), logo), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="certificate-{found.number}.pdf"'
    return response
