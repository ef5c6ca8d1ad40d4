"""The environment in which Alembic runs the migrations."""
