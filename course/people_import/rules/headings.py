"""The headings that HR systems use, by field."""

from __future__ import annotations

import re
import unicodedata

# For each field, in small letters without accents and with nothing but letters and digits; the most usual first.
KNOWN_HEADINGS: dict[str, tuple[str, ...]] = {
    "email": ("workemail", "workemailaddress", "emailwork", "emailaddresswork", "businessemail", "email", "emailaddress",
              "emails", "mail", "mailaddress", "primaryemail", "companyemail", "officialemail", "emailid", "username",
              "userprincipalname", "upn", "emailadresse", "mailadresse", "dienstlicheemail", "ebost", "cyfeiriadebost",
              "ebostgwaith", "cyfeiriadebostgwaith", "courriel", "adresseemail", "adressemail"),
    "staff_number": ("staffnumber", "employeenumber", "employeeid", "staffid", "payrollnumber", "personnelnumber",
                     "employeeno", "staffno", "payrollno", "payrollid", "personnelno", "personnelid", "payrollref",
                     "payrollreference", "payref", "payreference", "paynumber", "payno",
                     "employeeref", "employeereference", "staffref", "staffreference",
                     "staffcode", "employeecode", "personid", "personnumber", "workernumber", "workerid", "hrid",
                     "hrnumber", "empid", "persnumber", "persno", "misid",
                     "rhifadnabod", "rhifpersonel", "empno", "empnumber", "empref", "personalreference", "uniqueid",
                     "assignmentnumber",
                     "number", "id", "identifier", "personalnummer", "personalnr", "persnr",
                     "mitarbeiternummer", "mitarbeiternr", "rhifstaff", "rhifgweithiwr", "rhifcyflogres",
                     "rhifygweithiwr", "rhif", "matricule", "employee"),
    "sign_in_name": ("signinname", "loginname", "login", "logon", "logonname", "signin", "loginid"),
    "first_name": ("firstname", "forename", "forenames", "givenname", "givennames", "firstnames", "christianname",
                   "knownas", "preferredname", "preferredfirstname", "preferredforename", "legalfirstname", "vorname",
                   "vornamen", "rufname", "enwcyntaf", "enwaucyntaf", "blaenenw", "blaenenwau", "enwbedydd", "prenom",
                   "fname", "first", "given", "forename1", "firstname1", "firstforename"),
    "last_name": ("lastname", "surname", "familyname", "surnames", "lastnames", "secondname",
                  "preferredlastname", "preferredsurname", "legallastname",
                  "legalsurname", "sn", "nachname", "familienname", "zuname", "cyfenw", "enwolaf", "enwteuluol",
                  "nomdefamille", "lname", "last", "family"),
    "name": ("fullname", "name", "employeename", "displayname", "staffname", "names", "personname", "workername", "worker",
             "colleague", "colleaguename", "staffmember", "nameofemployee", "nameofstaffmember", "nameofstaff",
             "nameofworker", "nameofcolleague", "staffmembername", "vorundnachname", "vollstandigername", "mitarbeiter",
             "mitarbeitername", "enwllawn", "enw", "enwygweithiwr", "nom", "nomcomplet", "surnameforename",
             "surnameforenames", "surnamefirstname", "lastnamefirstname", "lastnameforename", "forenamesurname",
             "forenamesurnames", "firstnamelastname", "firstnamesurname", "firstandlastname", "nachnamevorname",
             "vornamenachname", "namevorname", "vornamename", "payrollname",
             "cyfenwenwcyntaf", "enwcyntafcyfenw", "person", "employee"),
    "team": ("team", "teamname", "teampath", "department", "departmentname", "site", "sitename", "unit", "unitname",
             "school", "schoolname", "location", "locationname", "service", "servicename", "orgunit", "orgunitname",
             "organisationunit", "organisationalunit", "house", "home", "base", "workbase", "workplace", "setting",
             "branch", "division", "dept", "section", "group", "abteilung", "standort", "einrichtung", "einsatzort", "bereich",
             "kostenstelle", "costcentre", "costcenter", "tim", "adran", "ysgol", "safle", "lleoliad", "uned",
             "equipe", "establishment", "establishmentname"),
    "role": ("courserole", "roleinthecourse"),  # a column “Role” holds job roles
    "job_role": ("jobrole", "jobtitle", "positiontitle", "posttitle", "roletitle", "jobname", "position", "post", "job", "role",
                 "occupation", "designation", "positionname", "postname",
                 "stellenbezeichnung", "berufsbezeichnung", "funktion", "teitlswydd",
                 "teitlyswydd", "swydd", "intituleduposte", "poste"),
    "pathway": ("pathway", "coursepathway"),
    "start": ("startdate", "firstday", "start", "hiredate", "dateofjoining", "datejoined", "joined", "joiningdate",
              "joindate", "commencementdate", "commencement", "employmentstartdate", "employmentstart", "datestarted",
              "started", "arrivaldate", "dateofarrival",
              "dateofstart", "dateofcommencement", "datecommenced", "dateofhire", "datehired", "dateappointed", "dateofappointment",
              "appointmentdate", "continuousservicedate", "originalhiredate", "contractstart", "contractstartdate",
              "employmentstarted", "entrydate", "dateofentry", "entry", "startofcontract", "startofemployment",
              "firstdayofwork", "firstdayofemployment", "hiredt", "startdt",
              "eintrittsdatum", "einstellungsdatum", "eintritt", "eintrittam", "beginn", "startdatum", "dyddiaddechrau", "dechrau",
              "dyddiaddechraucyflogaeth", "dyddiaddechraugweithio", "dyddiadcychwyn", "cychwyn", "dyddiadpenodi", "diwrnodcyntaf",
              "dyddiadymuno", "datedentree"),
    "leaving": ("leavingdate", "lastday", "enddate", "leaver", "dateleft", "dateofleaving", "terminationdate", "leavedate",
                "leaverdate", "employmentenddate", "employmentend", "left", "lastworkingday", "lastdayofservice",
                "dateoftermination", "dateended", "leaving", "exitdate", "dateofexit", "exit", "finishdate",
                "finaldate", "finalday", "lastdayofwork", "lastdayofemployment", "endofemployment", "end",
                "contractend", "contractenddate", "endofcontract", "terminationdt", "enddt", "austrittsdatum",
                "austritt", "austrittam", "enddatum", "letzterarbeitstag", "vertragsende",
                "dyddiadgadael", "dyddiadgorffen", "dyddiadgorffencyflogaeth",
                "diwrnodolaf", "gadael", "datedesortie"),
    "completed": ("datecompleted", "certificatedate", "completed", "completedon", "completiondate", "dateofcompletion",
                  "lasttraining", "trainingdate", "dateoftraining", "lastcompleted", "trainingcompleted", "passedon",
                  "abgeschlossenam", "dyddiadcwblhau"),
    "valid_until": ("validuntil", "expires", "expirydate", "expiry", "certificateexpiry", "dateofexpiry", "expireson",
                    "validto", "expirationdate", "certificateexpirydate", "dueforrenewal", "gultigbis", "dyddiaddoddiben"),
    "issuer": ("issuer", "issuedby", "provider", "trainingprovider", "certificateissuer", "awardingbody", "anbieter",
               "darparwr"),
}  # fmt: skip
# Of these columns the name can be read only where a comma divides it: “Lee, Ann”.
SURNAME_FIRST_HEADINGS = frozenset(
    {"surnameforename", "surnameforenames", "surnamefirstname", "lastnamefirstname", "lastnameforename", "nachnamevorname",
     "namevorname", "cyfenwenwcyntaf"}
)  # fmt: skip
# Headings of columns with the address of another person, such as a manager.
OTHER_PERSON_HEADING = re.compile(
    r"manager|supervisor|linem|emergency|nextofkin|parent|referee|reportsto|reportingto|approver|spouse|guardian|rheolwr"
    r"|vorgesetzt|fuhrungskraft|notfall|mentor|headteacher|headof|teamlead|appraiser|assessor|reviewer|buddy|partner|relative"
    r"|agency|recruiter|deputy|director(?!y)|coordinator|^nok|^ice|hrcontact|argyfwng|perthynas|pennaeth"
)
# Headings of columns with what people are called beside their name, which may be the whole of it: “Annie” for “Ann Lee”.
KNOWN_AS_HEADING = re.compile(r"knownas|preferred|chosen|rufname|nickname")
PRIVATE_HEADING = re.compile(r"personal(?!nummer|nr)|private|privat|home(?=e?mail)|personol")


