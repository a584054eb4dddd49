"""flask content check · coverage · export · facts · report · show · translate · translated"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from course.clock import now
from course.content.coverage import guessability_problems
from course.content.ending_checks import earned_ending_problems
from course.content.fact_reviews import FactReview, review_schedule
from course.content.loaded_course import library
from course.content.loader import read_content
from course.content.quality_report import quality_report
from course.content.queries import archived_translations, archived_versions
from course.content.review_report import coverage, question_bank
from course.content.translation_files import confirm, skeleton
from course.content.translation_report import translation_report
from course.content.translation_source import LANGUAGE_TAG
from course.dates import civil_date
from course.translation import SOURCE_LANGUAGE
from course.web.app_state import app_state
from course.web.unit_of_work import unit_of_work

group = AppGroup("content", help="Check, count and print what is taught.")
_FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)


@group.command("check")
def check_command() -> None:
    """Refuse content with mistakes, all of them at once, each with its file and line. Then list for each language
    what is missing or older than its original.

    The application has read and checked the content before a command of it can run: with mistakes it
    does not start, prints them and ends with 1. So what is left here is what takes too long for a start, and
    to say that there are no mistakes.
    """
    loaded = library()
    reading = read_content(app_state().config.content)
    problems = sorted({*earned_ending_problems(reading), *guessability_problems(reading)})
    for problem in problems:
        click.echo(str(problem), err=True)
    if problems:
        sys.exit(1)
    if loaded.translations:
        click.echo(translation_report(reading.translations))
    click.echo(
        f"The content is sound: {len(loaded.modules)} modules, {len(loaded.questions)} questions, "
        f"{len(loaded.sources)} sources, version {loaded.version}."
    )


@group.command("coverage")
@_FORMAT
def coverage_command(form: str) -> None:
    """Where each learning point is taught, practised and assessed."""
    rows = coverage(library())
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        counts = ", ".join(f"{name} {len(row[name])}" for name in ("taught", "practised", "assessed"))
        click.echo(f"{row['id']:<32} {counts}")


@group.command("export")
@_FORMAT
def export_command(form: str) -> None:
    """The whole question bank, for reviewers who do not use git."""
    questions = question_bank(library())
    if form == "json":
        click.echo(json.dumps(questions, ensure_ascii=False, indent=2))
        return
    for question in questions:
        click.echo(f"\n{question['id']} ({question['form']}; {', '.join(question['points'])})")
        click.echo("\n".join(question[name] for name in ("intro", "stem") if name in question))
        for option in question["options"]:
            part = f"{option['part']}: " if "part" in option else ""
            does = f"{option['does']}. " if "does" in option else ""
            click.echo(f"  [{option['correct']}] {part}{option['text']}\n      {does}{option['reason']}")


@group.command("facts")
@click.option("--before", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="Only what is due before DATE.")
@_FORMAT
def facts_command(before: datetime | None, form: str) -> None:
    """Which facts are to be looked at again, by whom and by when; those that are late are marked. Those that
    are open are not taught, so they cannot be late."""
    reviews = review_schedule(library().sources, library().course)
    if before is not None:
        reviews = [entry for entry in reviews if entry.due_on < before.date()]
    today = civil_date(now(), app_state().config.time_zone)

    def is_late(entry: FactReview) -> bool:
        return entry.source.status != "open" and entry.is_overdue(today)

    if form == "json":
        rows = [{"id": d.source.id, "status": d.source.status, "confidence": d.source.confidence,
                 "checked": str(d.source.checked), "check_by": str(d.due_on), "owner": d.owner, "late": is_late(d),
                 "address": d.source.address} for d in reviews]  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for entry in reviews:
        prefix = "LATE  " if is_late(entry) else "      "
        click.echo(f"{prefix}{entry.due_on}  {entry.source.id:<34} {entry.source.status:<10} {entry.owner}")
    click.echo(f"{len(reviews)} facts, of which {sum(map(is_late, reviews))} are late.")


@group.command("report")
def report_command() -> None:
    """Figures about the questions, the stories and the prose."""
    click.echo(quality_report(library()))


@group.command("translate")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("language")
def translate_command(file: Path, language: str) -> None:
    """Write the translation of FILE into LANGUAGE, to be filled in: texts in English stand in it as comments. To an existing
    translation of a list, such as questions, the entries are added that it does not have."""
    reading = read_content(app_state().config.content).translations
    original = _content_path(file)
    target = original.with_name(f"{original.stem}.{language}{original.suffix}")
    if not LANGUAGE_TAG.match(language) or language == SOURCE_LANGUAGE:
        raise click.ClickException(f"'{language}' is no language to translate into: write cy, ga or gd.")
    if original not in reading.originals:
        raise click.ClickException(f"{file} is no file of the course with texts to translate.")
    present = frozenset(
        entry.original.key or ""
        for entry in reading.entries
        if entry.original.path == original and entry.language == language
    )
    if target.exists() and (not present or "" in present or present >= set(reading.originals[original])):
        raise click.ClickException(f"{target} exists already.")
    before = target.read_text(encoding="utf-8").rstrip() + "\n" if present else ""
    target.write_text(before + skeleton(reading, original, present), encoding="utf-8")
    click.echo(f"Written: {target}")


@group.command("translated")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def translated_command(files: tuple[Path, ...]) -> None:
    """Say in each of FILES that it is the translation of its original as it is now. Nothing is written to a file whose
    structure is not that of its original."""
    root = app_state().config.content
    reading = read_content(root).translations
    failed = False
    for file in map(_content_path, files):
        entries = [entry for entry in reading.entries if reading.files[entry.original.path].get(entry.language) == file]
        problems = [problem for entry in entries for problem in entry.problems]
        if not entries:
            click.echo(f"{file} is no translation of a file of the course.", err=True)
        for problem in problems:
            click.echo(str(problem), err=True)
        if problems or not entries:
            failed = True
            continue
        file.write_text(confirm(entries, file, root), encoding="utf-8")
        click.echo(f"Confirmed: {file}")
    if failed:
        sys.exit(1)


def _content_path(file: Path) -> Path:
    """The path of a file in the form in which the content folder was read."""
    root = app_state().config.content
    resolved = file.resolve()
    inside = resolved.is_relative_to(root.resolve())
    return root / resolved.relative_to(root.resolve()) if inside else resolved


@group.command("show")
@click.argument("version")
def show_command(version: str) -> None:
    """Print a page, question or scenario exactly as it was in VERSION, from the archive, and then its translations."""
    with unit_of_work() as session:
        parts = archived_versions(session, version)
        translations = archived_translations(session, version)
    for kind, ref, body in parts:
        click.echo(f"{kind} {ref}")
        click.echo(json.dumps(json.loads(body), ensure_ascii=False, indent=2))
    for kind, ref, language, body in translations:
        click.echo(f"{kind} {ref} in {language}")
        click.echo(json.dumps(json.loads(body), ensure_ascii=False, indent=2))
    if not parts:
        click.echo(
            f"No version {version} was ever shown on {current_app.extensions['course'].engine.url.database}.",
            err=True,
        )
        sys.exit(1)
