"""Certificates into wallets: the picture with the signed file in it, and the link at which a wallet fetches that file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from flask import Response, abort, flash, g, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as WsgiResponse

from course.auth.rules import network_prefix
from course.certificates import actions, queries
from course.certificates.badge_picture import badge_picture
from course.certificates.rules import certificate_state
from course.certificates.typesetting import PictureKind
from course.certificates.views.page_context import pages, printed_certificate, throttle, today, wallet_links
from course.credentials.queries import signed_credential
from course.signed_links import WalletAddress, read_link, sign_link
from course.translation import gettext as _
from course.web.access import public, sign_in_required
from course.web.addresses import public_url_for
from course.web.app_state import app_state
from course.web.forms import sent_numbers
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, signed_in_context, unit_of_work

# The same picture is asked for again at once when a page shows it and somebody saves it.
_cached_picture = lru_cache(16)(badge_picture)
_PICTURE_TYPES: dict[PictureKind, str] = {"png": "image/png", "svg": "image/svg+xml"}
# The first is what a client gets that takes anything. The name of the type comes from the data model of credentials, 2.0.
_JSON_TYPES = ("application/json", "application/vc", "application/ld+json", "application/vc+ld+json")


@dataclass(frozen=True)
class WalletLinkView:
    """The wallet link of a certificate; `number` and `address` are None if it has none."""

    number: int | None
    address: str | None


def wallet_context(certificate_id: int) -> WalletLinkView:
    """The valid wallet link of a certificate, for the page of its holder."""
    number = queries.wallet_link_number(db(), certificate_id)
    if number is None:
        return WalletLinkView(None, None)
    token = sign_link(WalletAddress(certificate_id, number), app_state().config.secret_key)
    return WalletLinkView(number, public_url_for("wallet.fetch", token=token))


@pages.get("/<number>.png")
@sign_in_required
def picture(number: str) -> Response:
    """A certificate of the viewer as a picture with the signed file in it; with the holder's name if `?name=yes` asks for it."""
    return _picture_response(number, "png")


@pages.get("/<number>.svg")
@sign_in_required
def drawing(number: str) -> Response:
    """The same as a drawing, which is sharp in every size."""
    return _picture_response(number, "svg")


def _picture_response(number: str, kind: PictureKind) -> Response:
    found = queries.certificate(db(), current_user.person.id, number) or abort(404)
    credential = signed_credential(db(), found.id) or abort(404)
    printed = printed_certificate(queries.check_certificate(db(), number) or abort(404))
    data = _cached_picture(printed, credential, kind, request.args.get("name") == "yes")
    response = Response(data, mimetype=_PICTURE_TYPES[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="certificate-{found.number}.{kind}"'
    return response


@pages.post("/<number>/wallet-link")
@sign_in_required
def make_wallet_link(number: str) -> WsgiResponse:
    """Make a link at which a wallet may fetch the signed file of a certificate of the viewer."""
    found = queries.certificate(db(), current_user.person.id, number) or abort(404)
    if signed_credential(db(), found.id) is None:
        abort(404)
    try:
        with unit_of_work() as session:
            made = actions.make_wallet_link(signed_in_context(session), number)
    except ValueError:
        flash(
            _(
                "This certificate does not count any more, so there is no link for it. Make one for the newer certificate."
            )
        )
    else:
        flash(
            _("The link was made. Anyone who has it can fetch the certificate, with your name, until you end it.")
            if made
            else _("There was a link already. It is on this page.")
        )
    return redirect_after_post(url_for("certificates.detail", number=number))


@pages.post("/<number>/wallet-link/end")
@sign_in_required
def end_wallet_link(number: str) -> WsgiResponse:
    """End the wallet link of a certificate of the viewer."""
    if queries.certificate(db(), current_user.person.id, number) is None:
        abort(404)
    links = sent_numbers("link")
    with unit_of_work() as session:
        ended = bool(links) and actions.end_wallet_link(signed_in_context(session), number, links[0])
    flash(
        _("The link was ended: a wallet can fetch nothing with it any more. What it fetched before, it keeps.")
        if ended
        else _("This link had been ended before. Nothing has changed.")
    )
    return redirect_after_post(url_for("certificates.detail", number=number))


@wallet_links.get("/<token>")
@public
def fetch(token: str) -> Response:
    """The signed file of the certificate that a wallet link opens, as JSON; a browser gets a page that explains it.

    410 for a link that was ended. The file of a certificate that was replaced or revoked is still sent: its status list says
    that it does not count, and a wallet looks there.
    """
    if not throttle.is_allowed(network_prefix(request.remote_addr)):
        abort(429)
    link = read_link(WalletAddress, token, app_state().config.secret_key) or abort(404)
    check = queries.linked_certificate(db(), link.certificate_id) or abort(404)
    asked = request.accept_mimetypes.best_match([*_JSON_TYPES, "text/html"], "application/json")
    is_valid = queries.wallet_link_number(db(), link.certificate_id) == link.number
    if asked == "text/html":
        response = _page(token, check) if is_valid else _ended_page()
    elif not is_valid:
        problem = _("The holder of the certificate ended this link.")
        response = make_response({"title": problem, "status": 410}, 410)
        response.mimetype = "application/problem+json"
    else:
        response = Response(signed_credential(db(), link.certificate_id) or abort(404), mimetype=asked)
    response.headers.add("Vary", "Accept")  # not translated: a header
    # Some wallets are pages of another origin. Whoever has the address may have the file.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _page(token: str, check: queries.CertificateCheck) -> Response:
    g.here = "verify"
    state = certificate_state(check.certificate.valid_until, check.change, today())
    address = public_url_for("wallet.fetch", token=token)
    return make_response(
        render_template("certificates/wallet.html", certificate=check.certificate, state=state, address=address)
    )


def _ended_page() -> Response:
    g.here = "verify"
    text = _(
        "The holder of the certificate ended this link. Ask them for a new one, or for the number of the certificate."
    )
    page = render_template("auth/gone.html", title=_("This link to a certificate was ended"), text=text)
    return make_response(page, 410)
