"""A generated system on a bad day: everything at once, at random, for a while.

FERRATA_HOSTILE_SECONDS says for how long (75 when it says nothing; 3600 for the whole hour), and
FERRATA_HOSTILE_SEED what happens; the seed of a run is in its output.
"""

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import httpx2
import psutil
import pytest

from tests.project.test_hostile import BEGUN, HOST, POSTED, System, memory, served, sql
from tests.project.test_running import running, until
from tests.support import run

pytestmark = [
    pytest.mark.long,
    pytest.mark.needs("rabbitmq-server"),
    pytest.mark.needs("redis-server"),
]

SECONDS = float(os.environ.get("FERRATA_HOSTILE_SECONDS", "75"))
SEED = int(os.environ.get("FERRATA_HOSTILE_SEED", "0")) or time.time_ns() % 10**6
WARM_UP_S = 15
PATIENCE_S = 30
CATCHING_UP_S = 60  # twice the longest pause between two attempts of a worker
MORE_MEMORY_MB = 60
PATH = "/api/v1/tasks"
RAW = {"Content-Type": "application/json"}


@dataclass
class Work:
    """What honest clients were told of what they wrote."""

    over: threading.Event = field(default_factory=threading.Event)
    stored: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    raised: int = 0
    perhaps: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Day:
    """A system, and who can be made to suffer in it."""

    system: System
    api: int
    data: int

    def processes(self, *words: str) -> list[psutil.Process]:
        """Find the processes of this project with one of these words in their command."""
        here, found = str(self.system.project), []
        for process in psutil.process_iter(["cmdline"]):
            command = " ".join(process.info["cmdline"] or [])
            with suppress(psutil.Error):
                own = here in command or process.cwd().startswith(here)
                if own and any(word in command for word in words):
                    found += [process, *process.children(recursive=True)]
        return list(dict.fromkeys(found))


@pytest.fixture(scope="module")
def day(installed: Callable[[str], Path]) -> Iterator[Day]:
    """The task manager with all that there is at level 2."""
    project = installed("task_manager@2+redis+workers")
    with running(project):
        system = served(project)
        (data,) = (port for name, port in system.ports.items() if "data" in name)
        (api,) = (port for name, port in system.ports.items() if "data" not in name)
        yield Day(system, api, data)


# Honest clients.


def write(day: Day, work: Work) -> None:
    """Create tasks with titles of their own, and remember what was said of each."""
    with httpx2.Client(base_url=f"http://{HOST}:{day.api}", timeout=PATIENCE_S) as http:
        while not work.over.is_set():
            title = uuid4().hex
            try:
                answer = http.post(PATH, json={"title": title})
            except httpx2.TransportError:
                work.unknown.add(title)
                continue
            _note(work, answer)
            if answer.status_code == 201:
                work.stored.append(title)
            elif answer.status_code == 504:
                work.unknown.add(title)
            elif answer.status_code != 503:
                work.faults.append(f"POST: {answer.status_code} {answer.text}")


def raise_number(day: Day, work: Work, task: str) -> None:
    """Read, add, write: nobody's addition may be lost."""
    with httpx2.Client(base_url=f"http://{HOST}:{day.api}{PATH}", timeout=PATIENCE_S) as http:
        while not work.over.is_set():
            try:
                found = http.get(f"/{task}")
                _note(work, found)
                if found.status_code != 200:
                    continue
                number = int(found.json()["description"] or 0)
                match = {"If-Match": found.headers["ETag"]}
                answer = http.patch(
                    f"/{task}", json={"description": f"{number + 1}"}, headers=match
                )
            except httpx2.TransportError:
                work.perhaps += 1
                continue
            _note(work, answer)
            work.raised += answer.status_code == 200
            work.perhaps += answer.status_code == 504
            if answer.status_code not in {200, 409, 412, 503, 504}:
                work.faults.append(f"PATCH: {answer.status_code} {answer.text}")


def _note(work: Work, answer: httpx2.Response) -> None:
    work.answers[answer.status_code] += 1
    if answer.status_code == 500:
        work.faults.append(f"{answer.request.method} {answer.request.url}: {answer.text}")


# Hostile ones: each does one thing, at a service that it is told.


