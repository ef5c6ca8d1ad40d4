"""The role as which a service uses its database: it owns nothing, and only its rows are its own.

Migrations run as the owner of the tables, who makes this role and gives it its rights.
"""

import hashlib
import hmac
import secrets
import unicodedata
from base64 import b64encode
from typing import NamedTuple

from sqlalchemy import URL, Connection, MetaData, text

_ITERATIONS = 4096
# Tables and sequences that are made later have the same rights from the beginning.
_RIGHTS = """
    REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC;
    REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC;
    GRANT CONNECT ON DATABASE {database} TO {role};
    GRANT USAGE ON SCHEMA {schema} TO {role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
    ALTER DEFAULT PRIVILEGES IN SCHEMA {schema}
        GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
    ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {role};
    REVOKE ALL ON {schema}.alembic_version FROM {role}
"""
_FEWER = "REVOKE ALL ON {schema}.{table} FROM {role}; GRANT {rights} ON {schema}.{table} TO {role}"
_ROLE = text("""
    SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls,
           EXISTS (SELECT FROM pg_shdepend
                   WHERE refclassid = 'pg_authid'::regclass AND refobjid = role.oid
                     AND deptype = 'o' AND dbid IN (0, database.oid)),
           pg_has_role(role.oid, 'MEMBER WITH ADMIN OPTION')
    FROM pg_roles AS role, pg_database AS database
    WHERE rolname = :role AND datname = current_database()
""")
_MAY_CREATE = text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")


class RoleError(Exception):
    """The role of the service is missing, or may do more than it should."""


class _Role(NamedTuple):
    """What is known of a role that exists."""

    powerful: bool
    owner: bool
    ours: bool


def ensure(connection: Connection, service: URL) -> None:
    """Have the role there that the URL names, with its password, if it names another one."""
    role = service.username or ""
    with connection.begin():
        row = connection.execute(_ROLE, {"role": role}).first()
        found = _Role(*row) if row else None
        if found is None and not connection.scalar(_MAY_CREATE):
            raise RoleError(
                f"there is no role {role}, which DATABASE_URL names, and MIGRATION_DATABASE_URL may"
                f" not make one: CREATE ROLE {role} LOGIN PASSWORD ..."
            )
        if found and (found.powerful or found.owner):
            what = "has rights over all of PostgreSQL" if found.powerful else "owns tables"
            raise RoleError(
                f"the role {role}, which DATABASE_URL names, {what}: name another one, which is"
                " made if it does not exist, or take that away (REASSIGN OWNED, ALTER ROLE)"
            )
        if found is None or found.ours:
            does = "ALTER" if found else "CREATE"
            statement = f"{does} ROLE {_quoted(connection, role)} LOGIN {_password(service)}"
            connection.exec_driver_sql(statement)


def grant(connection: Connection, service: URL, metadata: MetaData) -> None:
    """Give the role what a service needs: to read and write rows, and nothing else.

    A table where it needs less says so: ``info={"rights": "SELECT, INSERT"}``.
    """
    names = {
        "role": service.username or "",
        "database": connection.scalar(text("SELECT current_database()")),
        "schema": connection.scalar(text("SELECT current_schema()")),
    }
    quoted = {key: _quoted(connection, name) for key, name in names.items()}
    fewer = [
        _FEWER.format(**quoted, table=_quoted(connection, table.name), rights=table.info["rights"])
        for table in metadata.tables.values()
        if "rights" in table.info
    ]
    connection.rollback()
    with connection.begin():
        for statement in ";".join([_RIGHTS.format(**quoted), *fewer]).split(";"):
            connection.exec_driver_sql(statement)


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)


def _password(service: URL) -> str:
    return f"PASSWORD '{verifier(service.password)}'" if service.password else ""


def verifier(password: str, salt: bytes | None = None) -> str:
    """Give what PostgreSQL keeps of a password, so that no log of it can have the password."""
    salt = salt or secrets.token_bytes(16)
    prepared = unicodedata.normalize("NFKC", password).encode()
    salted = hashlib.pbkdf2_hmac("sha256", prepared, salt, _ITERATIONS)
    client, server = (hmac.digest(salted, key, "sha256") for key in (b"Client Key", b"Server Key"))
    kept = [b64encode(part).decode() for part in (salt, hashlib.sha256(client).digest(), server)]
    return f"SCRAM-SHA-256${_ITERATIONS}:{kept[0]}${kept[1]}:{kept[2]}"
