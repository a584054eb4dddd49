"""Sites: the teams with contacts or a nation of their own, and what holds in them and in the teams below.

Each setting is inherited by itself: a school that names its lead has the group's number for after hours until it sets one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from course.content.schema import Nation, Setting
from course.organisation.rules.contacts import ContactView
from course.people.rules import inherited, inherited_in_teams, team_and_above
from course.text import search_key


@dataclass(frozen=True)
class TeamSettings:
    """What an open team has set for itself and all below it; what is None, or missing among the contacts, it inherits."""

    title: str | None = None
    nation: Nation | None = None
    pathway: Setting | None = None
    contacts: Mapping[str, ContactView] = field(default_factory=dict)

    @property
    def is_site(self) -> bool:
        """Whether staff there ring other numbers than elsewhere."""
        return bool(self.contacts or self.nation)


@dataclass(frozen=True)
class Site:
    """Where people have the same contacts: a team and all below it that has no other. `team_id` is None for the whole
    organisation. `contacts` are by kind, with the inherited ones; `parent` is the name of the team above, if any."""

    team_id: int | None
    name: str
    nation: Nation
    pathway: Setting
    contacts: Mapping[str, ContactView]
    parent: str = ""


@dataclass(frozen=True)
class SiteDirectory:
    """The open teams, and those among them that have settings of their own. It is empty as long as no team has any."""

    names: Mapping[int, str] = field(default_factory=dict)
    parents: Mapping[int, int | None] = field(default_factory=dict)
    settings: Mapping[int, TeamSettings] = field(default_factory=dict)

    @property
    def site_ids(self) -> frozenset[int]:
        """The teams that are sites."""
        return frozenset(team for team, own in self.settings.items() if own.is_site)

    def titles(self) -> dict[int, str]:
        return {team: own.title for team, own in self.settings.items() if own.title}

    def nations(self) -> dict[int, Nation]:
        return {team: own.nation for team, own in self.settings.items() if own.nation}

    def pathways(self) -> dict[int, Setting]:
        return {team: own.pathway for team, own in self.settings.items() if own.pathway}


def team_contacts(
    team: int, directory: SiteDirectory, of_organisation: Mapping[str, ContactView]
) -> dict[str, ContactView]:
    """The contact of each kind that holds for a team: the nearest among its own, those of the teams above it, and those of
    the organisation."""
    found = dict(of_organisation)
    for one in reversed(team_and_above(team, directory.parents)):
        if one in directory.settings:
            found |= directory.settings[one].contacts
    return found


def site_of_team(team: int, directory: SiteDirectory, organisation: Site) -> Site | None:
    """The site that a team belongs to: the nearest among itself and the teams above it; None if it has none."""
    number = next((one for one in team_and_above(team, directory.parents) if one in directory.site_ids), None)
    if number is None:
        return None
    own, above = directory.settings[number], directory.parents[number]
    nation = inherited(number, directory.parents, directory.nations())
    pathway = inherited(number, directory.parents, directory.pathways())
    return Site(
        number,
        own.title or directory.names[number],
        nation.value if nation else organisation.nation,
        pathway.value if pathway else organisation.pathway,
        team_contacts(number, directory, organisation.contacts),
        directory.names.get(above, "") if above is not None else "",
    )


def sites_of_teams(teams: Iterable[int], directory: SiteDirectory, organisation: Site) -> tuple[Site, ...]:
    """The sites of a person in these teams, each once, in the order in which they joined the teams. A team that belongs to
    no site, such as a working group, adds none."""
    found = (site_of_team(team, directory, organisation) for team in teams)
    return tuple({site.team_id: site for site in found if site is not None}.values())


@dataclass(frozen=True)
class InheritedSettings:
    """What a team has where it sets nothing itself. Each value is with the name of the team at which it was set, or of the
    organisation; a contact that nobody filled in is missing."""

    title: tuple[str, str]
    nation: tuple[Nation, str]
    pathway: tuple[Setting, str]
    contacts: Mapping[str, tuple[ContactView, str]]


def inherited_settings(team: int, directory: SiteDirectory, organisation: Site) -> InheritedSettings:
    """What a team inherits from the teams above it and from the organisation."""
    parent = directory.parents[team]
    above = organisation_for_teams([] if parent is None else [parent], directory, organisation)
    contacts = organisation.contacts if parent is None else team_contacts(parent, directory, organisation.contacts)

    def origin(values: Mapping[int, str]) -> str:
        found = None if parent is None else inherited(parent, directory.parents, values)
        return directory.names[found.team_id] if found else organisation.name

    return InheritedSettings(
        (above.name, origin(directory.titles())),
        (above.nation, origin(directory.nations())),
        (above.pathway, origin(directory.pathways())),
        {
            kind: (one, organisation.name if one.team_id is None else directory.names[one.team_id])
            for kind, one in contacts.items()
        },
    )


def all_sites(directory: SiteDirectory, organisation: Site) -> tuple[Site, ...]:
    """Every site, by name. Of two with one name each says what it is part of."""
    found = sites_of_teams(sorted(directory.site_ids), directory, organisation)
    names = Counter(search_key(site.name) for site in found)
    told = [
        replace(site, name=f"{site.name} ({site.parent})") if names[search_key(site.name)] > 1 and site.parent else site
        for site in found
    ]
    return tuple(sorted(told, key=lambda site: (search_key(site.name), site.team_id or 0)))


def organisation_for_teams(teams: Iterable[int], directory: SiteDirectory, organisation: Site) -> Site:
    """What holds for a person in these teams: title, nation and pathway of the first team for which one is set, and the
    contacts of their first site; those of the organisation where nothing is set."""
    ids = tuple(teams)
    title = inherited_in_teams(ids, directory.parents, directory.titles())
    nation = inherited_in_teams(ids, directory.parents, directory.nations())
    pathway = inherited_in_teams(ids, directory.parents, directory.pathways())
    sites = sites_of_teams(ids, directory, organisation)
    return Site(
        sites[0].team_id if sites else None,
        title.value if title else organisation.name,
        nation.value if nation else organisation.nation,
        pathway.value if pathway else organisation.pathway,
        sites[0].contacts if sites else organisation.contacts,
    )
