"""What Alembic runs around migrations; the connection and the models come from the caller."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes["metadata"],
    # Each holds its locks no longer than it has to, and may leave its transaction.
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