def send(body: bytes, work: Work, port: int, chance: Random) -> None:
    """Send a body that is not meant well."""
    method, path = chance.choice([("POST", PATH), ("PATCH", f"{PATH}/{uuid4()}")])
    with suppress(httpx2.TransportError):
        url = f"http://{HOST}:{port}{path}"
        answer = httpx2.request(method, url, content=body, headers=RAW, timeout=PATIENCE_S)
        _note(work, answer)


BODIES = [
    b'{"title": ' + b"[" * 100_000,
    b'{"title": "a", "description": ' + b'{"a":' * 300 + b"1" + b"}" * 301,
    b'{"title": "a", "description": "' + b"x" * 2_000_000 + b'"}',
    b'{"title": "\\ud800"}',
    b'{"title": "a\\u0000b"}',
    b'{"title": NaN}',
    b'{"title": "a", "due_date": 0}',
    b'{"title": "a", "due_date": "9999-12-31T23:59:59.999999999Z"}',
    b'{"title": "a", "title": "b"}',
    b'{"title": 1e400}',
    b"\xff\xfe\x00",
    b"",
    b"[]",
    b"null",
]
QUERIES = [
    "cursor=AAAA",
    "limit=999999999999999999999",
    "limit=-1",
    "sort=%00",
    "sort=-created_at&cursor=WyItY3JlYXRlZF9hdCIsIjAiLDFd",
    "due_date_min=infinity",
    "status=%ff%fe",
    "title=%ed%a0%80",
    "&".join("a=b" for _ in range(3000)),
]


def ask(query: str, work: Work, port: int, _chance: Random) -> None:
    """Ask for what cannot be."""
    with suppress(httpx2.TransportError):
        _note(work, httpx2.get(f"http://{HOST}:{port}{PATH}?{query}", timeout=PATIENCE_S))


def leave_open(begun: bytes, _work: Work, port: int, chance: Random) -> None:
    """Open many connections, begin to say something, and stay."""
    opened = []
    with suppress(OSError):
        for _ in range(200):
            opened.append(socket.create_connection((HOST, port), PATIENCE_S))
            opened[-1].sendall(begun)
    time.sleep(chance.uniform(0, 3))
    for one in opened:
        one.close()


def flood(begun: bytes, _work: Work, port: int, _chance: Random) -> None:
    """Send a head or a body that never ends."""
    with suppress(OSError), closing(socket.create_connection((HOST, port), PATIENCE_S)) as client:
        client.sendall(begun)
        for _ in range(1000):
            client.sendall(b"a" * 65_536)


def say_anything(_work: Work, port: int, chance: Random) -> None:
    """Send bytes that are no HTTP."""
    with suppress(OSError), closing(socket.create_connection((HOST, port), PATIENCE_S)) as client:
        client.sendall(chance.randbytes(chance.randrange(1, 5000)))


def hang_up(_work: Work, port: int, _chance: Random) -> None:
    """Ask, and do not wait for the answer."""
    body = b'{"title": "nobody waits"}'
    with suppress(OSError), closing(socket.create_connection((HOST, port), PATIENCE_S)) as client:
        client.sendall(POSTED + b"Content-Length: %d\r\n\r\n" % len(body) + body)


ATTACKS: list[Callable[[Work, int, Random], None]] = [
    *(partial(send, body) for body in BODIES),
    *(partial(ask, query) for query in QUERIES),
    *(partial(leave_open, begun) for begun in (b"", BEGUN, POSTED + b"Content-Length: 9\r\n\r\n")),
    *(
        partial(flood, begun)
        for begun in (b"GET /", BEGUN + b"X: ", POSTED + b"Content-Length: 99999999999\r\n\r\n")
    ),
    say_anything,
    hang_up,
]


def attack(day: Day, work: Work, seed: int) -> None:
    """Do one thing after another."""
    chance = Random(seed)  # noqa: S311  # to be able to repeat it
    while not work.over.is_set():
        chance.choice(ATTACKS)(work, chance.choice([day.api, day.data]), chance)


# What happens to machines.

HALTS_S = [0.3, 2, 9]  # the last is longer than a statement may take
TROUBLES = [("postgres",), ("redis-server",), ("rabbitmq", "beam.smp"), ("chassis_workers",)]


def have_trouble(day: Day, work: Work, seed: int) -> None:
    """Now and then something hangs for a while, or a connection of the database is cut."""
    chance = Random(seed)  # noqa: S311  # to be able to repeat it
    while not work.over.wait(chance.uniform(0, 3)):
        if chance.random() < 0.4:
            cut(day, chance)
        else:
            halt(day.processes(*chance.choice(TROUBLES)), chance.choice(HALTS_S))


