"""Strangers come to a system at level 4 over HTTP: what each may, what is seen of it, and when that ends.

It runs as `make dev` runs it, with a Redis, a second instance of its API beside the first one, and
the routes of docs/authorisation.md by which users have their own records.
"""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import httpx2
import psutil
import pytest

from tests import turns
from tests.matrix.renderer import Renderer
from tests.project.scenario import is_problem
from tests.project.test_running import free_port, running
from tests.support import answers_of, run

pytestmark = [
    turns.running_systems,
    pytest.mark.needs("redis-server"),
    pytest.mark.about("level_4", "built_in"),
]

PATIENCE_S = 40
BELIEVED_S = 5
"""Seconds for which an instance believes that a session goes on: SESSION_CHECKED, docs/accounts.md."""
AT_MOST_S = BELIEVED_S + 2
"""The same on a machine that does other things, too."""
PASSWORD = "violet tractor hums nineteen"  # noqa: S105  # pragma: allowlist secret
QUICK = {"PASSWORD_MEMORY": "64", "PASSWORD_ROUNDS": "1"}
OWNER = {"name": "owner", "type": "string", "max_length": 255}
ROUTER = re.compile(r"^router = .*\n", re.MULTILINE)
NEEDED = """\
from fastapi import Depends
from chassis.access import Asking
from chassis.problems import NotFound
from team_tasks_api.domain.task import Task
"""
POLICY = 'member = ["tasks:read", "tasks:create", "tasks:update", "tasks:delete"]\n'


@dataclass(frozen=True)
class Somebody:
    """Who has logged in, at both instances."""

    id: str
    here: httpx2.Client
    there: httpx2.Client
    refresh_token: str


@dataclass
class Town:
    """The two instances, and those who have come."""

    project: Path
    here: str
    there: str
    opened: ExitStack

    @cached_property
    def admin(self) -> httpx2.Client:
        """The first administrator, who comes with what `make env` has made."""
        file = (self.project / ".env").read_text("utf-8")
        settings = dict(re.findall(r"^(\w+)=(.*)$", file, re.MULTILINE))
        known = settings["FIRST_ADMIN"], settings["FIRST_ADMIN_PASSWORD"]
        return self.client(self.here, logged_in(self.here, *known)["access_token"])

    def client(self, base: str, token: str) -> httpx2.Client:
        """Call an instance as somebody."""
        headers = {"Authorization": f"Bearer {token}"}
        called = httpx2.Client(base_url=f"{base}/api/v1", timeout=PATIENCE_S, headers=headers)
        return self.opened.enter_context(called)

    def comes(self, name: str, *roles: str) -> Somebody:
        """Have an account made for somebody, who logs in at the first instance."""
        email = f"{name}-{uuid4().hex}@example.com"
        new = {"email": email, "password": PASSWORD, "roles": list(roles)}
        account = done(self.admin.post("/auth/users", json=new), 201)["id"]
        tokens = logged_in(self.here, email, PASSWORD)
        here, there = (self.client(one, tokens["access_token"]) for one in (self.here, self.there))
        return Somebody(account, here, there, tokens["refresh_token"])

    def audited(self, **asked: str) -> list[dict[str, Any]]:
        """Read what the audit log says, once it says something."""
        found: list[dict[str, Any]]
        found = until(lambda: done(self.admin.get("/audit", params=asked), 200)["items"])
        return found


def logged_in(base: str, email: str, password: str) -> dict[str, str]:
    asked = {"email": email, "password": password}
    answer = httpx2.post(f"{base}/api/v1/auth/sessions", json=asked, timeout=PATIENCE_S)
    tokens: dict[str, str] = done(answer, 201)
    return tokens


def done(answer: httpx2.Response, status: int) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def until(found: Callable[[], Any], patience: float = PATIENCE_S) -> Any:
    """Ask until there is something."""
    end = time.monotonic() + patience
    while not (is_now := found()):
        assert time.monotonic() < end, is_now
        time.sleep(0.1)
    return is_now


@pytest.fixture(scope="module")
def town(renderer: Renderer) -> Iterator[Town]:
    """The system, once for all that is told of it."""
    # Not under pytest's own folder, as in `installed`.
    with TemporaryDirectory(prefix="stranger-") as folder:
        project = owned(made(renderer, Path(folder) / "project"))
        with (
            running(project, **QUICK) as here,
            another_instance(project) as there,
            ExitStack() as opened,
        ):
            yield Town(project, here, there, opened)


def made(renderer: Renderer, target: Path) -> Path:
    """Make the project: its tasks have an owner."""
    answers = answers_of("task_manager@4")
    answers["entities"][0]["fields"].append(OWNER)
    project = renderer.write(answers, target)
    for command in (["uv", "sync", "--all-packages", "--quiet"], ["make", "env"]):
        prepared = run(project, *command)
        assert prepared.returncode == 0, prepared.stderr
    return project


def owned(project: Path) -> Path:
    """Write the example of docs/authorisation.md into it, with tasks for its loans."""
    page = (project / "docs/authorisation.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(ALL = .*?)```", page, re.DOTALL)
    routes = example.replace("loan", "task").replace("Loan", "Task")
    service = project / "services/team_tasks_api/src/team_tasks_api"
    file, policy = service / "api/v1/tasks.py", service / "policy.toml"
    text = file.read_text("utf-8")
    found = ROUTER.search(text)
    assert found
    file.write_text(text[: found.start()] + NEEDED + found.group() + routes, "utf-8")
    policy.write_text(policy.read_text("utf-8").replace("[roles]\n", f"[roles]\n{POLICY}"), "utf-8")
    return project


