"""The description of the API: as an OpenAPI document for programs, and as a page for people."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache

from flask import Response, g, render_template, request
from werkzeug.wrappers import Response as WsgiResponse

from course.api.rules.document import REFUSALS, openapi_document
from course.api.rules.reference import described_addresses
from course.api.views.answering import JSON, pages
from course.api_tokens.access import REQUESTS_PER_WINDOW, WINDOW_SECONDS
from course.web.access import public
from course.web.app_state import app_state

_EXAMPLE = 'curl -H "Authorization: Bearer TOKEN" %s/status?limit=500'  # not translated: a command


@pages.get("/openapi.json")
@public
def openapi() -> WsgiResponse:
    """The OpenAPI document. It names nobody."""
    content = _document(app_state().config.public_url)
    response = Response(content, content_type=JSON)
    response.set_etag(hashlib.blake2b(content, digest_size=12).hexdigest())
    return response.make_conditional(request)


@pages.get("/docs")
@public
def docs() -> str:
    """The same for people."""
    g.here = "organisation"
    document = json.loads(_document(app_state().config.public_url))
    return render_template(
        "api/docs.html",
        addresses=list(described_addresses(document)),
        example=_EXAMPLE % document["servers"][0]["url"],
        refusals=REFUSALS,
        requests=REQUESTS_PER_WINDOW,
        seconds=WINDOW_SECONDS,
    )


@lru_cache(maxsize=4)
def _document(public_url: str) -> bytes:
    return json.dumps(openapi_document(public_url), ensure_ascii=False).encode()
