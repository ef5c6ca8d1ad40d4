"""The worker: it follows rules, and sends while it runs."""

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from jinja2 import DictLoader

from chassis.events import Created
from chassis_communications import declared, message_api, sending
from chassis_communications.declared import Declared, DeclaredError, read
from chassis_communications.providers import Outgoing, Taken
from chassis_communications.sending import rules
from chassis_communications.templates import Templates
from chassis_communications.testing.kept import Kept
from chassis_workers.features import WorkerSettings
from chassis_workers.testing.broker import running
from chassis_workers.worker import Worker, build_worker

RULES = """
[templates.planted]
category = "security"

[[rules]]
event = "bed.planted.v1"
template = "planted"
channel = "email"
recipient = "gardener"
data = {bed = "name", verb = "'planted'"}

[[rules]]
event = "bed.planted.v1"
template = "planted"
channel = "sms"
recipient = "+447700900123"
data = {bed = "name"}
"""


class Planted(Created):
    """A bed was planted."""

    type: str = "bed.planted"
    version: int = 1
    data: dict[str, Any]


def planted(**data: Any) -> Planted:
    return Planted(subject=UUID(int=1), data={"name": "Roses", **data})


@pytest.fixture(autouse=True)
def project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have rules and a template of the tests, whatever the project has."""
    what = read(RULES)
    texts = {f"planted/{part}": "{{ bed }}" for part in ("subject.txt", "email.txt", "email.html")}
    texts["planted/sms.txt"] = "{{ verb }} {{ bed }}"
    monkeypatch.setattr(sending, "declared", lambda: what)
    monkeypatch.setattr(sending, "project_templates", lambda: Templates(what, DictLoader(texts)))


class Post:
    """A provider that takes everything."""

    name, address = "post", "post.example.com"

    async def send(self, _message: Outgoing) -> Taken:
        return Taken()

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def worker(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> Worker:
    for module in (rules, sending):
        monkeypatch.setattr(module, "kept_messages", lambda _worker: kept)
    monkeypatch.setattr(sending, "providers_of", lambda _settings: {"email": Post(), "sms": Post()})
    return build_worker("gardener", [], [], WorkerSettings())


async def test_a_message_follows_an_event_once(worker: Worker, kept: Kept) -> None:
    event = planted(gardener="Ann@Example.com")
    async with running(worker) as broker:
        for _ in range(2):
            await broker.publish(event)

    by_channel = {one.channel: one for one in kept.messages.values()}
    assert by_channel["email"].recipient == "ann@example.com"
    assert by_channel["email"].data == {"bed": "Roses", "verb": "planted"}
    assert len(kept.messages) == 1  # the other one misses a variable
    assert sorted(broker.settled) == ["ACKED", "ACKED", "REJECTED", "REJECTED"]


async def test_without_an_address_nothing_is_sent(worker: Worker, kept: Kept) -> None:
    async with running(worker) as broker:
        await broker.publish(planted())

    assert not kept.messages


async def test_it_sends_while_it_runs(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, queue: Any
) -> None:
    monkeypatch.setattr(sending, "kept_messages", lambda _worker: kept)
    await queue("planted", data={"bed": "Roses"})
    settings = WorkerSettings(email_url="smtp://127.0.0.1:1", messages_interval=0.01)
    worker = build_worker("gardener", [], [], settings)

    async with worker.lifespan(), asyncio.timeout(5):
        while "sending" not in kept.states:  # noqa: ASYNC110  # what it waits for has no event
            await asyncio.sleep(0.01)

    assert kept.states[:2] == ["sending", "queued"]  # nobody listens there


def test_nobody_follows_the_rules_of_a_channel_that_is_not_there() -> None:
    nothing = build_worker("gardener", [], [], WorkerSettings())
    sms = build_worker("gardener", [], [], WorkerSettings(sms_url="https://x.example"))

    of_rules = [
        [queue.name for queue in one.queues if "planted" in queue.name] for one in (nothing, sms)
    ]
    assert of_rules == [[], ["gardener.sms_planted_when_bed_planted.v1"]]


def test_what_cannot_be_meant_ends_the_start_with_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Templates:
        raise DeclaredError("messages.toml: templates.x: no")

    for module in (sending, message_api):
        monkeypatch.setattr(module, "project_templates", refuse)

    with pytest.raises(SystemExit, match=r"templates\.x"):
        build_worker("gardener", [], [], WorkerSettings())
    with pytest.raises(SystemExit, match=r"templates\.x"):
        message_api.install(SimpleNamespace(state=SimpleNamespace()), None)  # type: ignore[arg-type]


def test_the_rules_of_the_project_are_read() -> None:
    assert isinstance(declared.declared(), Declared)