@contextmanager
def another_instance(project: Path) -> Iterator[str]:
    """Run a second process of the API, with what the first one was given."""
    (first,) = [
        one
        for one in psutil.process_iter(["cmdline"])
        if "team_tasks_api.main:create_app" in (one.info["cmdline"] or [])
        and Path(one.cwd()).is_relative_to(project)
    ]
    port = free_port()
    words = ["-m", "chassis.serve", "team_tasks_api.main:create_app", "--port", str(port)]
    log = (project / "second.log").open("wb")
    with (
        log,
        subprocess.Popen(
            [project / ".venv/bin/python", *words],
            cwd=project,
            env=first.environ(),
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as second,
    ):
        try:
            until(lambda: answers(f"http://127.0.0.1:{port}/health"))
            yield f"http://127.0.0.1:{port}"
        finally:
            second.terminate()


def answers(url: str) -> bool:
    try:
        return httpx2.get(url).status_code == 200
    except httpx2.TransportError:
        return False


def test_a_stranger_may_what_the_policy_says_and_is_in_the_audit_log(town: Town) -> None:
    alone = httpx2.get(f"{town.here}/api/v1/tasks")
    is_problem(alone, 401)
    assert alone.headers["WWW-Authenticate"].startswith("Bearer")

    reader, member = town.comes("rea", "reader"), town.comes("ann", "member")
    task = {"title": "Buy tea"}
    acts = {name: {"X-Request-ID": uuid4().hex} for name in ("refused", "made", "removed")}
    assert reader.here.get("/tasks").status_code == 200
    is_problem(reader.here.post("/tasks", json=task, headers=acts["refused"]), 403)
    is_problem(member.here.get("/audit"), 403)
    is_problem(reader.here.get("/auth/users"), 403)
    answer = member.here.post("/tasks", json=task, headers=acts["made"])
    record = done(answer, 201)
    of_version = {"If-Match": answer.headers["ETag"]}
    removed = member.there.delete(f"/tasks/{record['id']}", headers=of_version | acts["removed"])
    assert removed.status_code == 204

    gone, came = town.audited(subject_id=record["id"])
    (refused,) = town.audited(request_id=acts["refused"]["X-Request-ID"])
    seen = [(one["actor"], one["action"], one["request_id"]) for one in (came, gone, refused)]
    assert seen == [
        (member.id, "create", acts["made"]["X-Request-ID"]),
        (member.id, "delete", acts["removed"]["X-Request-ID"]),
        (reader.id, "refuse", acts["refused"]["X-Request-ID"]),
    ]
    assert (came["service"], refused["subject"]) == ("team-tasks-api", "POST /api/v1/tasks")
    assert town.audited(actor=reader.id, action="login")


def test_nobody_sees_changes_or_removes_a_record_of_somebody_else(town: Town) -> None:
    ann, bob = town.comes("ann", "member"), town.comes("bob", "member")
    answer = ann.here.post("/tasks", json={"title": "Hers", "owner": bob.id})
    record, version = done(answer, 201), {"If-Match": answer.headers["ETag"]}
    own = f"/tasks/{record['id']}"
    assert record["owner"] == ann.id

    for bobs in (bob.here, bob.there):
        for by_ann in (ann.here, ann.there):  # what she reads is kept for whoever may read it
            assert done(by_ann.get(own), 200) == record
        nothing = bobs.get(f"/tasks/{uuid4()}")
        for method, body in (("GET", None), ("PATCH", {"title": "His"}), ("DELETE", None)):
            refused = bobs.request(method, own, json=body, headers=version)
            is_problem(refused, 404)
            same = {"detail": "", "instance": ""}
            assert refused.json() | same == nothing.json() | same, "it tells that there is one"
        assert bobs.head(own).status_code == 404
        for params in ({}, {"owner": ann.id}, {"title": "Hers"}, {"sort": "title"}):
            assert done(bobs.get("/tasks", params=params), 200)["items"] == []

    assert done(ann.here.get(own), 200) == record
    given = ann.here.patch(own, json={"owner": bob.id, "title": "Still hers"}, headers=version)
    assert (done(given, 200)["owner"], given.json()["title"]) == (ann.id, "Still hers")
    assert done(town.admin.get(own), 200) == given.json()
    assert done(ann.there.get("/tasks"), 200)["items"] == [given.json()]
    version = {"If-Match": given.headers["ETag"]}
    assert ann.there.delete(own, headers=version).status_code == 204


def test_what_one_instance_ends_the_other_one_refuses_within_seconds(town: Town) -> None:
    ann, bob, carl, dan = (town.comes(name, "member") for name in ("ann", "bob", "carl", "dan"))
    for who in (ann, bob, carl, dan):
        assert {one.get("/tasks").status_code for one in (who.here, who.there)} == {200}

    assert ann.here.delete("/auth/sessions/current").status_code == 204
    assert town.admin.delete(f"/auth/users/{bob.id}/sessions").status_code == 204
    account = town.admin.get(f"/auth/users/{carl.id}")
    version, disabled = {"If-Match": account.headers["ETag"]}, {"disabled": True}
    done(town.admin.patch(f"/auth/users/{carl.id}", json=disabled, headers=version), 200)

    out = [one for who in (ann, bob, carl) for one in (who.there, who.here)]
    until(lambda: {one.get("/tasks").status_code for one in out} == {401}, AT_MOST_S)
    is_problem(ann.there.get("/tasks"), 401)
    for who in (ann, bob, carl):
        sent = {"refresh_token": who.refresh_token}
        assert who.there.post("/auth/sessions/refresh", json=sent).status_code == 401
    assert dan.there.get("/tasks").status_code == 200, "nobody has ended his session"
