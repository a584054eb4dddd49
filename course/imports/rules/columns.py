"""Which column of a list is what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

# What a list may say about a person, and the words for it.
FIELDS = {
    "email": "E-mail address",
    "name": "Full name",
    "first_name": "First name",
    "last_name": "Last name",
    "staff_number": "Staff number",
    "team": "Team (such as North > House 3)",
    "role": "Role in the course (learner or manager)",
    "pathway": "Pathway",
    "start": "First day",
    "leaving": "Last day",
    "completed": "Earlier certificate: completed on",
    "valid_until": "Earlier certificate: valid until",
    "issuer": "Earlier certificate: issued by",
}
# How HR systems call them, in lower case and with nothing but letters and digits.
_NAMES: dict[str, tuple[str, ...]] = {
    "email": ("email", "emailaddress", "workemail", "workemailaddress", "mail", "businessemail", "primaryemail"),
    "name": ("name", "fullname", "employeename", "displayname", "staffname", "employee"),
    "first_name": ("firstname", "forename", "givenname", "knownas", "preferredname", "forenames"),
    "last_name": ("lastname", "surname", "familyname"),
    "staff_number": ("staffnumber", "employeenumber", "employeeid", "staffid", "payrollnumber", "personnelnumber",
                     "employeeno", "staffno", "payrollno", "payrollid"),
    "team": ("team", "department", "site", "unit", "school", "location", "teampath", "service", "orgunit", "house"),
    "role": ("courserole", "roleinthecourse"),  # a column “Role” holds job titles
    "pathway": ("pathway",),
    "start": ("startdate", "firstday", "start", "hiredate", "dateofjoining", "joined", "commencementdate",
              "employmentstartdate", "datestarted"),
    "leaving": ("leavingdate", "lastday", "enddate", "leaver", "dateleft", "terminationdate", "leavedate",
                "employmentenddate", "left"),
    "completed": ("certificatedate", "completed", "completedon", "completiondate", "lasttraining", "trainingdate"),
    "valid_until": ("validuntil", "expires", "expirydate", "expiry", "certificateexpiry"),
    "issuer": ("issuer", "issuedby", "provider", "trainingprovider"),
}  # fmt: skip


def _bare(heading: str) -> str:
    return "".join(sign for sign in heading.casefold() if sign.isalnum())


def guess(headings: Sequence[str], remembered: Mapping[str, str], unused: Collection[str] = ()) -> dict[str, int]:
    """For each field the column that holds it: the one it was last time (`remembered` gives its heading), else one
    with a usual name. No column is used twice, and none that was left out last time (`unused`), whatever its name:
    the list of tonight must not move people by a column that somebody has said holds something else."""
    found: dict[str, int] = {}
    bare = [_bare(heading) for heading in headings]

    left_out = {index for index, heading in enumerate(headings) if heading in unused}

    def take(field: str, names: Sequence[str]) -> None:
        for name in names:
            for index, heading in enumerate(bare):
                if field not in found and heading == name and index not in found.values() and index not in left_out:
                    found[field] = index

    for field, heading in remembered.items():
        take(field, [_bare(heading)])
    for field, names in _NAMES.items():
        take(field, names)
    return found


def mistake(columns: Mapping[str, int]) -> tuple[str, str] | None:
    """What is wrong with a choice of columns: the field, and what is wrong; None if nothing is."""
    if "email" not in columns:
        return "email", "Choose the column of the e-mail address: people sign in with it."
    if "name" not in columns and not {"first_name", "last_name"} <= set(columns):
        return "name", "Choose the column of the full name, or those of the first and the last name."
    if "completed" not in columns and ({"valid_until", "issuer"} & set(columns)):
        return "completed", "Choose the day on which the earlier certificate was completed as well."
    twice = [field for field, index in columns.items() if list(columns.values()).count(index) > 1]
    if twice:
        return twice[-1], "This column is chosen twice."
    return None
