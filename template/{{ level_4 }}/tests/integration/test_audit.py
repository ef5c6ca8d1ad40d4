"""The audit log on a real PostgreSQL: it has every write, and whoever tampers with it is found out."""

import asyncio
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from tools.dev import identity
from tools.dev.system import base_environment

from chassis.audit.entries import AUDIT
from chassis.audit.log.model import AuditEntry
from chassis.audit.log.seals import Fault, Rewound, Seals
from chassis.audit.log.verify import main
from chassis.database import Database, DatabaseSettings
from tests.integration.collections import Records, collections
from tests.integration.postgres import Postgres
from tests.integration.system import (
    ROOT,
    Started,
    create_database,
    document,
    migrate_all,
    only,
    service_url,
    system,
)
from tests.integration.users import logged_in

TIMEOUT_S = 20
INSUFFICIENT_PRIVILEGE = "42501"
TEMPLATE = "sealed"
SEALED = [3, 1, 1200, 2]
"""How many entries there are in each seal."""
AS_SUPERUSER = "SET session_replication_role = replica"
"""Keeps triggers from being asked: nothing holds a superuser back."""
ALL_SEALED = "DELETE FROM audit_log WHERE at > (SELECT max(at) FROM audit_seals)"


def of(user: str, *roles: str) -> dict[str, str]:
    """Make the header of a user with these roles."""
    known = base_environment(ROOT, (), system().stand_ins)
    return {"Authorization": f"Bearer {identity.token_of(ROOT, user, roles, known)}"}


@pytest.fixture
def public(services: Mapping[str, Started]) -> Started:
    """The service that users call."""
    found = [one for one in services.values() if AUDIT in document(one.service.name)["paths"]]
    return next(one for one in found if not one.service.upgrade)


@pytest.fixture
def anna(public: Started) -> Iterator[httpx2.Client]:
    """A user who may do everything, unlike all others of these tests."""
    headers = of(f"anna-{uuid4().hex}", "admin")
    with httpx2.Client(base_url=public.url, timeout=TIMEOUT_S, headers=headers) as http:
        yield http


@pytest.fixture
def keeper(services: Mapping[str, Started]) -> Iterator[Records]:
    """Makes records where they are kept."""
    one = next(one for one in services.values() if one.service.in_database)
    with httpx2.Client(base_url=one.url, timeout=TIMEOUT_S) as http:
        yield Records(http, document(one.service.name))


