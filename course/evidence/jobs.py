"""Making an evidence pack: first it is read and typeset, then what is short is written."""

from __future__ import annotations

from dataclasses import replace

from course.analytics.rules.suppression import WHOLE_ORGANISATION
from course.content.loaded_course import library
from course.context import make_context
from course.credentials.actions import current_signer
from course.credentials.rules.keys import KeyLockedError
from course.dates import civil_date
from course.evidence import actions
from course.evidence.builder import IssuerContext, PackRequest, UnsignedPack, build_pack, sign_pack
from course.evidence.rules.pack import STEPS
from course.exports.actions import store_file
from course.exports.queries import download_of_job
from course.exports.rules import NOT_ALLOWED, StageCallback
from course.jobs.rules import JobKind, JobRun
from course.organisation.queries import organisation
from course.people.queries import viewers
from course.people.rules import Scope
from course.reports.app_status_cache import app_status_cache
from course.reports.status_cache import StatusCache
from course.translation import lazy_gettext as _
from course.web.addresses import public_url_for
from course.web.app_state import app_state
from course.web.unit_of_work import read_only_session, unit_of_work


def produce_pack(asked: PackRequest, ledger: StatusCache, tell: StageCallback) -> bytes:
    """The pack as a file for a command, once it is in the audit log.

    Raises LookupError for a team that was not there on that day, and KeyLockedError if the issuer's key does not open.
    """
    made, data = _make(asked, ledger, tell)
    with unit_of_work() as session:
        context = make_context(session, None, made.about.made_at)
        actions.record_pack_made(context, asked.team, made.about, made.people)
    return data


def _sheet_url(group: int, point: str) -> str:
    if group == WHOLE_ORGANISATION:
        return public_url_for("analytics.organisation_discussion", point=point)
    return public_url_for("analytics.team_discussion", team_id=group, point=point)


def _make(asked: PackRequest, ledger: StatusCache, tell: StageCallback) -> tuple[UnsignedPack, bytes]:
    """What a pack says, and the pack as a signed file."""
    config = app_state().config
    with read_only_session(snapshot=True, replica=True) as session:
        ours = organisation(session)
        house = IssuerContext(
            ours.name if ours else "", config.time_zone, civil_date(asked.at, config.time_zone), _sheet_url,
            check_url=public_url_for("evidence_check.check_pack"),
        )  # fmt: skip
        if ours is not None:
            house = replace(house, nation=ours.nation, lead_title=library().help.lead_term(ours.nation, ours.pathway))
        made = build_pack(session, library(), ledger, asked, house, tell)
    tell(STEPS[-1], len(STEPS) - 1, len(STEPS))
    with unit_of_work() as session:
        signer = current_signer(session, asked.at)
    return made, sign_pack(made, signer)


def make_pack(run: JobRun) -> None:
    """Make the pack that the owner of the job asked for, with what they may see now, and store it.

    Raises LookupError if they may not see the team any more or it was not there on that day, KeyLockedError if the
    issuer's key does not open, and JobLostError if the job was cancelled.
    """
    with read_only_session() as session:
        pack = download_of_job(session, run.claim.job_id)
        if pack is None:
            raise LookupError("nobody waits for this pack any more")
        viewer = viewers(session, [pack.made_by], civil_date(run.at, app_state().config.time_zone)).get(pack.made_by)
    scope = viewer.scope("make evidence packs") if viewer else Scope(everyone=False)
    if viewer is None or not (scope.everyone or (scope.teams and pack.team_id is not None)):
        raise LookupError(NOT_ALLOWED)
    made, data = _make(PackRequest(pack.team_id, pack.day, viewer, run.at), app_status_cache(), run.progress)
    with unit_of_work() as session:
        store_file(session, run, data, made.about.people, run.clock())
        context = make_context(session, viewer.id, made.about.made_at)
        actions.record_pack_made(context, pack.team_id, made.about, made.people)


PACK = JobKind("evidence.pack", _("Evidence pack"), make_pack, expected_errors=(LookupError, KeyLockedError))
JOBS = (PACK,)
