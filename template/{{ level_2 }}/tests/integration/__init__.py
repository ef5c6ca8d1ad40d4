"""The services together, on a real PostgreSQL.

What is tested follows from the services' own OpenAPI documents and tables, so that it holds
whatever the domain becomes.
"""