def entries(http: httpx2.Client, **asked: str) -> list[dict[str, object]]:
    """Read a page of the log."""
    answer = http.get(AUDIT, params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["items"]
    return found


def test_what_a_user_did_is_in_the_log(anna: httpx2.Client, keeper: Records) -> None:
    collection = next(iter(collections(keeper.document)))
    record = keeper.create(collection)
    of_record = {"subject_id": record["id"]}
    headers = {"X-Request-ID": uuid4().hex}

    removed = anna.delete(
        collection.of(record["id"]), headers=headers | {"If-Match": f'"{record["version"]}"'}
    )

    if removed.status_code != 204:  # a rule of the domain
        assert [one["action"] for one in entries(anna, **of_record)] == ["create"]
        return
    gone, made = entries(anna, **of_record)
    assert gone["action"] == "delete"
    assert gone["request_id"] == headers["X-Request-ID"]
    assert str(gone["actor"]).startswith("anna-")
    assert gone["service"]
    assert (made["action"], gone["subject"]) == ("create", made["subject"])
    assert entries(anna, request_id=headers["X-Request-ID"]) == [gone]
    assert entries(anna, actor=str(gone["actor"]), action="delete", **of_record) == [gone]
    assert entries(anna, at_min=str(gone["at"]), at_max=str(gone["at"]), **of_record) == [gone]
    assert entries(anna, at_max=str(made["at"]), **of_record) == [made]
    assert gone in entries(anna, subject=str(gone["subject"]))
    assert entries(anna, actor="nobody") == []


def test_a_page_follows_the_other(anna: httpx2.Client, keeper: Records) -> None:
    collection = next(iter(collections(keeper.document)))
    for _ in range(3):
        keeper.create(collection)

    first = anna.get(AUDIT, params={"limit": 2}).json()
    second = anna.get(AUDIT, params={"limit": 1, "cursor": first["next_cursor"]}).json()

    places = [one["place"] for one in [*first["items"], *second["items"]]]
    assert places == sorted(places, reverse=True)
    assert len(set(places)) == 3
    assert anna.get(AUDIT, params={"cursor": "roses"}).status_code == 422


def test_what_was_refused_is_not_in_it(anna: httpx2.Client, keeper: Records) -> None:
    headers = {"X-Request-ID": uuid4().hex}
    collection = next(iter(collections(keeper.document)))

    refused = anna.delete(collection.of(uuid4()), headers=headers)

    assert refused.status_code >= 400
    assert entries(anna, request_id=headers["X-Request-ID"]) == []


@pytest.mark.parametrize(("role", "status"), [("auditor", 200), ("reader", 403)])
def test_auditors_read_it_and_others_do_not(public: Started, role: str, status: int) -> None:
    answer = httpx2.get(f"{public.url}{AUDIT}", headers=of("eve", role), timeout=TIMEOUT_S)

    if answer.status_code == 403 and "auditor" in role:
        pytest.skip("the policy of this project has other roles")
    assert answer.status_code == status


def test_who_was_refused_is_in_it(public: Started, anna: httpx2.Client) -> None:
    user, headers = logged_in(public)
    refused = httpx2.get(f"{public.url}{AUDIT}", headers=headers, timeout=TIMEOUT_S)
    assert refused.status_code == 403

    end = time.monotonic() + TIMEOUT_S
    while not (found := entries(anna, actor=user, action="refuse")) and time.monotonic() < end:
        time.sleep(0.05)
    (event,) = found
    assert event["subject"] == f"GET {AUDIT}"
    assert event["subject_id"] is None


def run(url: str, *statements: str) -> None:
    """Run statements in a transaction."""

    async def running() -> None:
        engine = create_async_engine(url, poolclass=NullPool)
        async with engine.begin() as connection:
            for statement in statements:
                await connection.exec_driver_sql(statement)

    asyncio.run(running())


async def enter(database: Database, count: int) -> None:
    """Enter some writes in a transaction."""
    entry = {"actor": "anna", "action": "update", "subject": "beds", "changed": ["name"]}
    async with database.begin() as connection:
        rows = [{**entry, "subject_id": uuid4()} for _ in range(count)]
        await connection.execute(insert(AuditEntry), rows)


@pytest.fixture(scope="module")
def sealed(server: Postgres) -> str:
    """A database with a log that has been sealed some times."""
    create_database(server.database("postgres"), TEMPLATE)
    url = server.database(TEMPLATE)
    migrate_all(url)

    async def seal() -> None:
        database = Database(DatabaseSettings(database_url=service_url(url)))
        for count in SEALED:
            await enter(database, count)
            made = await Seals(database).seal()
            assert made
            assert made.entries == count
        assert await Seals(database).seal() is None
        await enter(database, 1)  # one that is not sealed yet
        await database.close()

    asyncio.run(seal())
    return url


@pytest.fixture
def url(sealed: str, server: Postgres) -> Iterator[str]:
    """A copy of it, to be tampered with."""
    name = f"copy_{uuid4().hex}"
    assert TEMPLATE in sealed
    asyncio.run(_outside(server, f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"'))
    yield server.database(name)
    asyncio.run(_outside(server, f'DROP DATABASE "{name}"'))


async def _outside(server: Postgres, statement: str) -> None:
    """Run a statement that can be in no transaction."""
    url = server.database("postgres")
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))


def faults(url: str, known: Mapping[int, Sequence[str]] | None = None) -> list[Fault]:
    """Compare the seals with what is there."""

    async def compared() -> list[Fault]:
        database = Database(DatabaseSettings(database_url=url))
        found = [fault async for fault in Seals(database).faults(known)]
        await database.close()
        return found

    return asyncio.run(compared())


def digests(url: str) -> dict[int, str]:
    """Read the digest of each seal."""

    async def reading() -> dict[int, str]:
        engine = create_async_engine(url, poolclass=NullPool)
        async with engine.connect() as connection:
            rows = await connection.exec_driver_sql("SELECT place, digest FROM audit_seals")
            return {row.place: row.digest for row in rows}

    return asyncio.run(reading())


def test_a_log_that_nobody_touched_is_right(url: str) -> None:
    assert faults(url) == []
    assert faults(url, {place: [digest] for place, digest in digests(url).items()}) == []


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        pytest.param("UPDATE audit_log SET actor = 'bob' WHERE place = 1", 1, id="changed"),
        pytest.param(
            "UPDATE audit_log SET at = at + interval '1 microsecond' WHERE place = 900",
            3,
            id="changed by a moment",
        ),
        pytest.param("DELETE FROM audit_log WHERE place = 4", 2, id="deleted"),
        pytest.param(
            "INSERT INTO audit_log (xid, actor, action, subject, subject_id, changed)"
            " SELECT xid, actor, action, subject, subject_id, changed FROM audit_log"
            " WHERE place = 2",
            1,
            id="inserted",
        ),
        pytest.param(
            "UPDATE audit_log SET subject_id = other.subject_id FROM audit_log AS other"
            " WHERE audit_log.place = 1 AND other.place = 2",
            1,
            id="swapped",
        ),
        pytest.param(
            "UPDATE audit_seals SET digest = repeat('a', 64) WHERE place = 2",
            2,
            id="seal changed",
        ),
        pytest.param("DELETE FROM audit_seals WHERE place = 2", 3, id="seal deleted"),
    ],
)
def test_who_tampers_with_it_is_found_out(
    statement: str, place: int, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(url, AS_SUPERUSER, statement)

    found = faults(url)
    assert found
    assert found[0].place == place
    with only({"DATABASE_URL": url}), pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 1
    assert f"seal {place}: " in capsys.readouterr().out


def test_who_makes_seals_anew_is_found_out_by_the_log_of_the_service(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "service.log"
    lines = [f"audit seal {place}: 1 entries, {one}\n" for place, one in digests(url).items()]
    log.write_text("".join(lines), encoding="utf-8")
    run(
        url,
        AS_SUPERUSER,
        "UPDATE audit_log SET actor = 'bob' WHERE place = 1",
        "DELETE FROM audit_seals",
    )
    asyncio.run(_seal(url))

    assert faults(url) == []  # all of it fits together again
    with only({"DATABASE_URL": url}), pytest.raises(SystemExit) as ended:
        main(["--known", str(log)])
    assert ended.value.code == 1
    told = capsys.readouterr().out
    assert "seal 1: it is not the one that is known" in told
    assert f"seal {len(SEALED)}: it is known, and is gone" in told


CUT = [
    AS_SUPERUSER,
    "DELETE FROM audit_log WHERE xid >= (SELECT until FROM audit_seals WHERE place = 2)",
    "DELETE FROM audit_seals WHERE place > 2",
]
"""Removes the latest entries, and every seal over them."""


def test_who_removes_the_latest_entries_is_found_out_by_what_was_known(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "service.log"
    told = [verified(url, capsys)]  # as somebody has kept it, and the service goes on meanwhile
    log.write_text(told[0], encoding="utf-8")
    run(url, *CUT)

    assert faults(url) == []  # what is left fits together
    verified(url, capsys, "--known", str(log), code=1)

    for _ in range(len(SEALED)):  # the service seals what comes then, by the same numbers
        asyncio.run(_enter_and_seal(url))
        told += [f"audit seal {one}: 1 entries, {digest}" for one, digest in digests(url).items()]
    log.write_text("\n".join(told), encoding="utf-8")

    assert faults(url) == []
    found = verified(url, capsys, "--known", str(log), code=1)
    assert f"seal {len(SEALED)}: it is not the one that is known" in found


def test_a_seal_that_was_put_back_is_told_of_too(url: str) -> None:
    known = {place: [digest] for place, digest in digests(url).items()}

    (fault,) = faults(url, {**known, 3: [*known[3], "b" * 64]})

    assert fault == Fault(3, "two are known: one was removed, and made anew")


def verified(url: str, capsys: pytest.CaptureFixture[str], *given: str, code: int = 0) -> str:
    """Give what it says that the log is checked with."""
    with only({"DATABASE_URL": url}), pytest.raises(SystemExit) as ended:
        main(given)
    said = capsys.readouterr().out
    assert ended.value.code == code, said
    return said


async def _enter_and_seal(url: str) -> None:
    database = Database(DatabaseSettings(database_url=url))
    await enter(database, 1)
    await database.close()
    await _seal(url)


async def _seal(url: str) -> None:
    database = Database(DatabaseSettings(database_url=url))
    assert await Seals(database).seal()
    await database.close()


def test_a_log_that_is_right_is_said_to_be(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place, digest), *_ = digests(url).items()
    piped = StringIO(f'{{"event": "audit seal {place}: 3 entries, {digest}"}}\n')
    monkeypatch.setattr(sys, "stdin", piped)
    with only({"DATABASE_URL": url}), pytest.raises(SystemExit) as ended:
        main(["--known", "-"])

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"{len(SEALED)} seals checked, 1 of them")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET at = at",
        "DELETE FROM {table}",
        "TRUNCATE {table}",
    ],
)
@pytest.mark.parametrize("table", ["audit_log", "audit_seals"])
def test_neither_the_service_nor_the_owner_may_change_it(
    statement: str, table: str, sealed: str
) -> None:
    for role in (service_url(sealed), sealed):
        with pytest.raises(DBAPIError) as refused:
            run(role, statement.format(table=table))
        assert getattr(refused.value.orig, "sqlstate", None) == INSUFFICIENT_PRIVILEGE


