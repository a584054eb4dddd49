"""`flask cmi5 …`: the course structure that a platform imports."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from course.cmi5.rules.units import COURSE
from course.cmi5.structure import PARTS, structure_file
from course.web.files import write_new_file

group = AppGroup("cmi5", help="cmi5: the file with which a learning platform launches this course.")


@group.command("xml")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The file to write, cmi5.xml.")
@click.option(
    "--part", "parts", multiple=True, default=(COURSE,), show_default=True, type=click.Choice(PARTS),
    help="What a learner can be given: can be said several times.",
)  # fmt: skip
def write_structure(output: Path, parts: tuple[str, ...]) -> None:
    """Write cmi5.xml with the address of this course."""
    write_new_file(output, structure_file(parts))
    click.echo(f"{output} is written. Import it in the learning platform.")
