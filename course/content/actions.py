"""Archiving every version that is taught, with its translations, so that it can be shown again."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.content.library import Library
from course.content.models import ContentTranslation, ContentVersion
from course.content.schema_base import content_digest
from course.content.text_fields import translated_texts
from course.db import insert_missing
from course.translation import SOURCE_LANGUAGE


def archive(session: Session, library: Library, at: datetime) -> int:
    """Add the parts that the archive does not contain yet. Returns their number. Safe to repeat."""
    library = library.in_language(SOURCE_LANGUAGE)
    archived = {
        tuple(row) for row in session.execute(select(ContentVersion.kind, ContentVersion.ref, ContentVersion.version))
    }
    rows = [
        {"kind": kind, "ref": ref, "version": version, "body": part.model_dump_json(), "first_shown_at": at}
        for (kind, ref, version), part in library.parts.items()
        if (kind, ref, version) not in archived
    ]
    if rows:
        # Another server may start at the same moment.
        insert_missing(session, ContentVersion, rows)
    return len(rows) + _archive_translations(session, library, at)


def _archive_translations(session: Session, library: Library, at: datetime) -> int:
    if not library.translations:
        return 0
    archived = {
        tuple(row)
        for row in session.execute(
            select(
                ContentTranslation.kind,
                ContentTranslation.ref,
                ContentTranslation.version,
                ContentTranslation.language,
                ContentTranslation.digest,
            )
        )
    }
    rows: list[dict[str, Any]] = []
    for language, translation in library.translations.items():
        for (kind, ref, version), part in translation.parts.items():
            texts = translated_texts(part, language)
            digest = content_digest(texts)
            if texts and (kind, ref, version, language, digest) not in archived:
                body = json.dumps(texts, ensure_ascii=False)
                rows.append({"kind": kind, "ref": ref, "version": version, "language": language, "digest": digest,
                             "body": body, "first_shown_at": at})  # fmt: skip
    if rows:
        insert_missing(session, ContentTranslation, rows)
    return len(rows)