@pytest.mark.parametrize("column", ["xid", "at"])
def test_a_service_cannot_enter_what_was_before(column: str, sealed: str) -> None:
    value = {"xid": "1", "at": "now()"}[column]
    given = "actor, action, subject, subject_id, changed"
    with pytest.raises(DBAPIError) as refused:
        run(
            service_url(sealed),
            f"INSERT INTO audit_log ({column}, {given})"  # noqa: S608
            f" VALUES ({value}, 'a', 'b', 'c', gen_random_uuid(), '[]')",
        )
    assert getattr(refused.value.orig, "sqlstate", None) == INSUFFICIENT_PRIVILEGE


async def test_an_entry_that_is_stored_late_is_not_left_out(url: str) -> None:
    database = Database(DatabaseSettings(database_url=service_url(url)))
    seals = Seals(database)
    await seals.seal()

    async with database.begin() as late:
        await late.execute(text("SELECT pg_current_xact_id()"))
        await enter(database, 2)
        assert await seals.seal() is None
    made = await seals.seal()

    assert made
    assert made.entries == 2
    assert [fault async for fault in seals.faults()] == []
    await database.close()


async def test_it_is_known_for_how_long_entries_wait(url: str) -> None:
    database = Database(DatabaseSettings(database_url=service_url(url)))
    seals = Seals(database)

    assert 0 < await seals.waiting_s() < 600
    await seals.seal()
    assert await seals.waiting_s() == 0
    await database.close()


