"""What the pages of certificates share: their blueprints, addresses, and a certificate in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from flask import Blueprint

from course.auth.rate_limits import PageRateLimiter
from course.certificates.pdf import PrintedCertificate
from course.certificates.queries import CertificateCheck
from course.certificates.rules import certificate_languages
from course.clock import now
from course.content.library import Library
from course.content.loaded_course import library
from course.content.schema import SETTINGS, Module
from course.dates import civil_date
from course.signed_links import CertificateLink, sign_link
from course.translation import SOURCE_LANGUAGE, current_language, use_language
from course.translation import gettext as _
from course.web.addresses import public_url_for
from course.web.app_state import app_state as site_state
from course.web.template_filters import format_date, format_minutes

pages = Blueprint("certificates", __name__)
checks = Blueprint("verify", __name__)
certificate_links = Blueprint("kept", __name__)
# Numbers cannot be guessed in a lifetime; the limit keeps programs from trying.
throttle = PageRateLimiter("certificate checks", 60, 60)
wallet_links = Blueprint("wallet", __name__)


def check_address(number: str) -> str:
    """The URL at which anybody can verify this certificate."""
    return public_url_for("verify.verify", number=number)


def certified_modules(sections: str | None, language: str | None) -> list[tuple[int, Module]]:
    """The modules that a certificate in a language names, with their numbers in the course; none if it names anything
    else, as those do that were issued before certificates named modules."""
    found = (_modules_named(sections, library().in_language(one)) for one in certificate_languages(language))
    return next(filter(None, found), [])


def _modules_named(sections: str | None, course: Library) -> list[tuple[int, Module]]:
    named = (sections or "").splitlines()
    taught = {str(module.title): (number, module) for number, module in enumerate(course.modules.values(), 1)}
    return [taught[title] for title in named] if set(named) <= set(taught) else []


def _are_english(course: str, sections: str | None) -> bool:
    """Whether the course and the modules that a certificate names have their English names."""
    english = library().in_language(SOURCE_LANGUAGE)
    return course == english.course.title or bool(_modules_named(sections, english))


def pathway_name(pathway: str | None) -> str:
    """The display name of a pathway; empty for a certificate from before pathways were recorded."""
    return {str(name): words for name, words in SETTINGS.items()}.get(pathway or "", "")


def today() -> date:
    """The day in the time zone of the course."""
    return civil_date(now(), site_state().config.time_zone)


def certificate_link(person_id: int, number: int) -> str:
    """The link of this number by which a person opens their certificates without sign-in, also after leaving."""
    token = sign_link(CertificateLink(person_id, number), site_state().config.secret_key)
    return public_url_for("kept.certificates", token=token)


def supervised_words(day: date | None) -> str:
    """How a certificate says that its assessment was supervised, on this day; empty if it was not (None)."""
    return _("In a supervised session on %(day)s", day=format_date(day)) if day is not None else ""


def printed_certificate(check: CertificateCheck, language: str | None = None) -> PrintedCertificate:
    """The contents of a certificate in `language`, by default in the main language in which it was issued."""
    found = check.certificate
    issued_in = certificate_languages(found.language)[0]
    with use_language(language or issued_in):
        printed = PrintedCertificate(
            name=found.name,
            course=found.course,
            organisation=found.organisation,
            edition=found.edition,
            version=found.content_version,
            number=found.number,
            completed_on=format_date(found.completed_on),
            valid_until=format_date(found.valid_until),
            notice=str(library().course.notice),
            pathway=str(pathway_name(found.pathway)),
            length=_("about %(minutes)s", minutes=format_minutes(found.minutes)) if found.minutes else "",
            sections=tuple((found.sections or "").splitlines()),
            verify_url=check_address(found.number),
            issued_at=found.issued_at,
            language=current_language(),
            signatory=found.signatory_name or "",
            signatory_role=found.signatory_role or "",
            assessment=supervised_words(found.supervised_on),
            motifs=tuple(module.motif for _number, module in certified_modules(found.sections, found.language)),
            facts_language=SOURCE_LANGUAGE if _are_english(found.course, found.sections) else issued_in,
        )
        if found.kind == "refresher":
            printed = replace(
                printed,
                achievement=_("renewed the course by a refresher"),
                completion_method=_("with a story, and a right answer on every point"),
            )
    return printed
