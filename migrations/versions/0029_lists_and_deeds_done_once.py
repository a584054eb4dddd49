"""A key by which people are found and ordered, when they were invited, what was decided about a list; and deeds that can
be there only once: an open team of one name at one place, a membership, a role."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# The keys as course/text.py makes them at this revision.
PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ŋ": "n", "ŧ": "t",
     "'": "", "’": "", "‘": "", "ʼ": "", "`": "", "´": "", "ʻ": "", ".": "", "-": " ", "‐": " ", "‑": " ", "–": " ",
     "\u200c": "", "\u200d": ""}
)  # fmt: skip
OPEN = sa.text("until IS NULL")
OPEN_ADMINISTRATOR = sa.text("until IS NULL AND team_id IS NULL")


def name_key(name: str) -> str:
    found = unicodedata.normalize("NFKD", name).casefold()
    found = "".join(sign for sign in found if not "\u0300" <= sign <= "\u036f").translate(PLAIN)
    return " ".join(unicodedata.normalize("NFC", found).split())[:300]


def same(name: str) -> str:
    found = unicodedata.normalize("NFC", " ".join(name.split())).casefold()
    return unicodedata.normalize("NFC", found)


def upgrade() -> None:
    op.add_column("people_import", sa.Column("decisions", sa.Text(), nullable=True))
    op.add_column("person", sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True))
    kind = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("person", sa.Column("name_key", kind, server_default="", nullable=False))
    op.add_column("team", sa.Column("open_key", sa.Text(), nullable=True))
    connection = op.get_bind()
    _fill(connection)
    for table, columns in (
        ("membership", "person_id, team_id"),
        ("role_grant", "person_id, role, coalesce(team_id, 0)"),
    ):
        # Of two rows that say the same the later one ends when it began. It stays: nothing that was written is lost.
        connection.execute(
            sa.text(
                f"UPDATE {table} SET until = since WHERE until IS NULL AND id NOT IN "  # noqa: S608
                f"(SELECT min(id) FROM {table} WHERE until IS NULL GROUP BY {columns})"
            )
        )
    op.create_index("ix_person_name_key", "person", ["name_key", "id"])
    op.create_index("uq_team_open_key", "team", ["open_key"], unique=True)
    for name, table, fields, where in (
        ("uq_membership_open", "membership", ["person_id", "team_id"], OPEN),
        ("uq_role_grant_managed", "role_grant", ["person_id", "team_id"], OPEN),
        ("uq_role_grant_administrator", "role_grant", ["person_id"], OPEN_ADMINISTRATOR),
    ):
        op.create_index(name, table, fields, unique=True, sqlite_where=where, postgresql_where=where)


def _fill(connection: sa.Connection) -> None:
    """The keys of names and places, and the newest invitation since somebody came, from the log."""
    people = connection.execute(sa.text("SELECT id, name FROM person")).all()
    keys = [{"id": row.id, "key": name_key(row.name)} for row in people]
    if keys:
        connection.execute(sa.text("UPDATE person SET name_key = :key WHERE id = :id"), keys)
    taken: set[str] = set()
    for row in connection.execute(
        sa.text("SELECT id, name, parent_id FROM team WHERE closed_at IS NULL ORDER BY id")
    ).all():
        key = f"{row.parent_id or 0}/{same(row.name)}"
        if key in taken:
            key += f"#{row.id}"  # two teams of one name, as they could be opened until now
        taken.add(key)
        connection.execute(sa.text("UPDATE team SET open_key = :key WHERE id = :id"), {"key": key, "id": row.id})
    # From the log and, because there was none in the first versions, from the links that were mailed.
    for found, at, of_whom in (
        ("audit_entry WHERE what = 'person.invited' AND subject_kind = 'person'", "at", "subject_id"),
        ("sign_in_token WHERE purpose = 'invitation'", "created_at", "person_id"),
    ):
        connection.execute(
            sa.text(
                f"UPDATE person SET invited_at = (SELECT max({at}) FROM {found} AND {of_whom} = person.id "  # noqa: S608
                f"AND {at} >= coalesce((SELECT max(at) FROM audit_entry WHERE what = 'person.returned' "
                f"AND subject_kind = 'person' AND subject_id = person.id), {at})) WHERE invited_at IS NULL"
            )
        )
    # The link that was mailed to an earlier address has ended.
    connection.execute(
        sa.text(
            "UPDATE person SET invited_at = NULL WHERE EXISTS (SELECT 1 FROM person_change WHERE person_id = person.id "
            "AND person_change.email <> person.email AND changed_at >= invited_at)"
        )
    )


def downgrade() -> None:
    for name, table in (
        ("uq_role_grant_administrator", "role_grant"),
        ("uq_role_grant_managed", "role_grant"),
        ("uq_membership_open", "membership"),
        ("uq_team_open_key", "team"),
        ("ix_person_name_key", "person"),
    ):
        op.drop_index(name, table_name=table)
    for table, column in (
        ("team", "open_key"),
        ("person", "name_key"),
        ("person", "invited_at"),
        ("people_import", "decisions"),
    ):
        op.drop_column(table, column)