# Words that HR systems put before the usual name of a column, without another meaning.
_QUALIFIERS = frozenset(
    {"legal", "current", "latest", "original", "primary", "main", "default", "contact", "preferred", "chosen",
     "known", "employee", "employees", "employer", "employment", "staff", "staffs", "worker", "workers", "person",
     "persons", "colleague", "work", "business", "company", "organisation", "official", "professional", "corporate",
     "contracted"}
)  # fmt: skip


def strip_qualifiers(heading: str) -> str:
    """A heading without its qualifiers, as `normalise_heading` writes it; empty if it has none, or nothing else. It is not
    used for the staff number: “Contact number” is a telephone."""
    words = re.split(r"[\W_]+", re.sub(r"\([^)]*\)|\[[^\]]*\]|['’]s\b", " ", heading))
    words = [word for word in words if word]
    kept = [word for word in words if word.casefold() not in _QUALIFIERS]
    return normalise_heading(" ".join(kept)) if len(kept) < len(words) else ""


def normalise_heading(heading: str) -> str:
    """A heading in small letters without accents, and with nothing but letters and digits; # and № mean a number."""
    plain = unicodedata.normalize("NFKD", re.sub(r"[#№]|\bno\.", " number ", heading.casefold()))
    return "".join(sign for sign in plain if sign.isalnum())


def is_name_of_other(heading: str) -> bool:
    """Whether a heading of several parts is about the name of a team, a post or another person: “Line manager: Name”."""
    parts = [normalise_heading(part) for part in re.split(r"[/|:]|\s[-–]\s", heading)]
    others = {*KNOWN_HEADINGS["team"], *KNOWN_HEADINGS["job_role"]}
    return len(parts) > 1 and any(part in others or OTHER_PERSON_HEADING.search(part) for part in parts)


def heading_variants(heading: str) -> tuple[str, ...]:
    """The names by which a heading may be known: all of it, without what stands in brackets, and the parts beside a
    stroke or a dash."""
    without = re.sub(r"\([^)]*\)|\[[^\]]*\]|\*", " ", heading)
    parts = [part for part in re.split(r"[/|:]|\s[-–]\s", without) if part.strip()]
    owner = re.sub(r"['’]s\b", "", heading)
    # “Forename(s)” is one word in two forms.
    either = heading.replace("(", "").replace(")", "")
    return tuple(
        dict.fromkeys(name for name in map(normalise_heading, (heading, either, without, owner, *parts)) if name)
    )
