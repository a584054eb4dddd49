"""The start page "Today" of managers and administrators: what needs them, each line with the list and the deed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from flask import flash, g, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from course.backups.queries import newest_backups
from course.backups.rules import is_backup_overdue
from course.clock import now
from course.content.fact_reviews import reviews_by_status
from course.content.loaded_course import library
from course.dashboard import actions, queries
from course.dashboard.queries import TeamNeeds, WaitingPeople
from course.dashboard.rules import (
    ADMINISTRATOR,
    BACKUP,
    CONTACTS,
    INVITATIONS,
    MAIL,
    MANAGERS,
    MAX_LISTED_TEAMS,
    PEOPLE,
    SetUpFacts,
    first_steps,
    last_patient_day,
)
from course.dashboard.views.page_context import format_weekday, pages
from course.dashboard.views.today_lines import TodayLine, TodayLink, closed_team_lines, untaken_grade_lines
from course.dates import civil_date
from course.mail.queries import MailAlert
from course.mail.views import reader_mail_alert
from course.organisation.request_organisation import current_organisation
from course.organisation.views import own_stale_contacts
from course.standings.jobs import refresh_standings
from course.translation import gettext as _
from course.translation import lazy_gettext, ngettext
from course.web.access import Permission, requires_permission
from course.web.app_state import app_state, is_mail_printed
from course.web.proxy_checks import split_address
from course.web.redirects import redirect_after_post
from course.web.unit_of_work import db, discard_request_state, signed_in_context, unit_of_work

# Contacts without whom the page "Worried about a child?" sends nobody anywhere.
NEEDED_CONTACTS = ("lead", "out-of-hours")
_STEP_LABELS = {
    CONTACTS: (lazy_gettext("Say who staff turn to when they are worried about a child"), "organisation.settings"),
    PEOPLE: (lazy_gettext("Add your people"), "people_import.upload"),
    MANAGERS: (lazy_gettext("Choose who manages each team"), "teams.tree"),
    MAIL: (lazy_gettext("Send a test mail"), "operations.overview"),
    INVITATIONS: (lazy_gettext("Invite people"), "dashboard.people"),
    BACKUP: (lazy_gettext("Make a backup, and let it be verified"), "operations.overview"),
    ADMINISTRATOR: (lazy_gettext("Make someone else an administrator too"), "dashboard.people"),
}


@dataclass(frozen=True)
class FirstStep:
    """A step after the set-up."""

    label: str
    address: str
    is_done: bool


@pages.get("/today")
@requires_permission(Permission.SEE_PEOPLE)
def today() -> str:
    """What needs the reader today, most urgent first; nothing is derived but what is new since the rows were kept."""
    g.here = "today"
    freshness = refresh_standings(now())
    discard_request_state()
    on, permissions = _day(), current_user.person.permissions
    needs = queries.team_needs(db(), current_user.person, on, Permission.MANAGE_PEOPLE in permissions)
    waits = Permission.SEE_JOIN_REQUESTS in permissions  # an auditor can do nothing for people who wait
    waiting = queries.waiting_people(db(), current_user.person, needs.seen, on, now()) if waits else None
    facts = _set_up_facts(on) if {Permission.MANAGE_ORGANISATION, Permission.RUN_SYSTEM} <= permissions else None
    steps = _first_steps(facts) if facts else None
    lines = [
        *_contact_lines(),
        *_system_lines(),
        *(_factor_lines(facts.without_factor) if facts else []),
        *_training_lines(needs),
        *(_people_lines(waiting, on) if waiting else []),
        *_told_lines(waiting.undeliverable if waiting else 0, on),
        *_webhook_lines(waiting.stopped_webhooks if waiting else 0),
        *(closed_team_lines(current_user.person) if waiting and waiting.settings_of_closed_teams else []),
        *(untaken_grade_lines(now()) if waiting and waiting.failing_platforms else []),
        *_list_lines(waiting.waiting_lists if waiting else 0),
        *_token_lines(waiting.tokens_to_replace if waiting else 0),
        *_store_lines(waiting.failing_stores if waiting else 0),
        *_unmanaged_lines(needs),
        *_fact_lines(on),
        *_talk_lines(needs),
    ]
    lines.sort(key=lambda line: not line.is_urgent)
    return render_template("dashboard/today.html", weekday=format_weekday(on), lines=lines, freshness=freshness,
                           steps=steps[0] if steps else [], steps_hidden=bool(steps and steps[1]))  # fmt: skip


@pages.post("/today/first-steps")
@requires_permission(Permission.MANAGE_ORGANISATION)
def put_first_steps_away() -> Response:
    """Put the list of first steps away, or bring it back. The form says which, so that a second press changes nothing."""
    hidden = request.form.get("show") != "1"
    with unit_of_work() as session:
        actions.hide_first_steps(signed_in_context(session), hidden)
    flash(_("The first steps are put away.") if hidden else _("The first steps are back."))
    return redirect_after_post(url_for("dashboard.today"))


def opens_the_course() -> bool:
    """Whether somebody who sees other people has just signed in, or has opened the address of the course by hand or by a
    bookmark: then "Today" comes first."""
    if Permission.SEE_PEOPLE not in current_user.person.permissions or request.args:
        return False
    if request.headers.get("Sec-Fetch-Site") == "none":
        return True
    came_from = split_address(request.referrer or "").path
    first_pages = (url_for("auth.sign_in"), url_for("auth.second_step"))
    return came_from in first_pages or came_from.startswith(url_for("auth.choose_password", token=""))


def _day() -> date:
    return civil_date(now(), app_state().config.time_zone)


def _contact_lines() -> list[TodayLine]:
    lines = [
        TodayLine(
            _("Is this contact still right: %(contact)s?", contact=label),
            _("Staff use it when they are worried about a child. No one has confirmed it for a long time."),
            (TodayLink(_("Check it"), address),),
            is_urgent=True,
        )
        for address, label in own_stale_contacts()
    ]
    ours = current_organisation()
    if Permission.MANAGE_ORGANISATION in current_user.person.permissions and ours is not None:
        missing = [kind for kind in NEEDED_CONTACTS if kind not in ours.contacts or not ours.contacts[kind].phone]
        if missing:
            lines.append(
                TodayLine(
                    _("Staff cannot see who to ring"),
                    _("The lead or the out-of-hours number is missing on “Worried about a child?”."),
                    (TodayLink(_("Fill in the contacts"), url_for("organisation.settings")),),
                    is_urgent=True,
                )
            )
    return lines


def _system_lines() -> list[TodayLine]:
    alert = reader_mail_alert()
    if alert is None:
        return []
    health = (TodayLink(_("See what to do"), url_for("operations.overview")),)
    lines = [*_mail_lines(alert, health)]
    newest, verified = newest_backups(db())
    if is_backup_overdue(verified.at if verified else None, now()):
        if newest is None:
            title, text = _("No backup has been made"), _("If the server fails, every training record is lost.")
        elif verified is None:
            title = _("No backup has been verified")
            text = _("A backup that no one has read back may be of no use when you need it.")
        else:
            title = _("The newest verified backup is old")
            text = _("If the server fails, everything since then is lost.")
        lines.append(TodayLine(title, text, health, is_urgent=True))
    return lines


def _factor_lines(count: int) -> list[TodayLine]:
    """How many people still have no second factor, as long as one is required of them."""
    if not count:
        return []
    return [
        TodayLine(
            ngettext(
                "%(num)s person has no second step to sign in yet",
                "%(num)s people have no second step to sign in yet",
                count,
            ),
            _("They see other people’s data, so a second step is required of them."),
            (TodayLink(_("See the rule"), url_for("auth.factor_policy")),),
        )
    ]


def _mail_lines(alert: MailAlert, health: tuple[TodayLink, ...]) -> list[TodayLine]:
    lines = []
    if is_mail_printed():
        text = _("No mail server is set (MAIL_URL), so invitations and reminders reach no one.")
        lines.append(TodayLine(_("No e-mail is being sent"), text, health, is_urgent=True))
    elif alert.trouble is not None:
        text = ngettext("%(num)s mail is waiting.", "%(num)s mails are waiting.", alert.trouble.waiting)
        lines.append(TodayLine(_("E-mail is not leaving"), text, health, is_urgent=True))
    if alert.doubted:
        title = ngettext("The mail server says that %(num)s address does not exist",
                         "The mail server says that %(num)s addresses do not exist", alert.doubted)  # fmt: skip
        link = TodayLink(_("See the addresses"), url_for("reminders.addresses"))
        lines.append(TodayLine(title, _("This is probably a fault of the server."), (link,)))
    return lines


def _training_lines(needs: TeamNeeds) -> list[TodayLine]:
    found, lines = needs.training, []
    if found.overdue or found.due_soon:
        soon = ngettext("%(num)s person is due soon", "%(num)s people are due soon", found.due_soon)
        title = (
            ngettext("%(num)s person is overdue", "%(num)s people are overdue", found.overdue)
            if found.overdue
            else soon
        )
        text = "" if not found.overdue else f"{soon}." if found.due_soon else _("No one else is due soon.")
        status = "overdue" if found.overdue else "due-soon"
        links = [TodayLink(_("See who"), url_for("reports.show", status=status) + "#people")]
        if not current_user.person.only_reads:
            links.append(TodayLink(_("Remind them"), url_for("reports.remind", status=status)))
        teams = found.teams if len(found.teams) > 1 else ()
        unlisted = max(0, len(teams) - MAX_LISTED_TEAMS)
        lines.append(TodayLine(title, text, tuple(links), found.overdue > 0, teams[:MAX_LISTED_TEAMS], unlisted))
    return lines


def _people_lines(waiting: WaitingPeople, on: date) -> list[TodayLine]:
    permissions, lines = current_user.person.permissions, []
    if waiting.join_requests:
        title = ngettext("%(num)s person asks to join", "%(num)s people ask to join", waiting.join_requests)
        text = _("They used a sign-up link, and cannot begin before someone approves.")
        link = TodayLink(_("Approve or decline"), url_for("join_requests.overview"))
        lines.append(TodayLine(title, text, (link,)))
    if waiting.without_mail:
        title = ngettext("E-mail to %(num)s person does not arrive", "E-mail to %(num)s people does not arrive",
                         waiting.without_mail)  # fmt: skip
        text = _("Their address was refused. They get no invitations or reminders until it is corrected.")
        runs = Permission.RUN_SYSTEM in permissions
        address = url_for("reminders.addresses") if runs else url_for("dashboard.people", invited="failed")
        lines.append(TodayLine(title, text, (TodayLink(_("See who"), address),)))
    if waiting.not_invited and Permission.MANAGE_PEOPLE in permissions:
        title = ngettext("%(num)s person has not been invited yet", "%(num)s people have not been invited yet",
                         waiting.not_invited)  # fmt: skip
        link = TodayLink(_("See and invite them"), url_for("dashboard.people", invited="no"))
        lines.append(TodayLine(title, _("They do not know about the course."), (link,)))
    if waiting.never_signed_in:
        title = ngettext("%(num)s person was invited and has never signed in",
                         "%(num)s people were invited and have never signed in", waiting.never_signed_in)  # fmt: skip
        text = _("The link in an invitation works for seven days. A word in person often helps.")
        address = url_for("dashboard.people", invited="yes", invited_until=last_patient_day(on).isoformat())
        lines.append(TodayLine(title, text, (TodayLink(_("See who"), address),)))
    if waiting.without_address and not current_user.person.only_reads:
        title = ngettext("%(num)s person without an e-mail address has never signed in",
                         "%(num)s people without an e-mail address have never signed in",
                         waiting.without_address)  # fmt: skip
        link = TodayLink(_("Make one-time codes"), url_for("auth.codes"))
        lines.append(TodayLine(title, _("They sign in with a name and a code that you give them."), (link,)))
    return lines


def _told_lines(people: int, on: date) -> list[TodayLine]:
    """Whom the reader has to tell something in person. `people` is how many of those whom they see get no mail."""
    viewer = current_user.person
    if not people or viewer.only_reads or Permission.ACT_FOR_PEOPLE not in viewer.permissions:
        return []
    names = queries.names_to_tell(db(), viewer, app_state().config.time_zone, on)
    if not names:
        return []
    title = ngettext("Speak to %(num)s person", "Speak to %(num)s people", len(names))
    text = _("They have no e-mail address, so no reminder reaches them: %(names)s.", names=_names(names))
    link = TodayLink(_("See what to tell them"), url_for("reminders.in_person", step="due"))
    return [TodayLine(title, text, (link,))]


def _webhook_lines(number: int) -> list[TodayLine]:
    if not number or Permission.RUN_SYSTEM not in current_user.person.permissions:
        return []
    title = ngettext("%(num)s webhook was turned off", "%(num)s webhooks were turned off", number)
    text = _("Nothing arrived at the other system for three days, or it no longer wants events.")
    return [TodayLine(title, text, (TodayLink(_("See what to do"), url_for("webhooks.overview")),), is_urgent=True)]


def _list_lines(number: int) -> list[TodayLine]:
    if not number or Permission.MANAGE_PEOPLE not in current_user.person.permissions:
        return []
    title = ngettext("%(num)s list from the import folder waits for you",
                     "%(num)s lists from the import folder wait for you", number)  # fmt: skip
    text = _("Someone should look at it before it changes anything.")
    return [TodayLine(title, text, (TodayLink(_("See why"), url_for("import_folder.overview")),), is_urgent=True)]


def _store_lines(number: int) -> list[TodayLine]:
    if not number or Permission.RUN_SYSTEM not in current_user.person.permissions:
        return []
    title = _("The learning record store takes nothing")
    text = _("What people do waits here, and is sent when the store answers as it should.")
    return [TodayLine(title, text, (TodayLink(_("See why"), url_for("xapi.overview")),), is_urgent=True)]


def _token_lines(number: int) -> list[TodayLine]:
    if not number or Permission.RUN_SYSTEM not in current_user.person.permissions:
        return []
    title = ngettext("%(num)s token of another system has stopped or ends soon",
                     "%(num)s tokens of other systems have stopped or end soon", number)  # fmt: skip
    text = _(
        "A token stops when the administrator who made it is none any more, or when its team is closed. Make another one, and "
        "revoke this one."
    )
    links = (
        TodayLink(_("API tokens"), url_for("api_tokens.overview")),
        TodayLink(_("Joiners and leavers (SCIM)"), url_for("scim.connections")),
    )
    return [TodayLine(title, text, links, is_urgent=True)]


def _unmanaged_lines(needs: TeamNeeds) -> list[TodayLine]:
    if not needs.unmanaged:
        return []
    title = ngettext("%(num)s team needs a manager", "%(num)s teams need a manager", len(needs.unmanaged))
    names = _names([team.name for team in needs.unmanaged])
    text = _("Without a manager of their own, or only until that manager’s last day: %(names)s.", names=names)
    return [TodayLine(title, text, (TodayLink(_("Choose a manager"), url_for("teams.tree")),))]


def _fact_lines(on: date) -> list[TodayLine]:
    if Permission.MANAGE_ORGANISATION not in current_user.person.permissions:
        return []
    taught, _waiting = reviews_by_status(library().sources, library().course)
    late = sum(review.is_overdue(on) for review in taught)
    if not late:
        return []
    title = ngettext(
        "%(num)s fact of the course is to be checked", "%(num)s facts of the course are to be checked", late
    )
    text = _("The law or the guidance may have changed since it was last checked.")
    return [TodayLine(title, text, (TodayLink(_("See the facts"), url_for("content.status")),))]


def _talk_lines(needs: TeamNeeds) -> list[TodayLine]:
    due = needs.due_to_talk
    if not due:
        return []
    title = ngettext("%(num)s team has not talked about its results for a term",
                     "%(num)s teams have not talked about their results for a term", len(due))  # fmt: skip
    text = _(
        "Ten minutes are enough. The sheet is ready to print: %(names)s.", names=_names([team.name for team in due])
    )
    one = url_for("analytics.team", team_id=due[0].id) if len(due) == 1 else url_for("analytics.choose_team")
    return [TodayLine(title, text, (TodayLink(_("Choose a talk"), one),))]


def _names(names: list[str], most: int = 3) -> str:
    """The first names in words, and how many more there are."""
    listed = ", ".join(names[:most])
    more = len(names) - most
    return _("%(names)s and %(more)s more", names=listed, more=more) if more > 0 else listed


def _set_up_facts(on: date) -> SetUpFacts:
    ours = current_organisation()
    lead = ours.contacts.get("lead") if ours else None
    facts = queries.set_up_facts(db(), bool(lead and lead.phone), on)
    # A mail that was printed because no mail server is set reached no one.
    return replace(facts, has_sent_mail=facts.has_sent_mail and not is_mail_printed())


def _first_steps(facts: SetUpFacts) -> tuple[list[FirstStep], bool] | None:
    """The steps after the set-up, and whether they were put away; None once all are done."""
    done = first_steps(facts)
    if all(done.values()):
        return None
    steps = [
        FirstStep(str(_STEP_LABELS[step][0]), url_for(_STEP_LABELS[step][1]), is_done) for step, is_done in done.items()
    ]
    return steps, facts.is_hidden
