"""The project's own tools: the gates, the local runner, the database and the environment file."""
