"""HR and auditors, and deputies who may act. Those who are deputies already go on seeing, as they were promised."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

OPEN = "until IS NULL"
OPEN_FOR_EVERYONE = "until IS NULL AND team_id IS NULL"
ROLES_BEFORE = "role in ('manager', 'administrator')"
ROLES_AFTER = "role in ('manager', 'hr', 'auditor', 'administrator')"
TEAMS_BEFORE = "(role = 'manager') = (team_id is not null)"
TEAMS_AFTER = f"role = 'auditor' or {TEAMS_BEFORE}"
INDEXES_BEFORE = (
    ("uq_role_grant_managed", ["person_id", "team_id"], OPEN),
    ("uq_role_grant_administrator", ["person_id"], OPEN_FOR_EVERYONE),
)
INDEXES_AFTER = (
    ("uq_role_grant_of_team", ["person_id", "role", "team_id"], OPEN),
    ("uq_role_grant_of_everyone", ["person_id", "role"], OPEN_FOR_EVERYONE),
)


def upgrade() -> None:
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("last_day", sa.Date(), nullable=True))
        _replace_checks(batch_op, ROLES_AFTER, TEAMS_AFTER)
        batch_op.create_check_constraint(
            op.f("ck_role_grant_last_day"), sa.text("(role = 'auditor') = (last_day is not null)")
        )
    _replace_indexes(INDEXES_BEFORE, INDEXES_AFTER)
    with op.batch_alter_table("deputy", schema=None) as batch_op:
        batch_op.add_column(sa.Column("may_act", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("deputy", schema=None) as batch_op:
        batch_op.drop_column("may_act")
    # The older program knows neither role: who has one is a learner there.
    op.execute("delete from role_grant where role in ('hr', 'auditor')")
    _replace_indexes(INDEXES_AFTER, INDEXES_BEFORE)
    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_role_grant_last_day"), type_="check")
        _replace_checks(batch_op, ROLES_BEFORE, TEAMS_BEFORE)
        batch_op.drop_column("last_day")


def _replace_checks(batch_op: object, roles: str, teams: str) -> None:
    for name, condition in (("role", roles), ("team", teams)):
        batch_op.drop_constraint(op.f(f"ck_role_grant_{name}"), type_="check")  # type: ignore[attr-defined]
        batch_op.create_check_constraint(op.f(f"ck_role_grant_{name}"), sa.text(condition))  # type: ignore[attr-defined]


def _replace_indexes(old: tuple[tuple[str, list[str], str], ...], new: tuple[tuple[str, list[str], str], ...]) -> None:
    for name, _, _ in old:
        op.drop_index(name, "role_grant")
    for name, columns, condition in new:
        where = sa.text(condition)
        op.create_index(name, "role_grant", columns, unique=True, sqlite_where=where, postgresql_where=where)
