"""What a team sets for itself and all below it: nation, title, pathway and contacts; and the pathway that people get with
their place in a team."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "team_setting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=True),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('nation', 'title', 'pathway')", name=op.f("ck_team_setting_kind")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_team_setting_made_by")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_team_setting_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_setting")),
    )
    op.create_index("ix_team_setting_team", "team_setting", ["team_id", "kind", "id"])
    with op.batch_alter_table("pathway_choice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("team_id", sa.Integer(), nullable=True))
        batch_op.alter_column("pathway", existing_type=sa.String(length=20), nullable=True)
        batch_op.create_foreign_key(op.f("fk_pathway_choice_team_id"), "team", ["team_id"], ["id"])
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.add_column(sa.Column("team_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_contact_team_id"), "team", ["team_id"], ["id"])
        batch_op.drop_index("ix_contact_kind")
        batch_op.create_index("ix_contact_kind", ["team_id", "kind", "id"])


def downgrade() -> None:
    connection = op.get_bind()
    # To an older program the contact of one school would be that of the whole organisation.
    connection.execute(sa.text("DELETE FROM contact WHERE team_id IS NOT NULL"))
    # It knows no way back to the usual pathway: what that is now stands in its place.
    usual = "coalesce((SELECT pathway FROM organisation), 'school')"
    connection.execute(sa.text(f"UPDATE pathway_choice SET pathway = {usual} WHERE pathway IS NULL"))  # noqa: S608 (no input)
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_index("ix_contact_kind")
        batch_op.drop_constraint(op.f("fk_contact_team_id"), type_="foreignkey")
        batch_op.drop_column("team_id")
        batch_op.create_index("ix_contact_kind", ["kind", "id"])
    with op.batch_alter_table("pathway_choice", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_pathway_choice_team_id"), type_="foreignkey")
        batch_op.alter_column("pathway", existing_type=sa.String(length=20), nullable=False)
        batch_op.drop_column("team_id")
    op.drop_table("team_setting")