async def test_a_database_that_counts_anew_is_not_sealed(url: str) -> None:
    later = f"UPDATE audit_seals SET until = until + 1000000 WHERE place = {len(SEALED)}"  # noqa: S608
    await asyncio.to_thread(run, url, AS_SUPERUSER, later)
    database = Database(DatabaseSettings(database_url=service_url(url)))

    with pytest.raises(Rewound):
        await Seals(database).seal()
    await asyncio.to_thread(run, url, AS_SUPERUSER, ALL_SEALED)
    assert await Seals(database).waiting_s() == 0
    await enter(database, 1)
    assert await Seals(database).waiting_s() > 0  # for which the alert waits
    await database.close()


@pytest.mark.parametrize(
    ("place", "until"),
    [
        pytest.param("place + 1", "until + 1000000000", id="over what is to come"),
        pytest.param("place + 1", "until - 1", id="over what is sealed"),
        pytest.param("place + 2", "until", id="after a gap"),
        pytest.param("place - 1", "until", id="in the place of another one"),
    ],
)
def test_a_service_cannot_seal_what_it_likes(place: str, until: str, sealed: str) -> None:
    with pytest.raises(DBAPIError) as refused:
        run(
            service_url(sealed),
            "INSERT INTO audit_seals (place, until, entries, digest)"  # noqa: S608
            f" SELECT {place}, {until}, 0, digest FROM audit_seals WHERE place = {len(SEALED)}",
        )
    assert getattr(refused.value.orig, "sqlstate", None) == INSUFFICIENT_PRIVILEGE


async def test_only_one_of_several_seals(url: str) -> None:
    database = Database(DatabaseSettings(database_url=service_url(url)))
    await enter(database, 3)

    made = await asyncio.gather(*(Seals(database).seal() for _ in range(5)))

    assert len([seal for seal in made if seal]) == 1
    assert [fault async for fault in Seals(database).faults()] == []
    await database.close()