def halt(processes: list[psutil.Process], seconds: float) -> None:
    """Have processes hang for a while."""
    for change in ("suspend", "resume"):
        for process in processes:
            with suppress(psutil.Error):
                getattr(process, change)()
        if change == "suspend":
            time.sleep(seconds)


def cut(day: Day, chance: Random) -> None:
    """End the connections of the services to the database, or lock its table for a while."""
    statement = chance.choice(
        [
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()",
            f"BEGIN; LOCK TABLE tasks; SELECT pg_sleep({chance.uniform(0.1, 3):.1f}); COMMIT",
        ]
    )
    sql(day.system.project, statement)


def test_a_bad_day_ends_well(day: Day, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nFERRATA_HOSTILE_SEED={SEED}", end=" ")  # noqa: T201
    base = f"http://{HOST}:{day.api}"
    counted = httpx2.post(f"{base}{PATH}", json={"title": "counted", "description": "0"}).json()
    work, warm = Work(), Work()
    with working(day, warm, counted["id"]):
        time.sleep(min(WARM_UP_S, SECONDS / 4))
    before = {port: memory(port) for port in (day.api, day.data)}
    with working(day, work, counted["id"]):
        time.sleep(SECONDS)

    for port in (day.api, day.data):
        assert until(f"http://{HOST}:{port}/ready", 200) == {"status": "ready"}
    found = Counter(title for title in titles(base))
    stored, unknown = warm.stored + work.stored, warm.unknown | work.unknown
    raised = warm.raised + work.raised
    number = int(httpx2.get(f"{base}{PATH}/{counted['id']}").json()["description"])
    with capsys.disabled():
        print(dict(sorted(work.answers.items())), f"{raised} raised", end=" ")  # noqa: T201
    assert not warm.faults + work.faults, (warm.faults + work.faults)[:10]
    assert work.answers[201] > SECONDS, work.answers
    assert [title for title in stored if found[title] != 1] == []
    assert [title for title in unknown if found[title] > 1] == []
    assert raised <= number <= raised + warm.perhaps + work.perhaps
    for port, had in before.items():
        assert memory(port) - had < MORE_MEMORY_MB
    assert waiting_events(day) == 0
    assert counted_by_the_worker(day, found.total()) == found.total()


def counted_by_the_worker(day: Day, expected: int) -> int:
    """How many tasks the worker has counted: what it could not handle at once, it tries again."""
    end = time.monotonic() + CATCHING_UP_S
    while True:
        counts = httpx2.get(f"http://{HOST}:{day.data}/api/v1/daily-counts").json()["items"]
        number = sum(one["number"] for one in counts if one["name"] == "tasks.created")
        if number == expected or time.monotonic() > end:
            return number
        time.sleep(0.5)


@contextmanager
def working(day: Day, work: Work, counted: str) -> Iterator[None]:
    """Have everybody at work, or at what they call so."""
    with ThreadPoolExecutor(20) as pool:
        jobs = [pool.submit(write, day, work) for _ in range(4)]
        jobs += [pool.submit(raise_number, day, work, counted) for _ in range(3)]
        jobs += [pool.submit(attack, day, work, SEED + number) for number in range(4)]
        jobs += [pool.submit(have_trouble, day, work, SEED)]
        try:
            yield
        finally:
            work.over.set()
        for job in jobs:
            job.result()


def titles(base: str) -> Iterator[str]:
    """Read the title of every task."""
    params: dict[str, Any] = {"limit": 100, "sort": "created_at"}
    while True:
        page = httpx2.get(f"{base}{PATH}", params=params, timeout=PATIENCE_S).json()
        yield from (item["title"] for item in page["items"])
        if page["next_cursor"] is None:
            return
        params["cursor"] = page["next_cursor"]


def waiting_events(day: Day) -> int:
    """Wait until events have been handled, and give how many never were."""
    deadline, told = time.monotonic() + 2 * PATIENCE_S, ""
    while time.monotonic() < deadline:
        told = run(day.system.project, "make", "refused-events").stdout
        if "0 refused, 0 waiting" in told:
            time.sleep(2)  # the last ones are still in hand
            return 0
    return int(told.split()[-2])
