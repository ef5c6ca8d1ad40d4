"""A generated project in production on an engine: released, loaded over HTTPS, and looked at."""

import random
import re
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from tests.docker.stack import free_ports
from tests.support import render, run

CLIENTS = 6
TASKS = "/api/v1/tasks"


def somebody() -> dict[str, str]:
    """The headers by which the gateway takes a client for another one than before."""
    return {"X-Forwarded-For": ".".join(str(random.randrange(1, 255)) for _ in range(4))}  # noqa: S311


class Production:
    """A project in production, with a gateway that believes whom its clients say they are."""

    def __init__(self, project: Path) -> None:
        self.project = project
        http, https = free_ports(2)
        (project / ".env.production").write_text(f"HTTP_PORT={http}\nHTTPS_PORT={https}\n")
        own = project / "deploy/local/nginx"
        own.mkdir()
        # Else a load is one client, of which the gateway takes 100 requests a minute.
        believed = "set_real_ip_from 0.0.0.0/0;\nreal_ip_header X-Forwarded-For;\n"
        (own / "http_balancer.conf").write_text(believed)
        self.url = f"https://localhost:{https}"
        self.identity: dict[str, str] = {}
        self.failures: list[str] = []
        self.answered: Counter[int] = Counter()
        self.acknowledged: list[str] = []

    def make(self, target: str, **variables: str) -> str:
        """Run a make target, which must end well."""
        return self.command("make", target, BUILDKIT_PROGRESS="plain", **variables)

    def compose(self, *arguments: str) -> str:
        """Run Docker Compose on what runs in production, as its documents say."""
        tool = (sys.executable, "-m", "tools.production", "compose")
        return self.command(*tool, *arguments)

    def command(self, *command: str, **variables: str) -> str:
        """Run a command in the project, which must end well."""
        done = run(self.project, *command, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def client(self) -> httpx2.Client:
        """A client that trusts the certificate, and has a token where one is needed."""
        trusted = self.project / "secrets/tls/current/fullchain.pem"
        context = ssl.create_default_context(cafile=str(trusted))
        return httpx2.Client(
            base_url=self.url, verify=context, timeout=30, headers=self.identity.copy()
        )

    def log_in(self) -> None:
        """Be the first administrator from now on, for five minutes."""
        password = (self.project / "secrets/first_admin_password").read_text().strip()
        who = {"email": "admin@example.com", "password": password}
        self.identity = {}
        with self.client() as client:
            session = client.post("/api/v1/auth/sessions", json=who)
        assert session.status_code == 201, session.text
        self.identity = {"Authorization": f"Bearer {session.json()['access_token']}"}

    def containers(self, service: str = "") -> list[str]:
        """The containers that run, of one service or of all."""
        chosen = ["--filter", f"label=com.docker.compose.project={self.name}"]
        chosen += ["--filter", f"label=com.docker.compose.service={service}"] if service else []
        return self.command("docker", "ps", "--quiet", "--no-trunc", *chosen).split()

    @property
    def name(self) -> str:
        """What Compose calls the project."""
        text = (self.project / "docker-compose.prod.yml").read_text()
        return re.findall(r"(?m)^name: (.+)$", text)[0]

    @contextmanager
    def load(self) -> Iterator[None]:
        """Have clients read and write for as long as this is entered."""
        self.failures, self.answered, self.acknowledged = [], Counter(), []
        end = threading.Event()
        clients = [threading.Thread(target=self._ask, args=(end,)) for _ in range(CLIENTS)]
        for one in clients:
            one.start()
        try:
            time.sleep(2)
            yield
            time.sleep(2)
        finally:
            end.set()
            for one in clients:
                one.join()

    def _ask(self, end: threading.Event) -> None:
        with self.client() as client:
            while not end.is_set():
                task = {"title": "Remember me"}
                method, body = random.choice([("GET", None), ("POST", task)])  # noqa: S311
                try:
                    answer = client.request(method, TASKS, json=body, headers=somebody())
                except httpx2.HTTPError as error:
                    self.failures.append(f"{method}: {error!r}")
                    continue
                self.answered[answer.status_code] += 1
                if answer.status_code == 201:
                    self.acknowledged.append(answer.headers["Location"])
                if answer.status_code >= 400:
                    self.failures.append(f"{method}: {answer.status_code} {answer.text}")

    def lost(self) -> list[str]:
        """Those of the records that clients were told of which are not there exactly once."""
        kept = Counter(f"{TASKS}/{task}" for task in self.tasks())
        return [url for url in self.acknowledged if kept[url] != 1]

    def tasks(self) -> Iterator[str]:
        """The id of every record."""
        asked: dict[str, Any] = {"limit": 100}
        with self.client() as client:
            while True:
                answer = client.get(TASKS, params=asked, headers=somebody())
                assert answer.status_code == 200, answer.text
                page = answer.json()
                yield from (item["id"] for item in page["items"])
                if page["next_cursor"] is None:
                    return
                asked["cursor"] = page["next_cursor"]

    def sample(self, query: str) -> dict[str, float]:
        """What Prometheus has for a query: values by the job that they are of."""
        asked = ("promtool", "query", "instant", "--format=json", "http://127.0.0.1:9090", query)
        [prometheus] = self.containers("prometheus")
        rows: list[dict[str, Any]] = httpx2.Response(
            200, text=self.command("docker", "exec", prometheus, *asked)
        ).json()
        return {row["metric"].get("job", ""): float(row["value"][1]) for row in rows}


@contextmanager
def released(template: Path, answers: dict[str, Any], project: Path) -> Iterator[Production]:
    """A project that runs as release 1; nothing of it stays."""
    one = Production(render(template, answers, project))
    try:
        one.make("secrets")
        one.make("certificate")
        one.make("images", RELEASE="1")
        one.make("deploy", RELEASE="1")
        yield one
    finally:
        down = ["down", "--volumes", "--timeout", "5", "--remove-orphans"]
        run(project, "docker", "compose", "--file", "docker-compose.prod.yml", *down, RELEASE="1")


def migrate_more(project: Path) -> None:
    """Have one more migration, as the next release has: it adds a column that is not asked for."""
    versions = next(project.glob("services/*_data_postgres_api/migrations/versions"))
    [head] = re.findall(r'(?m)^revision.* = "(\w+)"', max(versions.glob("*.py")).read_text())
    (versions / "9999_notes.py").write_text(
        '"""Notes."""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
        f'revision = "notes"\ndown_revision = "{head}"\nbranch_labels = None\n\n\n'
        'def upgrade() -> None:\n    op.add_column("tasks", sa.Column("note", sa.Text))\n\n\n'
        'def downgrade() -> None:\n    op.drop_column("tasks", "note")\n'
    )
