"""Signing in and out, passwords, single-use links, and the set-up of a fresh course."""

from __future__ import annotations

from course.auth.actions.attempts import count_attempt, delete_attempts, share_attempts, take_attempt
from course.auth.actions.codes import (
    CodeCheck,
    CodeRedeemed,
    IssuedCode,
    WrongCode,
    find_code,
    issue_code,
    redeem_code,
    set_password_by_code,
)
from course.auth.actions.links import (
    check_link_mail,
    create_link,
    request_link,
    revoke_access,
    send_invitation,
    send_password_link,
    void_mailed_links,
)
from course.auth.actions.own_address import confirm_own_address, request_own_address
from course.auth.actions.passwords import change_password, set_password_by_link, store_password_hash
from course.auth.actions.set_up import SetUpDetails, can_set_up, create_set_up_link, set_up
from course.auth.actions.sign_in import (
    PasswordCheck,
    RequestSource,
    SignInGranted,
    TooManyAttempts,
    WrongPassword,
    check_password,
    confirm_check,
    end_sign_in_session,
    find_account,
    grant_sign_in,
    sign_in,
)

__all__ = [
    "CodeCheck",
    "CodeRedeemed",
    "IssuedCode",
    "PasswordCheck",
    "RequestSource",
    "SetUpDetails",
    "SignInGranted",
    "TooManyAttempts",
    "WrongCode",
    "WrongPassword",
    "can_set_up",
    "change_password",
    "check_link_mail",
    "check_password",
    "confirm_check",
    "confirm_own_address",
    "count_attempt",
    "create_link",
    "create_set_up_link",
    "delete_attempts",
    "end_sign_in_session",
    "find_account",
    "find_code",
    "grant_sign_in",
    "issue_code",
    "redeem_code",
    "request_link",
    "request_own_address",
    "revoke_access",
    "send_invitation",
    "send_password_link",
    "set_password_by_code",
    "set_password_by_link",
    "set_up",
    "share_attempts",
    "sign_in",
    "store_password_hash",
    "take_attempt",
    "void_mailed_links",
]
