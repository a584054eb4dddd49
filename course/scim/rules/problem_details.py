"""What the protocol says about a call that was refused, in English: identity providers log it. It names no person."""

from __future__ import annotations

PROBLEM_DETAILS = {
    "user_name": "Another user of this connection has this userName.",
    "external_id": "Another user of this connection has this externalId.",
    "address": "Someone else has this e-mail address.",
    "staff_number": "Someone else has this employeeNumber.",
    "sign_in_name": "Someone else has this sign-in name.",
    "two_people": "The userName, e-mail address and employeeNumber belong to two people, or the name is of someone else.",
    "other_connection": "Another connection owns this person.",
    "administrator": "This person is an administrator or auditor, and this connection does not own administrators.",
    "administrator_identity": "This person is an administrator or auditor, and this connection does not own administrators.",
    "last_administrator": "This is the only administrator who can sign in.",
    "merged": "This entry was merged into another one.",
    "stay": "The first day of this person is still to come.",
    "name": "The name is longer than 200 characters.",
    "email": "The e-mail address is longer than 254 characters.",
    "number": "The employeeNumber is longer than 50 characters.",
    "title": "The title is longer than 100 characters.",
    "long": "A value is longer than 254 characters.",
    "characters": "A value holds a character that cannot be stored.",
    "login": "Send an e-mail address, or a userName of 2 to 50 letters, digits, spaces, dots and hyphens.",
    "member": "A member is not a user of this connection.",
    "ended": "This connection has ended.",
    "unknown": "There is no such resource.",
}
