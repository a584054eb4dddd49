"""Output files of commands."""

from __future__ import annotations

from pathlib import Path

import click


def refuse_existing_file(path: Path) -> None:
    """Raise click.ClickException if the file exists. Called before long work begins."""
    if path.exists():
        raise click.ClickException(f"{path} is there already. Name a file that is not.")


def write_new_file(path: Path, data: bytes) -> None:
    """Write a new file that only its owner can read, from the first moment; all of it, or none. Raises click.ClickException if
    that fails."""
    try:
        path.touch(mode=0o600, exist_ok=False)
        try:
            path.write_bytes(data)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from error
