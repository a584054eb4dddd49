"""Without a network: the service worker, the page "Offline", which pages a device keeps, and answers that it sends later.

A device that was offline sends an answer to the same address as the page would have, with the header KEPT_HEADER. It gets
no page, but a receipt: whether the answer was saved, and words for its reader if it was not.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response, render_template, request, session

from course.learning import queries
from course.learning.views.page_context import course_progress, reader_id, step_address
from course.offline.rules import KEPT_HEADER, KeptPart, addresses_to_keep, receipt
from course.translation import SOURCE_LANGUAGE, html_language, languages
from course.translation import gettext as _
from course.web.access import public, sign_in_required
from course.web.addresses import url_for
from course.web.csrf import NO_OWNER, csrf_token, form_owner
from course.web.static_files import static_addresses, static_version
from course.web.unit_of_work import db, has_committed

pages = Blueprint("offline", __name__)
HELP_PAGES = ("organisation.concern", "organisation.first_hour", "offline.page")
# Which static files a device keeps from the start; the others when they are first used.
FILES_KEPT = (".css", ".js", ".svg", ".woff2")
_FLASHES = "_flashes"  # where Flask keeps messages in the session


@pages.get("/service-worker.js")
@public
def service_worker() -> Response:
    """The service worker: what it has to know, and the address of its script. Its text changes with the static files."""
    told = {
        "version": static_version(),
        "files": [address for address in static_addresses() if address.endswith(FILES_KEPT) and "-ext" not in address],
        "pages": [url_for(endpoint) for endpoint in HELP_PAGES],
        "fixed": [f"{request.script_root}{prefix}" for prefix in ("/static/", "/look/", "/logo/")],
        "offline": url_for("offline.page"),
        "who": url_for("offline.who"),
        "signIn": url_for("auth.sign_in"),
        "signOut": url_for("auth.sign_out"),
        "languages": [html_language(language) for language in languages()],
        "choose": url_for("auth.choose_language_here", language=SOURCE_LANGUAGE).removesuffix(SOURCE_LANGUAGE),
    }
    scripts = [address for address in static_addresses() if address.endswith(("/js/store.js", "/js/worker.js"))]
    data, names = (jsonify(value).get_data(as_text=True).strip() for value in (told, sorted(scripts)))
    response = Response(f"self.course = {data};\nimportScripts(...{names});\n", mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


@pages.get("/offline")
@public
def page() -> str:
    """Show what can be read without a network, and what waits on this device. A script fills in what the device keeps."""
    return render_template("offline/page.html")


@pages.get("/offline/who")
@public
def who() -> Response:
    """Say who is signed in, by an opaque id, with a token for what the device is about to send. Nothing about anybody else."""
    owner = form_owner()
    response = jsonify(owner=owner, token=csrf_token() if owner != NO_OWNER else "")
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/offline/list")
@sign_in_required
def pages_to_keep() -> Response:
    """The addresses of the module under way; none when the modules are done."""
    state = course_progress()
    module = state.current
    addresses: list[str] = []
    if module is not None:
        person = reader_id()
        runs = [KeptPart(run.ref, url_for("learning.run", run_id=run.id), run.finished_at is None)
                for run in queries.runs(db(), person)]  # fmt: skip
        attempts = [
            KeptPart(
                attempt.ref,
                url_for("learning.question", attempt_id=attempt.id, position=attempt.next.position),
                attempt.finished_at is None,
            )
            for attempt in queries.attempts(db(), person)
            if attempt.next is not None
        ]
        outline = url_for("learning.module", module_id=module.module.id)
        steps = [step_address(step) for step in module.steps]
        addresses = addresses_to_keep(url_for("dashboard.home"), module.module.id, outline, steps, [*runs, *attempts])
    return jsonify(owner=form_owner(), addresses=addresses)


@pages.before_app_request
def _check_sender() -> Response | None:
    """Refuse what a device kept for another person than the one who is signed in now: it stays on the device."""
    owner = request.headers.get(KEPT_HEADER)
    if owner is None or request.method != "POST":
        return None
    if owner == NO_OWNER or owner != form_owner():
        words = _("This answer belongs to another person. It stays on this device until they sign in.")
        return make_response(jsonify(saved=False, later=True, words=words), 409)
    request.environ[_FLASHES] = len(session.get(_FLASHES, ()))
    return None


@pages.after_app_request
def _give_receipt(response: Response) -> Response:
    """Answer a device that sends what it kept with a receipt in the place of the page."""
    known = request.environ.get(_FLASHES)
    if known is None:
        return response
    given = receipt(response.status_code, has_committed())
    # Only messages of this request: others wait for the page that they belong to.
    flashes = session.pop(_FLASHES, [])
    said = (
        [str(message) for _category, message in flashes[known:]] if given.saved or response.status_code == 303 else []
    )
    if flashes[:known]:
        session[_FLASHES] = flashes[:known]
    words = " ".join(said)
    if not words and not given.saved and not given.later:
        words = _("This answer, given offline, could not be recorded. Open the page again to see why.")
    return jsonify(saved=given.saved, later=given.later, words=words)
