"""The command `flask content export`, with the SCORM package beside the question bank."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from course.content import commands as content_commands
from course.content.loaded_course import library
from course.content.schema import NATIONS, SETTINGS
from course.scorm.package import make_package
from course.scorm.rules.manifest import VERSIONS, Version, missing_schemas
from course.translation import SOURCE_LANGUAGE, languages
from course.web.files import refuse_existing_file, write_new_file


@click.command("export")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Of the question bank.",
)
@click.option("--scorm", "version", type=click.Choice(VERSIONS), help="Write a SCORM package instead.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The package to write, a new file."
)
@click.option("--pathway", type=click.Choice(list(SETTINGS)), help="Whose work the stories show.")
@click.option("--nation", type=click.Choice(list(NATIONS)), help="Whose rules and telephone numbers the package has.")
@click.option("--module", "module_id", metavar="ID", help="One module; otherwise the whole course.")
@click.option(
    "--language",
    metavar="CODE",
    help="The language of the package, such as cy, as far as it is translated; otherwise English.",
)
@click.option(
    "--schemas",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with the schema files (.xsd) of this SCORM version, to be put into the package.",
)
@click.pass_context
@with_appcontext
def export_command(
    context: click.Context, /, form: str, version: Version | None, output: Path | None, **package: Any
) -> None:
    """The whole question bank, for reviewers who do not use git; or with --scorm a package for another learning platform. The
    answers to all questions are inside the package."""
    if version is None:
        if output or any(package.values()):
            raise click.UsageError("Say which package: --scorm 1.2 or --scorm 2004.")
        context.invoke(content_commands.export_command, form=form)
        return
    pathway, nation, folder = package["pathway"], package["nation"], package["schemas"]
    language = package["language"] or SOURCE_LANGUAGE
    if language not in languages():
        raise click.UsageError(f"There is no language “{language}” here. There is: {', '.join(languages())}.")
    if output is None or pathway is None or nation is None:
        raise click.UsageError("A package needs -o FILE, --pathway and --nation.")
    refuse_existing_file(output)
    found = _schema_files(version, folder) if folder else {}
    # Addresses in templates are built within a request.
    with current_app.test_request_context():
        try:
            data = make_package(library().for_(pathway, nation), version, package["module_id"], found, language)
        except LookupError as error:
            raise click.ClickException(str(error)) from error
    write_new_file(output, data)
    click.echo(f"{output}: {len(data)} bytes. The answers to all questions are inside.")


def _schema_files(version: Version, folder: Path) -> dict[str, bytes]:
    """The schema files of a folder. Raises click.ClickException if one that the manifest refers to is missing."""
    found = {path.name: path.read_bytes() for path in sorted(folder.glob("*.xsd"))}
    if missing := missing_schemas(version, tuple(found)):
        raise click.ClickException(f"{folder} has no {', '.join(missing)}. SCORM {version} needs these files.")
    return found


def extend_content_commands() -> None:
    """Put the command in the place of `flask content export`: the feature content stands below this one."""
    content_commands.group.add_command(export_command)
