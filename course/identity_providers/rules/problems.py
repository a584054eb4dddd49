"""What can go wrong when somebody signs in through an identity provider, in words for the person and for administrators."""

from __future__ import annotations

from enum import StrEnum

from course.translation import lazy_gettext as _


class ProviderProblem(StrEnum):
    """Why a sign-in through a provider does not succeed. The value stands in the audit log."""

    # Between the course and the provider.
    UNREACHABLE = "unreachable"
    NOT_JSON = "not JSON"
    INCOMPLETE = "incomplete discovery"
    OTHER_ISSUER = "other issuer"
    NO_CODE_FLOW = "no code flow"
    NO_KEYS = "no keys"
    CLIENT_REFUSED = "client secret refused"
    CLIENT_LOCKED = "client secret cannot be read"
    REFUSED_THERE = "refused at the provider"
    CODE_REFUSED = "code refused"
    # In the answer of the provider.
    STATE = "unknown state"
    USED = "used before"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    AUTHORISED_PARTY = "authorised party"
    EXPIRED = "expired"
    TOO_EARLY = "issued in the future"
    NONCE = "nonce"
    AT_HASH = "hash of the access token"
    SUBJECT = "subject"
    TENANT = "tenant"
    NO_AUTH_TIME = "time of the sign-in"
    NOT_FRESH = "not signed in anew"
    # With SAML.
    NO_SAML = "SAML is not installed"
    NOT_SAML = "not SAML metadata"
    STRUCTURE = "structure of the answer"
    OTHER_REQUEST = "another request"
    RECIPIENT = "recipient"
    # About the person.
    OTHER_ACCOUNT = "account that is not linked to them"
    LEFT = "left"
    NOT_KNOWN = "not known"
    ADDRESS_NOT_VERIFIED = "address not verified"
    ADDRESS_OF_ANOTHER = "address of another account"
    UNLINKED = "unlinked by an administrator"
    NO_LOGIN = "no address"
    LINKED_TO_ANOTHER = "linked to another person"
    ANOTHER_LINKED = "another account is linked"
    NAME_TAKEN = "sign-in name is taken"
    OTHER_REQUIRED = "another provider is required"


# Error codes of OAuth 2.0 (RFC 6749) and OpenID Connect Core.
_ERROR_CODES = frozenset({
    "access_denied", "account_selection_required", "consent_required", "interaction_required", "invalid_client",
    "invalid_grant", "invalid_request", "invalid_request_object", "invalid_request_uri", "invalid_scope", "login_required",
    "registration_not_supported", "request_not_supported", "request_uri_not_supported", "server_error",
    "temporarily_unavailable", "unauthorized_client", "unsupported_grant_type", "unsupported_response_type",
})  # fmt: skip


def error_code(text: object) -> str:
    """An error code of the standards; "" for anything else. The log keeps it for good, and a browser can bring any text."""
    return text if isinstance(text, str) and text in _ERROR_CODES else ""


class ProviderError(Exception):
    """A sign-in through a provider that does not succeed. `detail` is for administrators: what exactly was seen. The log keeps it
    for good, so it holds nothing that a browser brought and nobody signed."""

    def __init__(self, problem: ProviderProblem, detail: str = "") -> None:
        super().__init__(f"{problem}: {detail}" if detail else str(problem))
        self.problem = problem
        self.detail = detail


