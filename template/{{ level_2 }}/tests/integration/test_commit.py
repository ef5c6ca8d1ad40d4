"""What is said when the connection to the database breaks while a transaction is committed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import URL, make_url, text

from chassis.database import Database, DatabaseSettings
from chassis.problems import OutcomeUnknown
from tests.integration.postgres import Postgres
from tests.integration.system import create_database

COMMIT = b"COMMIT;"
CHUNK_BYTES = 65_536

type Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(scope="module")
def url(server: Postgres) -> str:
    """A database of its own."""
    create_database(server.database("postgres"), "commits")
    return server.database("commits")


@asynccontextmanager
async def database(url: str) -> AsyncIterator[Database]:
    """Open the database at an address."""
    opened = Database(DatabaseSettings(database_url=url))
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def breaking(url: str, *, after: bool) -> AsyncIterator[str]:
    """Give an address of the same database, where the line breaks before or after a commit."""
    target = make_url(url)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with connected(target) as (answers, requests):
            back = asyncio.create_task(pass_on(answers, writer))
            while COMMIT not in (chunk := await reader.read(CHUNK_BYTES)) and chunk:
                requests.write(chunk)
            back.cancel()
            if after:
                requests.write(chunk)
                await answers.read(1)  # it is done, and nobody hears of it
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as line:
        host, port = line.sockets[0].getsockname()
        yield target.set(host=host, port=port, query={}).render_as_string(hide_password=False)


@asynccontextmanager
async def connected(target: URL) -> AsyncIterator[Stream]:
    """Connect to a server, which may be at a socket in a folder."""
    folder = target.query.get("host")
    stream = await (
        asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
        if folder
        else asyncio.open_connection(target.host, target.port)
    )
    try:
        yield stream
    finally:
        stream[1].close()
        await stream[1].wait_closed()


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send on what comes."""
    while chunk := await reader.read(CHUNK_BYTES):
        writer.write(chunk)


@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
async def test_nobody_claims_to_know_what_became_of_a_commit(url: str, *, after: bool) -> None:
    table = "kept" if after else "lost"
    async with database(url) as direct:
        async with breaking(url, after=after) as address, database(address) as broken:
            with pytest.raises(OutcomeUnknown):
                async with broken.begin() as connection:
                    await connection.execute(text(f"CREATE TABLE {table} (id integer)"))

        async with direct.connect() as connection:
            found = await connection.execute(text(f"SELECT to_regclass('{table}') IS NOT NULL"))
            assert found.scalar_one() is after
