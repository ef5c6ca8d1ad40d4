"""What Alembic runs around migrations; the connection and the models come from the caller."""

from alembic import context
from sqlalchemy import text

# Any number that nothing else locks: services that start together must not migrate together.
LOCK = 7_043_321_975

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=context.config.attributes["metadata"])
with context.begin_transaction():
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    context.run_migrations()
