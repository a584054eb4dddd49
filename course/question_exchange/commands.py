"""flask content questions export · import"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import get_args

import click
from flask.cli import AppGroup

from course.content.commands import group as content_group
from course.content.coverage import guessability_problems
from course.content.library import ContentError, Library, load_library
from course.content.loaded_course import library
from course.content.loader import read_content
from course.content.schema import SETTINGS, Setting
from course.question_exchange.queries import course_export, import_target
from course.question_exchange.rules.bank_question import FileFormat
from course.question_exchange.rules.file_reading import MAX_MEGABYTES, ReadFile, file_from_data, read_question_file
from course.question_exchange.rules.outgoing import BankExport
from course.question_exchange.rules.planning import QuestionPlan, plan_import
from course.question_exchange.rules.question_files import draft_file, file_slug, ready_file
from course.web.app_state import app_state
from course.web.files import refuse_existing_file, write_new_file
from course.web.sandbox import SandboxError, read_in_sandbox

group = AppGroup("questions", help="Questions for other systems (GIFT, Moodle XML), and from them.")
content_group.add_command(group)


@group.command("export")
@click.option("--format", "file_format", type=click.Choice(get_args(FileFormat)), required=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The new file.")
@click.option("--module", "module_id", metavar="MODULE", help="Only the questions of this module.")
@click.option("--pathway", type=click.Choice(list(SETTINGS)), help="Only questions that play in this work.")
def export_command(file_format: FileFormat, output: Path, module_id: str | None, pathway: Setting | None) -> None:
    """Write the question bank to a file for other systems. The answers are in the file.

    What the format cannot hold is listed. Ends with 0, also if something is listed.
    """
    refuse_existing_file(output)
    if module_id is not None:
        _require_module(module_id)
    export, text = course_export(library(), file_format, module_id, pathway)
    write_new_file(output, text.encode())
    click.echo(f"Written: {output}, {len(export.questions)} questions. The answers are in it.")
    _print_notes(export)


def _print_notes(export: BankExport) -> None:
    for left_out, heading in ((True, "Left out"), (False, "Written in another way")):
        for reason, questions in export.grouped_notes(left_out):
            click.echo(f"{heading} ({len(questions)}): {reason}\n  {', '.join(questions)}")


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--module", "module_id", metavar="MODULE", required=True, help="The module to which the questions go.")
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), required=True,
              help="A folder of content; a new one becomes a copy of the content in use.")  # fmt: skip
@click.option(
    "--point", "points", multiple=True, help="The learning point of questions that name none. May be repeated."
)
def import_command(file: Path, module_id: str, output: Path, points: tuple[str, ...]) -> None:
    """Write the questions of FILE (GIFT or Moodle XML) into a module of the content folder OUTPUT.

    Questions that are whole go to MODULE/questions/NAME.yaml. Those that an author has to finish, and the list of those
    that cannot be taken, go to NAME.yaml.draft beside it, which the course does not read.

    Ends with 0 if all questions are whole or there already, with 2 if some are not, and with 1 if nothing could be done.
    """
    _require_module(module_id)
    module_points = library().modules[module_id].points
    if wrong := [point for point in points if point not in module_points]:
        raise click.ClickException(
            f"'{wrong[0]}' is no learning point of {module_id}: it has {', '.join(module_points)}."
        )
    read = _read_file(file)
    target_library = _content_of(output)
    if module_id not in target_library.modules:
        raise click.ClickException(f"The content in {output} has no module '{module_id}'.")
    plan = plan_import(read, import_target(target_library, module_id, points))
    path = output / module_id / "questions" / f"{file_slug(file.name)}.yaml"
    draft_path = path.with_name(f"{path.name}.draft")
    refuse_existing_file(path)
    refuse_existing_file(draft_path)
    ready, drafts = ready_file(plan, file.name), draft_file(plan, file.name)
    if ready or drafts:
        _prepare_folder(output)
        path.parent.mkdir(exist_ok=True)
    for name, text in ((path, ready), (draft_path, drafts)):
        if text:
            write_new_file(name, text.encode())
    _print_plan(plan, path if ready else None, draft_path if drafts else None)
    if ready:
        _check(output, path)
    sys.exit(2 if plan.refused or plan.in_state("draft") else 0)


def _require_module(module_id: str) -> None:
    if module_id not in library().modules:
        raise click.ClickException(f"There is no module '{module_id}': the course has {', '.join(library().modules)}.")


def _read_file(file: Path) -> ReadFile:
    if file.stat().st_size > MAX_MEGABYTES * 1024 * 1024:
        raise click.ClickException(f"{file} is larger than {MAX_MEGABYTES} MB.")
    try:
        return file_from_data(read_in_sandbox(read_question_file, file.read_bytes()))
    except SandboxError as error:
        raise click.ClickException(f"{file}: {error}") from error


def _content_of(folder: Path) -> Library:
    """The content to which questions are added: that of the folder, or that in use where the folder is new or empty.

    Raises click.ClickException for a folder of other things, ContentError for content with mistakes."""
    if not folder.exists() or not any(folder.iterdir()):
        return library()
    if not (folder / "course.yaml").exists():
        raise click.ClickException(f"{folder} has other things in it. Name a folder of content, or a new one.")
    return load_library(folder)


def _prepare_folder(folder: Path) -> None:
    if not (folder / "course.yaml").exists():
        shutil.copytree(app_state().config.content, folder, dirs_exist_ok=True)
        click.echo(f"Copied the content in use to {folder}.")


def _print_plan(plan: QuestionPlan, path: Path | None, draft_path: Path | None) -> None:
    click.echo(f"Ready: {len(plan.in_state('ready'))}" + (f", in {path}" if path else ""))
    for planned in plan.in_state("ready"):
        for note in planned.notes:
            click.echo(f"  line {planned.line}, {planned.data['id']}: {note}")
    click.echo(
        f"To be finished by an author: {len(plan.in_state('draft'))}" + (f", in {draft_path}" if draft_path else "")
    )
    for planned in plan.in_state("draft"):
        for text in (*planned.todo, *planned.notes):
            click.echo(f"  line {planned.line}, {planned.data['id']}: {text}")
    click.echo(f"There already: {len(plan.in_state('present'))}")
    click.echo(f"Not taken: {len(plan.refused)}")
    for refused in plan.refused:
        click.echo(f"  line {refused.line}, {refused.name} ({refused.kind}): {refused.reason}")


def _check(folder: Path, path: Path) -> None:
    """Say what the content check has against the folder now. With a mistake in the new file the course would not start, so
    the file is put aside."""
    try:
        load_library(folder)
    except ContentError as error:
        aside = path.with_name(f"{path.name}.draft")
        aside = aside if not aside.exists() else path.with_name(f"{path.name}.mistakes.draft")
        path.rename(aside)
        raise click.ClickException(
            f"{error.message}\nThese questions are in {aside}, which the course does not read."
        ) from error
    for problem in guessability_problems(read_content(folder)):
        click.echo(str(problem), err=True)
    click.echo(f"Look at the file, then: CONTENT={folder} flask content check")
