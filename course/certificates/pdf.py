"""A certificate as a PDF, typeset by Typst, for archiving (PDF/A-3a) and tagged for screen readers (PDF/UA-1)."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

from course.certificates.script_support import (
    BOX,
    add_break_points,
    clean_text,
    han_region,
    needs_actual_text,
    replace_missing,
    text_direction,
)
from course.certificates.typesetting import typeset
from course.translation import SOURCE_LANGUAGE, language_locale, lazy_gettext, use_language
from course.translation import gettext as _

TEMPLATE = Path(__file__).with_name("certificate.typ")
# The drawings of the modules, by name: the same as on the pages, with their colours in them.
MOTIFS = {file.stem: file.read_text(encoding="utf-8") for file in Path(__file__).with_name("motifs").glob("*.svg")}


@dataclass(frozen=True)
class PrintedCertificate:
    """The contents of a printed certificate, as texts for display; unknown ones are empty.

    `verify_url` is the address at which the certificate can be verified, `language` the language of the words around the
    facts (BCP 47), in which the facts are written too, except for `course` and `sections`, which are in `facts_language`.
    `version` is in the properties of the file and not on its face: nobody reads a hash. `sections` are what was learnt,
    `motifs` the names of their drawings (see MOTIFS), one for each of them or none. The names of the fields are those in
    certificate.typ.
    """

    name: str
    course: str
    organisation: str
    edition: str
    version: str
    number: str
    completed_on: str
    valid_until: str
    notice: str
    pathway: str
    length: str
    sections: tuple[str, ...]
    verify_url: str
    issued_at: datetime
    completion_method: str = lazy_gettext("with all of its modules, scenarios and timelines, and the final assessment")
    achievement: str = lazy_gettext("completed the course")
    language: str = SOURCE_LANGUAGE
    facts_language: str = SOURCE_LANGUAGE
    signatory: str = ""
    signatory_role: str = ""
    assessment: str = ""
    motifs: tuple[str, ...] = ()


def certificate_pdf(
    printed: PrintedCertificate,
    credential: bytes | None = None,
    logo: bytes | None = None,
    others: tuple[PrintedCertificate, ...] = (),
) -> bytes:
    """The PDF of a certificate, the same bytes each time. `others` is the same certificate in other languages, each on a page
    of its own; the file has the language and the properties of the first one.

    `credential` (JSON) is attached if there is one; `logo` (PNG) is placed above the name of the organisation. A
    character that is in no font becomes □, and a line on the page says where the text is complete: on the page that
    verifies certificates, and in the title of the file. Raises UnicodeDecodeError for a credential that is not UTF-8,
    TypesettingError for an error in the template.
    """
    import segno  # noqa: PLC0415 (few processes draw a code)

    credential_text = "" if credential is None else credential.decode()
    # Inputs can only be texts: the picture is passed as a list of its bytes.
    picture = json.dumps(list(logo)) if logo else ""
    sheets = (printed, *others)

    def inputs(missing: frozenset[str]) -> dict[str, str]:
        # The QR code as SVG, with the quiet zone that scanners need.
        code = segno.make(printed.verify_url, error="m", micro=False).svg_inline(border=2)
        facts = json.dumps([_sheet(sheet, missing) for sheet in sheets])
        return {"facts": facts, "code": code, "credential": credential_text, "logo": picture}

    texts = [str(value) for sheet in sheets for value in astuple(sheet)]
    return typeset(TEMPLATE, inputs, texts, printed.issued_at)


def _sheet(printed: PrintedCertificate, missing: frozenset[str]) -> dict[str, object]:
    """What the template is given of a page: its texts, and those for the properties of the file."""
    with use_language(printed.language):
        return _sheet_in_words(printed, missing)


def _sheet_in_words(printed: PrintedCertificate, missing: frozenset[str]) -> dict[str, object]:
    name, course, organisation = clean_text(printed.name), clean_text(printed.course), clean_text(printed.organisation)
    values = {key: str(value) for key, value in asdict(printed).items() if isinstance(value, str)}
    texts = {key: template_text(value, missing) for key, value in values.items()}
    locale = language_locale(printed.language)
    sections = [template_text(title, missing) for title in printed.sections]
    issued_at = printed.issued_at.astimezone(UTC)
    return texts | {
        "facts_lang": language_locale(printed.facts_language).language,
        "sections": sections,
        "motifs": [MOTIFS[name] for name in printed.motifs if name in MOTIFS],
        "address": printed.verify_url,
        "boxes": any(text["boxes"] for text in (*texts.values(), *sections)),
        # These are not typeset, so no font can lack a character of them.
        "title": _("Certificate %(number)s: %(name)s", number=printed.number, name=name),
        "author": organisation,
        "about": _("%(name)s completed the course %(course)s at %(organisation)s. Content version %(version)s.", name=name,
                   course=course, organisation=organisation, version=printed.version),
        "words": {key: template_text(text, missing)["text"] for key, text in _words(bool(printed.motifs)).items()},
        "lang": locale.language,
        "region": locale.territory,
        "issued": [issued_at.year, issued_at.month, issued_at.day],
    }  # fmt: skip


def _words(names_modules: bool) -> dict[str, str]:
    """The words around the facts, in the current language. The keys are those in certificate.typ."""
    return {
        "heading": _("Certificate of completion"),
        "certify": _("This is to certify that"),
        "covers": _("What was learnt") if names_modules else _("What the course covers"),
        "completed_on": _("Completed on"),
        "valid_until": _("Valid up to and including"),
        "number": _("Certificate number"),
        "pathway": _("Pathway"),
        "length": _("Length of the course"),
        "edition": _("Edition"),
        "assessment": _("Assessment"),
        "code": _("QR code that leads to the page on which this certificate can be checked"),
        "check": _("Check this certificate"),
        "scan": _("Anyone can check that it is valid. Scan the code, or go to"),
        "boxes": _(
            "□ marks a character that could not be printed here. The page above, and the title of this file, "
            "spell it out."
        ),
        "signed": _("Signed for the organisation by"),
        "credential": _("The same certificate as a signed credential that software can check"),
    }


def template_text(raw: str, missing: frozenset[str]) -> dict[str, str | bool]:
    """A text and how to typeset it.

    `spoken` is the same text for screen readers, where programs may put its letters together wrongly.
    """
    cleaned = clean_text(raw)
    text = replace_missing(cleaned, missing)
    return {
        "text": add_break_points(text),
        "side": text_direction(text),
        "han": han_region(text),
        "spoken": cleaned if needs_actual_text(text) else "",
        "boxes": text.count(BOX) > cleaned.count(BOX),
    }
