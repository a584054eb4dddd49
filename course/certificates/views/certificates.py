"""Certificates: the holder's own, re-issue, verification by number, and certificate links."""

from __future__ import annotations

from functools import lru_cache

from flask import Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.auth.rules import network_prefix
from course.certificates import actions, queries
from course.certificates.pdf import certificate_pdf
from course.certificates.rules import certificate_languages, certificate_state, normalise_number
from course.certificates.views.page_context import (
    certificate_link,
    certificate_links,
    certified_modules,
    check_address,
    checks,
    pages,
    pathway_name,
    printed_certificate,
    throttle,
    today,
)
from course.certificates.views.wallet import wallet_context
from course.credentials.queries import signed_credential
from course.organisation.queries import logo_at
from course.people.queries import person
from course.signed_links import CertificateLink, read_link
from course.translation import gettext as _
from course.translation import languages, lazy_gettext, ngettext
from course.web.access import Permission, public, requires_permission, sign_in_required
from course.web.app_state import app_state as site_state
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work

# Typesetting needs a processor for a while; a repeated request gets the same bytes.
_cached_pdf = lru_cache(32)(certificate_pdf)
_ALL = "all"  # instead of a language: all of them in one file


@pages.get("")
@sign_in_required
def my_certificates() -> str:
    """The newest certificate of the viewer, and the earlier ones."""
    g.here = "training"
    person_id = current_user.person.id
    found = queries.certificates(db(), person_id)
    number = queries.certificate_link_number(db(), person_id) if found else 0
    link = certificate_link(person_id, number)
    return render_template("certificates/mine.html", certificates=found, link=link, link_number=number)


@pages.get("/<number>")
@sign_in_required
def detail(number: str) -> str:
    """One certificate of the viewer, by its number."""
    g.here = "training"
    own_certificate = queries.certificate(db(), current_user.person.id, number) or abort(404)
    check = queries.check_certificate(db(), number)
    return render_template(
        "certificates/one.html",
        certificate=own_certificate,
        change=check.change if check else None,
        check=check_address(number),
        pathway=pathway_name(own_certificate.pathway),
        modules=certified_modules(own_certificate.sections, own_certificate.language),
        signed=signed_credential(db(), own_certificate.id) is not None,
        wallet=wallet_context(own_certificate.id),
        other_languages=[one for one in languages() if (one,) != certificate_languages(own_certificate.language)],
        all_languages=_all_languages(own_certificate.language),
    )


@pages.post("/of/<int(max=2147483647):person_id>/reissue")
@requires_permission(Permission.MANAGE_PEOPLE)
def reissue(person_id: int) -> WsgiResponse:
    """Re-issue the certificates of a person in the person's current name."""
    holder = person(db(), person_id) or abort(404)
    with unit_of_work() as session:
        count = actions.reissue_in_name(
            signed_in_context(session), person_id, holder.name, lazy_gettext("The holder’s name has changed.")
        )
    flash(
        ngettext(
            "%(num)s certificate issued in the name %(name)s. Those before say that they are replaced.",
            "%(num)s certificates issued in the name %(name)s. Those before say that they are replaced.",
            count,
            name=holder.name,
        )
    )
    return redirect_after_post(url_for("dashboard.person", person_id=person_id))


@checks.get("")
@public
def enter_number() -> Response | WsgiResponse | str:
    """The form for the number of a certificate."""
    g.here = "verify"
    typed = request.args.get("number", "")
    if typed.strip():
        return redirect_after_post(url_for("verify.verify", number=normalise_number(typed) or "-"))
    return render_template("certificates/verify.html", checked=None, number="")


@checks.get("/<number>")
@public
def verify(number: str) -> Response:
    """Whether a certificate is valid, for anybody who has its number.

    The page says what the certificate says, and no more.
    """
    g.here = "verify"
    if not throttle.is_allowed(network_prefix(request.remote_addr)):
        return make_response(render_template("certificates/verify.html", checked=None, number=number, wait=True), 429)
    check = queries.check_certificate(db(), normalise_number(number))
    state = certificate_state(check.certificate.valid_until, check.change, today()) if check else None
    page = render_template("certificates/verify.html", checked=check, number=normalise_number(number), state=state)
    return make_response(page, 200 if check else 404)


@pages.get("/<number>.json")
@sign_in_required
def credential(number: str) -> Response:
    """The signed credential of a certificate as JSON. Here only the holder gets it, as with the PDF."""
    return _credential_response(current_user.person.id, number)


