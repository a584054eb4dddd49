"""A certificate as a picture for wallets, in the look of the certificate, with its signed credential inside."""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path

from course.certificates.pdf import MOTIFS, PrintedCertificate, template_text
from course.certificates.script_support import clean_text
from course.certificates.typesetting import PictureKind, typeset_picture
from course.credentials.rules.baking import bake_png, bake_svg
from course.translation import gettext as _
from course.translation import language_locale, use_language

TEMPLATE = Path(__file__).with_name("badge.typ")


def badge_picture(printed: PrintedCertificate, credential: bytes, kind: PictureKind, shows_name: bool) -> bytes:
    """The picture of a certificate, the same bytes each time, with `credential` (JSON) baked into it.

    The name of its holder is drawn only if `shows_name`, and so is the address that says it: a badge is often shown where
    anyone sees it. The credential inside says the name either way. Raises TypesettingError for an error in the template,
    UnicodeDecodeError for a credential that is not UTF-8.
    """
    with use_language(printed.language):
        picture = typeset_picture(
            TEMPLATE,
            lambda missing: {"facts": json.dumps(_facts(printed, missing, shows_name))},
            [str(value) for value in astuple(printed)],
            printed.issued_at,
            kind,
        )
        if kind == "png":
            return bake_png(picture, credential)
        return bake_svg(picture.decode(), credential, _title(printed, shows_name)).encode()


def _title(printed: PrintedCertificate, shows_name: bool) -> str:
    name, course, organisation = clean_text(printed.name), clean_text(printed.course), clean_text(printed.organisation)
    if shows_name:
        return _("%(name)s: %(course)s, %(organisation)s", name=name, course=course, organisation=organisation)
    return _("Certificate of completion: %(course)s, %(organisation)s", course=course, organisation=organisation)


def _facts(printed: PrintedCertificate, missing: frozenset[str], shows_name: bool) -> dict[str, object]:
    locale = language_locale(printed.language)
    texts = {
        "organisation": printed.organisation,
        "name": printed.name if shows_name else "",
        "achievement": printed.achievement,
        "heading": _("Certificate of completion"),
        "course": printed.course,
        "completed_label": _("Completed on"),
        "completed_on": printed.completed_on,
        "valid_label": _("Valid up to and including"),
        "valid_until": printed.valid_until,
        "address": printed.verify_url.partition("://")[2] if shows_name else "",
    }
    return {key: template_text(str(value), missing) for key, value in texts.items()} | {
        "title": _title(printed, shows_name),
        "motifs": [MOTIFS[name] for name in printed.motifs if name in MOTIFS],
        "lamp": MOTIFS["lamp"],
        "lang": locale.language,
        "region": locale.territory,
    }
