"""Queries for a version of the content, whether it is taught today or was taught years ago."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.models import ContentTranslation, ContentVersion
from course.content.schema import Page, Question, Scenario
from course.content.schema_base import FrozenModel
from course.content.translation_source import Translator
from course.content.yaml_source import YamlDocument
from course.db import RowSource
from course.translation import SOURCE_LANGUAGE

S = TypeVar("S", Page, Question, Scenario)
ARCHIVE_KINDS: dict[type[FrozenModel], str] = {Page: "page", Question: "question", Scenario: "scenario"}


def part_in_version(session: RowSource, library: Library, model: type[S], ref: str, version: str) -> S | None:
    """The page, question or scenario exactly as it was in `version`, in the language of the library as far as it was
    translated then; None if it was never shown."""
    current = library.parts.get((ARCHIVE_KINDS[model], ref, version))
    if isinstance(current, model):
        return current
    body = session.execute(
        select(ContentVersion.body).where(
            ContentVersion.kind == ARCHIVE_KINDS[model], ContentVersion.ref == ref, ContentVersion.version == version
        )
    ).scalar_one_or_none()
    if body is None:
        return None
    part: S = _parse(model, body)
    if library.language == SOURCE_LANGUAGE:
        return part
    translation = session.execute(
        select(ContentTranslation.body)
        .where(
            ContentTranslation.kind == ARCHIVE_KINDS[model],
            ContentTranslation.ref == ref,
            ContentTranslation.version == version,
            ContentTranslation.language == library.language,
        )
        .order_by(ContentTranslation.first_shown_at.desc(), ContentTranslation.digest)
        .limit(1)
    ).scalar_one_or_none()
    if translation is not None:
        part = _parse_translation(model, body, translation, library.language)
    return part


@lru_cache(maxsize=512)
def _parse(model: type[S], body: str) -> S:
    return model.model_validate_json(body)


@lru_cache(maxsize=512)
def _parse_translation(model: type[S], body: str, translation: str, language: str) -> S:
    part: S = _parse(model, body)
    return Translator(YamlDocument("archive"), language).translate(part, json.loads(translation), ())


def archived_translations(session: Session, version: str) -> list[tuple[str, str, str, str]]:
    """The archived translations of a version, the earliest first: (kind, reference, language, JSON)."""
    statement = (
        select(ContentTranslation.kind, ContentTranslation.ref, ContentTranslation.language, ContentTranslation.body)
        .where(ContentTranslation.version == version)
        .order_by(ContentTranslation.language, ContentTranslation.first_shown_at, ContentTranslation.digest)
    )
    return [(row.kind, row.ref, row.language, row.body) for row in session.execute(statement)]


def archived_versions(session: Session, version: str) -> list[tuple[str, str, str]]:
    """The archived parts of a version: (kind, reference, JSON)."""
    statement = select(ContentVersion.kind, ContentVersion.ref, ContentVersion.body).where(
        ContentVersion.version == version
    )
    return [(row.kind, row.ref, row.body) for row in session.execute(statement)]


def in_force_since(session: Session, library: Library) -> datetime | None:
    """When this installation first taught the newest part of what it teaches now; None if nothing is archived."""
    rows = session.execute(
        select(ContentVersion.kind, ContentVersion.ref, ContentVersion.version, ContentVersion.first_shown_at)
    )
    return max((at for kind, ref, version, at in rows if (kind, ref, version) in library.parts), default=None)


def changes_first_taught(session: Session) -> dict[tuple[str, str], datetime]:
    """When this installation first taught each marked change, by reference and version (see changes.MarkedChange.key)."""
    rows = session.execute(
        select(ContentVersion.ref, ContentVersion.version, ContentVersion.first_shown_at).where(
            ContentVersion.kind == "change"
        )
    )
    return {(row.ref, row.version): row.first_shown_at for row in rows}


def page_versions_first_shown(session: Session, refs: Collection[str]) -> dict[str, dict[str, datetime]]:
    """When this installation first showed each version of these pages (module/page), by reference and version."""
    rows = session.execute(
        select(ContentVersion.ref, ContentVersion.version, ContentVersion.first_shown_at).where(
            ContentVersion.kind == ARCHIVE_KINDS[Page], ContentVersion.ref.in_(refs)
        )
    )
    found: dict[str, dict[str, datetime]] = {ref: {} for ref in refs}
    for row in rows:
        found[row.ref][row.version] = row.first_shown_at
    return found
