"""Security headers, and conditional requests for pages."""

from __future__ import annotations

import hashlib

from flask import Flask, Response, request

# Everything comes from here; no inline script or style, no framing, no form that posts elsewhere.
POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
    "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
))  # fmt: skip


def init(app: Flask, secure: bool) -> None:
    """Add the headers to every response; `secure` when people reach the course over https."""
    fixed = {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }
    if secure:
        fixed["Strict-Transport-Security"] = "max-age=31536000"

    @app.after_request
    def add(response: Response) -> Response:
        response.headers.extend(fixed)
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-cache"
        if request.method == "GET" and response.status_code == 200 and response.mimetype == "text/html":
            # A sign-out must not be undone by a kept page: the browser asks again each time.
            mark = hashlib.blake2b(response.get_data(), digest_size=12).hexdigest()
            response.set_etag(mark)
            response.make_conditional(request)
        return response
