"""The issuer: a page for people, and the documents that programs need to verify a certificate independently."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g, make_response, render_template, request

from course.clock import now
from course.credentials import queries
from course.credentials.rules.did_web import did_document, did_web
from course.credentials.rules.documents import document_bytes, issuer_document, key_document
from course.credentials.rules.keys import encode_multikey
from course.credentials.rules.signing import JsonLdDocument
from course.organisation.request_organisation import current_organisation
from course.web.access import public
from course.web.app_state import app_state
from course.web.unit_of_work import db

pages = Blueprint("credentials", __name__)
well_known = Blueprint("did", __name__)
_NUMBER = "int(max=2147483647)"
# Seconds for which caches may keep a copy. A revocation has to be visible soon; a new key has an address of its own.
_PROFILE_MAX_AGE, _LIST_MAX_AGE = 3600, 300


@pages.get("")
@public
def issuer() -> Response:
    """The issuer's profile with the public keys, as JSON; a browser gets a page that explains the profile."""
    own_organisation = current_organisation() or abort(404)
    keys, address = queries.keys(db()), app_state().config.public_url
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        g.here = "verify"
        keys_with_text = [(key, encode_multikey(key.public_bytes)) for key in keys]
        response = make_response(
            render_template(
                "credentials/issuer.html", keys=keys_with_text, issuer=own_organisation.name, did=did_web(address)
            )
        )
    else:
        response = _json_response(
            issuer_document(own_organisation.name, address, keys, now()), "application/json", _PROFILE_MAX_AGE
        )
    response.headers.add("Vary", "Accept")  # not translated: a header
    return response


@well_known.get("/did.json")
@public
def did() -> Response:
    """The DID document of the issuer, at the address that did:web prescribes. It has no name of the organisation."""
    if current_organisation() is None:
        abort(404)
    document = did_document(app_state().config.public_url, queries.numbered_keys(db()), now()) or abort(404)
    return _json_response(document, "application/did+json", _PROFILE_MAX_AGE)


@pages.get(f"/keys/<{_NUMBER}:key_number>")
@public
def key(key_number: int) -> Response:
    """The document of a public key."""
    found = queries.key(db(), key_number) or abort(404)
    return _json_response(key_document(found), "application/json", _PROFILE_MAX_AGE)


@pages.get(f"/status/<{_NUMBER}:list_number>")
@public
def status(list_number: int) -> Response:
    """The signed status list, which says which certificates were revoked."""
    return _public_response(queries.status_list(db(), list_number) or abort(404), "application/vc", _LIST_MAX_AGE)


def _json_response(document: JsonLdDocument, kind: str, seconds: int) -> Response:
    return _public_response(document_bytes(document), kind, seconds)


def _public_response(data: bytes, kind: str, seconds: int) -> Response:
    response = Response(data, mimetype=kind)
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    # Verifiers also run in browsers, on pages of other origins. Nothing here is secret.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.add_etag()
    response.make_conditional(request)
    return response
