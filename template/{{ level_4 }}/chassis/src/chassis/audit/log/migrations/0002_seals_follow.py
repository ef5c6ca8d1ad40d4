"""A seal comes right after the one before it, and covers no transaction that may still enter something.

Revision ID: audit_0002
Revises: audit_0001
"""

from alembic import op

revision = "audit_0002"
down_revision = "audit_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    # No CHECK: a database that is filled from a dump has rows that are right in another one.
    op.execute(
        """
        CREATE FUNCTION audit_seal_follows() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            last_place bigint;
            last_until bigint;
            ended bigint := pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text::bigint;
        BEGIN
            -- Named with its schema: a table of that name may be put before it for the session.
            EXECUTE format(
                'SELECT place, until FROM %I.%I ORDER BY place DESC LIMIT 1',
                TG_TABLE_SCHEMA, TG_TABLE_NAME
            ) INTO last_place, last_until;
            IF NEW.place <> coalesce(last_place, 0) + 1
                OR NEW.until NOT BETWEEN coalesce(last_until, 0) AND ended
            THEN
                RAISE EXCEPTION 'seal % until % is refused: the last one is % until %, and % has not ended',
                    NEW.place, NEW.until, coalesce(last_place, 0), coalesce(last_until, 0), ended
                    USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NEW;
        END
        $$
        """
    )
    op.execute(
        "CREATE TRIGGER follows BEFORE INSERT ON audit_seals"
        " FOR EACH ROW EXECUTE FUNCTION audit_seal_follows()"
    )


def downgrade() -> None:
    """Take it back."""
    op.execute("DROP TRIGGER follows ON audit_seals")
    op.execute("DROP FUNCTION audit_seal_follows()")