@pages.get("/<number>.pdf")
@sign_in_required
def download(number: str) -> Response:
    """A certificate as PDF, in the languages in which it was issued or in the one that `?language=` names; "all" means all that
    are offered."""
    language = request.args.get("language")
    if language is not None and language not in (*languages(), _ALL):
        abort(404)
    return _pdf_response(current_user.person.id, number, language)


@pages.post("/link/end")
@sign_in_required
def end_link() -> WsgiResponse:
    """End the certificate link of the viewer: it opens nothing any more."""
    return _end_link(current_user.person.id, url_for("certificates.my_certificates"))


@pages.post("/of/<int(max=2147483647):person_id>/link/end")
@requires_permission(Permission.MANAGE_PEOPLE)
def end_person_link(person_id: int) -> WsgiResponse:
    """End the certificate link of a person, also after the person has left."""
    if person(db(), person_id) is None:
        abort(404)
    return _end_link(person_id, url_for("dashboard.person", person_id=person_id))


def _end_link(person_id: int, back: str) -> WsgiResponse:
    # The form names the number of the link, so that a repeated submission does not end the next link as well.
    number = request.form.get("number", type=int)
    with unit_of_work() as session:
        ended = number is not None and actions.end_certificate_link(signed_in_context(session), person_id, number)
    flash(
        _("The link was ended: it opens nothing any more. The link on this page is a new one.")
        if ended
        else _("This link had been ended before. Nothing has changed.")
    )
    return redirect_after_post(back)


class LinkEndedError(Exception):
    """An ended certificate link was opened."""


@certificate_links.errorhandler(LinkEndedError)
def _link_ended_page(_error: LinkEndedError) -> Response:
    text = _(
        "Its holder or an administrator ended it. If they are your certificates, sign in: a new link is under My "
        "certificates. If you have left, ask the organisation that issued them for a new one."
    )
    page = render_template("auth/gone.html", title=_("This link to certificates was ended"), text=text)
    return make_response(page, 410)


def _link_holder(token: str) -> int:
    """The person of a certificate link. Rate limited like the verification by number.

    Aborts with 429 or 404; raises LinkEndedError if the link was ended.
    """
    if not throttle.is_allowed(network_prefix(request.remote_addr)):
        abort(429)
    link = read_link(CertificateLink, token, site_state().config.secret_key) or abort(404)
    if not queries.certificates(db(), link.person_id):
        abort(404)
    if link.number != queries.certificate_link_number(db(), link.person_id):
        raise LinkEndedError
    return link.person_id


@certificate_links.get("/<token>")
@public
def certificates(token: str) -> str:
    """All certificates of the holder of a certificate link, and nothing else."""
    g.here = "verify"
    found = queries.certificates(db(), _link_holder(token)) or abort(404)
    return render_template("certificates/kept.html", certificates=found, token=token)


@certificate_links.get("/<token>/<number>.pdf")
@public
def linked_pdf(token: str, number: str) -> Response:
    """A certificate as PDF, by certificate link."""
    return _pdf_response(_link_holder(token), number)


@certificate_links.get("/<token>/<number>.json")
@public
def linked_credential(token: str, number: str) -> Response:
    """The signed credential of a certificate, by certificate link."""
    return _credential_response(_link_holder(token), number)


def _credential_response(person_id: int, number: str) -> Response:
    found = queries.certificate(db(), person_id, number) or abort(404)
    response = Response(signed_credential(db(), found.id) or abort(404), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="certificate-{found.number}.json"'
    return response


def _all_languages(stored: str | None) -> tuple[str, ...]:
    """All languages that are offered, those of the certificate first; none if it has all of them, or if there is only one."""
    own = certificate_languages(stored)
    others = tuple(language for language in languages() if language not in own)
    return (*own, *others) if others else ()


def _pdf_response(person_id: int, number: str, language: str | None = None) -> Response:
    """The PDF in `language`, by default in the languages in which the certificate was issued."""
    found = queries.certificate(db(), person_id, number) or abort(404)
    check = queries.check_certificate(db(), number) or abort(404)
    wanted = (language,) if language else certificate_languages(found.language)
    if language == _ALL:
        wanted = _all_languages(found.language) or certificate_languages(found.language)
    printed, *others = (printed_certificate(check, one) for one in wanted)
    # The logo is that of the day of issue: an issued certificate does not change with the settings.
    logo = logo_at(db(), found.issued_at)
    credential = signed_credential(db(), found.id)
    response = Response(_cached_pdf(printed, credential, logo, tuple(others)), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="certificate-{found.number}.pdf"'
    return response
