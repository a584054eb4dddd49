"""The commands `flask certificates reissue`, `revoke` and `verify`, and `flask credentials sign-missing`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from course.certificates import actions, queries
from course.certificates.rules import CertificateChangeView, normalise_number
from course.clock import now
from course.context import make_context
from course.credentials import queries as credential_queries
from course.credentials.commands import group as credentials
from course.credentials.rules.checking import CredentialClaims, CredentialVerdict, check_credential, extract_credential
from course.credentials.rules.keys import Key, read_keys
from course.web.sandbox import SandboxError, read_in_sandbox
from course.web.template_filters import format_date, plural
from course.web.unit_of_work import unit_of_work

group = AppGroup("certificates", help="Re-issue, revoke and verify certificates.")
_MAX_BYTES = 20 * 1024 * 1024  # bytes
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_REASON = click.option("--reason", required=True, help="Why, in a few words. The holder sees it.")


@group.command("reissue")
@click.argument("number")
@click.option("--name", required=True, help="The name that the new certificate bears.")
@click.option("--language", help="Its language, such as cy, or both: cy+en. By default that of the old certificate.")
@_REASON
def reissue_command(number: str, name: str, language: str | None, reason: str) -> None:
    """Issue certificate NUMBER anew under another name. The old one is marked as replaced."""
    try:
        with unit_of_work() as session:
            new_number = actions.reissue(
                make_context(session, None, now()), normalise_number(number), name, reason[:200], language
            )
    except (LookupError, ValueError) as error:
        raise click.ClickException(f"{error}.") from error
    click.echo(f"Certificate {normalise_number(number)} is replaced by {new_number}.")


@group.command("revoke")
@click.argument("number")
@_REASON
def revoke_command(number: str, reason: str) -> None:
    """Certificate NUMBER is not valid any more."""
    try:
        with unit_of_work() as session:
            actions.revoke(make_context(session, None, now()), normalise_number(number), reason[:200])
    except (LookupError, ValueError) as error:
        raise click.ClickException(f"{error}.") from error
    click.echo(f"Certificate {normalise_number(number)} is revoked.")


@group.command("verify")
@click.argument("file", type=_FILE)
@click.option("--key", "chosen", type=_FILE, help="A file with the issuer's public key, instead of our own keys.")
@click.option(
    "--issuer", "profile", type=_FILE, help="A file with the issuer's profile, as it stands at /issuer there."
)
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="As at noon UTC on another day (YYYY-MM-DD).")
def verify_command(file: Path, chosen: Path | None, profile: Path | None, on: datetime | None) -> None:
    """Check the signature of FILE, a certificate as PDF, as JSON or as a picture, without asking anybody.

    Ends with 0 if it is valid, 3 if the signature holds but the day is wrong, and 1 otherwise.
    """
    if file.stat().st_size > _MAX_BYTES:
        raise click.ClickException(f"{file} is larger than any certificate, so it was not opened.")
    try:
        document = read_in_sandbox(extract_credential, file.read_bytes())
    except SandboxError as error:
        raise click.ClickException(f"{file} cannot be read. {error}") from error
    if document is None:
        raise click.ClickException(f"{file} is a PDF without a readable credential in it, or a picture without one.")
    uses_own_keys = chosen is None and profile is None
    change: CertificateChangeView | None = None
    with unit_of_work() as session:
        keys = credential_queries.keys(session) if uses_own_keys else _read_key_files(chosen, profile)
        verdict = check_credential(document, keys, on.replace(hour=12, tzinfo=UTC) if on else now())
        if uses_own_keys and verdict.claims is not None:
            check = queries.check_certificate(session, verdict.claims.url.rpartition("/")[2])
            change = check.change if check else None
    _print_verdict(verdict, change, uses_own_keys)
    sys.exit(1 if change or not verdict.is_signature_valid else 0 if verdict.state == "valid" else 3)


def _read_key_files(*files: Path | None) -> tuple[Key, ...]:
    """The keys in the given files. Ends the command if a file has none."""
    keys: tuple[Key, ...] = ()
    for path in files:
        try:
            keys += read_keys(path.read_text(encoding="utf-8")) if path else ()
        except ValueError as error:
            raise click.ClickException(f"{path} cannot be used: {error}.") from error
    return keys


def _print_verdict(verdict: CredentialVerdict, change: CertificateChangeView | None, uses_own_keys: bool) -> None:
    if change is None:
        click.echo(f"{verdict.state.capitalize()}. {verdict.sentence}")
    else:
        click.echo(
            f"{change.kind.capitalize()} on {format_date(change.changed_at)}. It is genuine, but does not count any more."
        )
    if verdict.claims is not None:
        click.echo(_claims_text(verdict.claims))
        if not uses_own_keys:
            click.echo(f"Whether it was replaced or revoked since is said at {verdict.claims.url}")


def _claims_text(claims: CredentialClaims) -> str:
    lines = {
        "Name": claims.holder_name,
        "Course": claims.course,
        "Pathway": claims.pathway,
        "Version": claims.content_version,
        "Completed on": format_date(claims.completed_on),
        "Valid up to and including": format_date(claims.last_day),
        "Issued by": f"{claims.organisation}, {claims.issuer}",
    }
    return "\n".join(f"  {label}: {value}" for label, value in lines.items() if value)


@credentials.command("sign-missing")
def sign_missing_command() -> None:
    """Sign the certificates that have no signed credential yet, or only one whose key was withdrawn."""
    with unit_of_work() as session:
        done, failed = actions.sign_missing_credentials(session, now())
    click.echo(f"{plural(done, 'certificate')} signed.")
    if failed:
        raise click.ClickException(f"{plural(failed, 'certificate')} could not be signed; the log says why.")
