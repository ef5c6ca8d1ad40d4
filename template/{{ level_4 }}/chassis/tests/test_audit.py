"""The audit log: who is entered, what auditors are shown, and that sealing goes on."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, cast
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy.orm import Mapped, mapped_column, registry

from chassis import logs, request_id
from chassis.app import build_app
from chassis.audit.entries import AUDIT, MOST, AuditQuery
from chassis.audit.events import ROOM, SecurityEvents
from chassis.audit.log import recorder as recording
from chassis.audit.log.reading import page_of
from chassis.audit.log.recorder import AuditRecorder
from chassis.audit.log.sealer import Sealer, evidence
from chassis.audit.log.seals import Rewound, Seal
from chassis.audit.log.unsealed import told_by
from chassis.audit.log.verify import main, told
from chassis.database import Change, VersionedRecord
from chassis.database.app import build_data_app
from chassis.database.features import DataSettings
from chassis.features import FeatureSettings
from chassis.identity import Principal, acting_as
from chassis.problems import Invalid, Unavailable
from chassis.testing.http import RecordedHttp

BED = uuid4()
NOBODY = "postgresql://nobody@127.0.0.1:1/none"
ENTRY: dict[str, Any] = {
    "place": 7,
    "at": "2026-01-31T12:00:00.000001Z",
    "actor": "anna",
    "service": "garden",
    "action": "update",
    "subject": "beds",
    "subject_id": str(BED),
    "changed": ["name"],
    "request_id": "abc",
}


class OwnSettings(FeatureSettings):
    data_api_url: str = "http://data/"


class Bases:
    registry = registry()


@Bases.registry.mapped
class Bed(VersionedRecord):
    __tablename__ = "beds"

    name: Mapped[str] = mapped_column()


@Bases.registry.mapped
class Counted:
    __tablename__ = "counted"

    name: Mapped[str] = mapped_column(primary_key=True)


class Connection:
    """Keeps what is entered."""

    def __init__(self) -> None:
        self.entered: list[dict[str, Any]] = []

    async def execute(self, _statement: object, entry: dict[str, Any]) -> None:
        self.entered.append(entry)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> AuditRecorder:
    monkeypatch.setattr(recording, "Base", Bases)
    return AuditRecorder()


@pytest.fixture
def http() -> RecordedHttp:
    return RecordedHttp(200, {"items": [ENTRY], "next_cursor": "7"})


@pytest.fixture
def app(http: RecordedHttp) -> FastAPI:
    app = build_app("Garden", [], OwnSettings())
    app.state.http = http
    return app


async def entered(recorder: AuditRecorder, change: Change) -> list[dict[str, Any]]:
    connection: Any = Connection()
    await recorder(connection, change)
    found: list[dict[str, Any]] = connection.entered
    return found


async def test_a_write_is_entered_with_who_asked_for_it(recorder: AuditRecorder) -> None:
    given = {"name": "a secret", "area": 3}
    with acting_as(Principal("anna", service="garden")), request_id.bound("abc"):
        (entry,) = await entered(recorder, Change("change", "beds", BED, given, given))

    assert entry == {
        "actor": "anna",
        "service": "garden",
        "action": "update",
        "subject": "beds",
        "subject_id": BED,
        "changed": ["area", "name"],
        "request_id": "abc",
    }
    assert "a secret" not in str(entry)


async def test_a_write_for_nobody_is_entered_too(recorder: AuditRecorder) -> None:
    (entry,) = await entered(recorder, Change("remove", "beds", BED, {}, {}))

    assert (entry["actor"], entry["service"], entry["action"]) == ("-", None, "delete")


async def test_a_name_that_is_too_long_keeps_nobody_from_writing(recorder: AuditRecorder) -> None:
    with acting_as(Principal("a" * 300)):
        (entry,) = await entered(recorder, Change("add", "beds", BED, {}, {}))

    assert entry["actor"] == "a" * 255


@pytest.mark.parametrize("table", ["counted", "elsewhere"])
async def test_what_is_no_record_is_passed_over(recorder: AuditRecorder, table: str) -> None:
    assert await entered(recorder, Change("add", table, BED, {}, {})) == []


async def test_auditors_see_what_the_data_service_has(
    client: AsyncClient, http: RecordedHttp
) -> None:
    asked = {"actor": "anna", "subject_id": str(BED), "at_min": "2026-01-31T00:00:00Z"}
    answer = await client.get(AUDIT, params={"limit": 5, "cursor": "9", **asked})

    assert answer.json() == {"items": [ENTRY], "next_cursor": "7"}
    assert http.sent == [
        ("GET", f"http://data{AUDIT}", {**asked, "limit": 5, "cursor": "9", "sort": "-place"})
    ]


@pytest.mark.parametrize("asked", ["sort=actor", "subject_id=roses", "who=anna", "at_min=soon"])
async def test_other_questions_are_refused(
    client: AsyncClient, http: RecordedHttp, asked: str
) -> None:
    assert (await client.get(f"{AUDIT}?{asked}")).status_code == 422
    assert http.sent == []


@pytest.mark.parametrize(
    ("principal", "status"),
    [
        (Principal("eve", frozenset({"admin"})), 200),
        (Principal("bob", frozenset({"editor"})), 403),
    ],
)
async def test_nobody_sees_it_whom_the_policy_does_not_name(
    client: AsyncClient,
    ask_as: Callable[[Principal | None], None],
    principal: Principal,
    status: int,
) -> None:
    ask_as(principal)

    assert (await client.get(AUDIT)).status_code == status


def test_a_service_without_a_data_service_has_no_such_route() -> None:
    app = build_app("Garden", [], FeatureSettings())

    assert AUDIT not in app.openapi()["paths"]


@pytest.mark.parametrize("cursor", ["", "roses", "-1", "1.5", "²", "9" * 19])
async def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    nothing: Any = None
    with pytest.raises(Invalid):
        await page_of(nothing, AuditQuery(cursor=cursor))


def events_of(http: Any) -> SecurityEvents:
    return SecurityEvents(lambda: http, "http://data", "garden")


def posted(http: RecordedHttp) -> list[dict[str, Any]]:
    return [one for _, _, body in http.sent for one in body["entries"]]


async def test_who_is_refused_is_entered(
    app: FastAPI, http: RecordedHttp, ask_as: Callable[[Principal | None], None]
) -> None:
    ask_as(Principal("bob", frozenset({"editor"})))
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://garden") as client:
        await client.get(f"{AUDIT}?actor=anna", headers={"X-Request-ID": "abc"})
        ask_as(None)
        await client.get(AUDIT)
    await app.state.security_events.pass_on()

    (event,) = posted(http)
    assert event == {
        "actor": "bob",
        "service": "garden",
        "action": "refuse",
        "subject": f"GET {AUDIT}",
        "request_id": "abc",
    }


async def test_events_wait_until_they_can_be_entered(caplog: pytest.LogCaptureFixture) -> None:
    away = RecordedHttp(503, {"status": 503, "title": "away"})
    events = events_of(away)
    for number in range(MOST + 1):
        events.tell("login", "session", f"user {number}")
    await events.pass_on()
    assert len(posted(away)) == MOST
    assert "Events wait to be entered" in caplog.text

    back = RecordedHttp(204, None)
    events._http = lambda: cast("Any", back)
    await events.pass_on()
    events.tell("logout", "session", "the last one")
    async with events.running():
        pass

    told = [*(f"user {number}" for number in range(MOST + 1)), "the last one"]
    assert [one["actor"] for one in posted(back)] == told
    assert len(back.sent) == 3


async def test_the_oldest_are_let_go_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    http = RecordedHttp(204, None)
    events = events_of(http)
    for number in range(ROOM + 2):
        events.tell("login", "s" * 300, f"user {number}")
    await events.pass_on()

    assert posted(http)[0]["actor"] == "user 2"
    assert "2 events were not entered in the audit log" in caplog.text


class Outcomes:
    """Seals what it is told to, one after the other."""

    def __init__(self, *outcomes: Seal | Exception | None) -> None:
        self.left = list(outcomes)

    async def seal(self) -> Seal | None:
        outcome = self.left.pop(0) if self.left else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def test_sealing_goes_on_whatever_happens(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    seal = Seal(3, 900, 12, "ab" * 32)
    seals: Any = Outcomes(Unavailable("away"), Rewound("1 after 9"), ValueError("odd"), None, seal)

    async with Sealer(seals, 0.001).running(), asyncio.timeout(5):
        while seals.left:  # noqa: ASYNC110
            await asyncio.sleep(0.001)

    said = "\n".join(caplog.messages)
    assert "not sealed now: Unavailable: away" in said
    assert "cannot be sealed: see docs/audit.md" in said
    assert told(said) == {3: [seal.digest]}


def test_a_seal_is_written_whatever_level_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for level in ("INFO", "WARNING", "ERROR", "CRITICAL"):
        logs.configure(level)
        evidence.info("%s", Seal(1, 9, 2, "ab" * 32))
        assert "audit seal 1: 2 entries" in capsys.readouterr().err, level


def test_each_digest_that_is_told_of_a_place_is_known_the_first_one_first() -> None:
    first, later = "a" * 64, "b" * 64
    lines = [
        f"audit seal 12: 340 entries, {first}",
        "INFO something else",
        f'{{"event": "audit seal 13: 1 entries, {first}"}}',
        f"audit seal 12: 12 entries, {later}",
        f"audit seal 12: 340 entries, {first}",
    ]

    assert told("\n".join(lines)) == {12: [first, later], 13: [first]}


@pytest.fixture
def data() -> FastAPI:
    return build_data_app("Data", [], DataSettings(database_url=NOBODY))


def test_a_data_service_enters_and_seals(data: FastAPI) -> None:
    assert AuditRecorder in map(type, data.state.database.recorders)
    assert isinstance(data.state.sealer, Sealer)
    assert AUDIT in data.openapi()["paths"]


async def test_how_long_entries_wait_is_told() -> None:
    class Waiting:
        async def waiting_s(self) -> float:
            return 7

    seals: Any = Waiting()
    (gauge,) = await told_by(seals)()

    assert [(one.name, one.value) for one in gauge.samples] == [("audit_unsealed_seconds", 7)]


@pytest.mark.parametrize(
    ("url", "arguments", "said"),
    [
        ("", [], "DATABASE_URL must be that of the data service"),
        (NOBODY, [], "The database does not answer"),
        (NOBODY, ["--known", "/no/such"], "--known must name"),
    ],
)
def test_what_keeps_it_from_verifying_is_one_line(
    url: str, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if url:
        monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert str(ended.value.code).startswith(said)
