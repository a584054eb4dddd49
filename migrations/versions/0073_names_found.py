"""Names are found however their apostrophe or hyphen was typed: the keys of those that have one of the new signs."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

APOSTROPHES, HYPHENS = "´\u1ffd‛ʹʽˊˋ′‵ʾʿ", "‒—−"
PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ŋ": "n", "ŧ": "t", ".": ""}
    | dict.fromkeys("'’‘ʼ`ʻ\u200c\u200d" + APOSTROPHES, "")
    | dict.fromkeys("-‐‑–" + HYPHENS, " ")
)  # fmt: skip


def name_key(name: str) -> str:
    # Unicode takes an acute accent that stands alone apart into a space and an accent.
    found = unicodedata.normalize("NFKD", re.sub("[´\u1ffd]", "'", name)).casefold()
    found = "".join(sign for sign in found if not "\u0300" <= sign <= "\u036f").translate(PLAIN)
    return " ".join(unicodedata.normalize("NFC", found).split())[:300]


def upgrade() -> None:
    connection = op.get_bind()
    person = sa.table("person", sa.column("id"), sa.column("name", sa.Text))
    found = sa.select(person).where(sa.or_(*(person.c.name.contains(sign) for sign in APOSTROPHES + HYPHENS)))
    keys = [{"id": row.id, "key": name_key(row.name)} for row in connection.execute(found).all()]
    if keys:
        connection.execute(sa.text("UPDATE person SET name_key = :key WHERE id = :id"), keys)
        # The rows of the report hold the keys as well: from the first person on, while reports go on with what is there.
        op.execute("UPDATE standings_mark SET cursor = 0, version = version + 1")


def downgrade() -> None:
    """The release before writes the keys anew with the next change of a name, and finds these by more of what is typed."""