_TRY_AGAIN = _("Nothing has been changed. Go back to the sign-in page and try again.")
_SETTINGS_WRONG = _("Something between this course and %(name)s is not set up as it should be.")
_TELL_ADMINISTRATOR = _("Tell an administrator of this course, who can test the connection.")
_P = ProviderProblem
# For each problem: what happened, and what the person can do. `name` is the name of the provider.
PROBLEM_WORDS: dict[ProviderProblem, tuple[str, str]] = {
    _P.UNREACHABLE: (
        _("%(name)s does not answer at the moment."),
        _("Try again in a few minutes. If you have a password here, you can sign in with it instead."),
    ),
    _P.REFUSED_THERE: (
        _("%(name)s did not sign you in."),
        _("You may have cancelled, or your account there may not be allowed to use this course. Try again."),
    ),
    _P.STATE: (
        _("This sign-in was not begun in this browser, or more than 10 minutes ago."),
        _("Go back to the sign-in page and begin again. Allow cookies for this site."),
    ),
    _P.USED: (_("This sign-in has been used already."), _("Go back to the sign-in page and begin again.")),
    _P.CODE_REFUSED: (_("%(name)s did not confirm this sign-in."), _TRY_AGAIN),
    _P.EXPIRED: (
        _("The answer of %(name)s is too old."),
        _("Try again. If that fails too, the clock of this server may be wrong: tell an administrator."),
    ),
    _P.TOO_EARLY: (
        _("The answer of %(name)s comes from the future."),
        _("The clock of this server may be wrong: tell an administrator."),
    ),
    _P.NOT_FRESH: (
        _("%(name)s did not ask who you are again."),
        _("Sign out there, and try again. Or confirm that it is you in another way."),
    ),
    _P.NO_AUTH_TIME: (
        _("%(name)s does not say when you signed in there, so it cannot confirm that it is you now."),
        _(
            "Use a passkey, a code or a password of this course. An administrator can set %(name)s up to send the time of the "
            "sign-in (auth_time)."
        ),
    ),
    _P.OTHER_ACCOUNT: (
        _("You signed in at %(name)s with an account that is not linked to you."),
        _("Sign out there, and try again with your own account."),
    ),
    _P.TENANT: (
        _("Your account at %(name)s belongs to another organisation."),
        _("Sign in there with the account of your organisation."),
    ),
    _P.LEFT: (
        _("Your entry in this course has ended."),
        _("If you work here again, ask an administrator to record your return."),
    ),
    _P.NOT_KNOWN: (
        _("No one in this course has the address of your account at %(name)s."),
        _("Ask your manager or an administrator to add you with that address."),
    ),
    _P.ADDRESS_NOT_VERIFIED: (
        _("%(name)s has not confirmed that your e-mail address is yours."),
        _(
            "Confirm your address there and try again. Or sign in here with your password, and link your account under "
            "“Accounts I sign in with”."
        ),
    ),
    _P.ADDRESS_OF_ANOTHER: (
        _("The person in this course with your e-mail address uses another account at %(name)s."),
        _("An administrator can look at both and put it right."),
    ),
    _P.UNLINKED: (
        _("An administrator has unlinked this account at %(name)s."),
        _("Ask an administrator. If you have a password here, sign in with it and link the account again."),
    ),
    _P.NO_LOGIN: (
        _("Your account at %(name)s has neither an e-mail address nor a user name."),
        _("Ask your manager or an administrator to add you to this course."),
    ),
    _P.NAME_TAKEN: (
        _("Someone else in this course already has the user name of your account at %(name)s."),
        _("Ask your manager or an administrator to add you to this course."),
    ),
    _P.LINKED_TO_ANOTHER: (
        _("This account at %(name)s is linked to another person in this course."),
        _("Sign out at %(name)s, then sign in there with your own account."),
    ),
    _P.OTHER_REQUIRED: (_("%(name)s did not sign you in."), _("Go back to the sign-in page and begin again.")),
    _P.ANOTHER_LINKED: (
        _("You have linked another account at %(name)s already."),
        _("Unlink it first if you want to use this one."),
    ),
}
_OTHERWISE = (_SETTINGS_WRONG, _TELL_ADMINISTRATOR)


def problem_words(problem: ProviderProblem, name: str) -> tuple[str, str]:
    """What happened, and what the person can do, about the provider with this name."""
    what, advice = PROBLEM_WORDS.get(problem, _OTHERWISE)
    return str(what) % {"name": name}, str(advice) % {"name": name}
