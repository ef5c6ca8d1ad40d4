"""Production on a real engine: over HTTPS, through the gateway; releases replace each other."""

import random
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.docker.stack import free_ports
from tests.support import answers_of, render, run

pytestmark = pytest.mark.docker

API = "team-tasks-api"
CLIENTS = 6


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
        self.failures: list[str] = []
        self.answered: Counter[int] = Counter()

    def make(self, target: str, **variables: str) -> str:
        """Run a make target, which must end well."""
        done = run(self.project, "make", target, BUILDKIT_PROGRESS="plain", **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def client(self) -> httpx2.Client:
        """A client that trusts the certificate."""
        trusted = self.project / "secrets/tls/current/fullchain.pem"
        context = ssl.create_default_context(cafile=str(trusted))
        return httpx2.Client(base_url=self.url, verify=context, timeout=30)

    def containers(self, service: str = "") -> list[str]:
        """The containers that run, of one service or of all."""
        project = re.search(
            r"(?m)^name: (.+)$", (self.project / "docker-compose.prod.yml").read_text()
        )
        assert project
        chosen = ["--filter", f"label=com.docker.compose.project={project[1]}"]
        chosen += ["--filter", f"label=com.docker.compose.service={service}"] if service else []
        return run(self.project, "docker", "ps", "--quiet", "--no-trunc", *chosen).stdout.split()

    @contextmanager
    def load(self) -> Iterator[None]:
        """Have clients read and write for as long as this is entered."""
        self.failures, self.answered = [], Counter()
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
                address = ".".join(str(random.randrange(1, 255)) for _ in range(4))  # noqa: S311
                task, headers = {"title": "Remember me"}, {"X-Forwarded-For": address}
                method, body = random.choice([("GET", None), ("POST", task)])  # noqa: S311
                try:
                    answer = client.request(method, "/api/v1/tasks", json=body, headers=headers)
                except httpx2.HTTPError as error:
                    self.failures.append(f"{method}: {error!r}")
                    continue
                self.answered[answer.status_code] += 1
                if answer.status_code >= 400:
                    self.failures.append(f"{method}: {answer.status_code} {answer.text}")


@pytest.fixture(scope="module")
def production(
    engine: None, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Production]:
    """The example task_manager, which runs as release 1."""
    project = render(template, answers_of("task_manager@3"), tmp_path_factory.mktemp("p") / "tasks")
    one = Production(project)
    try:
        one.make("secrets")
        one.make("certificate")
        one.make("images", RELEASE="1")
        one.make("deploy", RELEASE="1")
        yield one
    finally:
        down = ["down", "--volumes", "--timeout", "5", "--remove-orphans"]
        run(project, "docker", "compose", "--file", "docker-compose.prod.yml", *down, RELEASE="1")


def test_records_are_kept_over_https(production: Production) -> None:
    with production.client() as client:
        made = client.post("/api/v1/tasks", json={"title": "Remember me"})
        url = made.headers["Location"]
        changed = client.patch(
            url, json={"title": "Changed"}, headers={"If-Match": made.headers["ETag"]}
        )

        assert made.status_code == 201
        assert changed.json()["title"] == "Changed"
        assert client.get(url).json() == changed.json()
        assert client.delete(url).status_code == 204
        assert client.get("/metrics").status_code == 404


def test_a_service_has_no_rights_and_writes_nothing(production: Production) -> None:
    [container, _] = production.containers(API)

    def inside(command: str) -> str:
        done = run(production.project, "docker", "exec", container, "sh", "-c", command)
        return done.stdout + done.stderr

    assert inside("id -u").strip() == "10001"
    assert "Read-only file system" in inside("echo > /app/x")
    assert "not found" in inside("uv --version")
    assert "CapEff:\t0000000000000000" in inside("cat /proc/1/status")


def test_only_the_gateway_listens_outside(production: Production) -> None:
    form = "{{.Names}} {{.Ports}}"
    shown = run(production.project, "docker", "ps", "--format", form).stdout.splitlines()
    there = [line for line in shown if "team-tasks-production" in line]

    open_to_all = [line.split()[0] for line in there if "->" in line]
    assert open_to_all == ["team-tasks-production-gateway-1"]
    assert len(there) == 9


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


def test_a_release_takes_the_place_of_another_without_a_lost_request(
    production: Production,
) -> None:
    migrate_more(production.project)
    production.make("images", RELEASE="2")
    before = production.containers(API)

    with production.load():
        production.make("deploy", RELEASE="2")

    assert not set(before) & set(production.containers(API))
    assert production.failures == []
    assert production.answered.keys() == {200, 201}


def test_the_release_before_comes_back_over_a_migration_in_the_same_way(
    production: Production,
) -> None:
    with production.load():
        said = production.make("rollback")
    assert "release 1 runs" in said

    assert production.failures == []


def test_a_killed_instance_loses_only_what_it_had_in_hand(production: Production) -> None:
    with production.load():
        [killed, _] = production.containers(API)
        run(production.project, "docker", "kill", killed)
        time.sleep(3)

    assert len(production.failures) <= CLIENTS
    assert production.answered[200] > 20


def test_a_secret_that_is_empty_ends_a_service_with_one_line(
    production: Production, tmp_path: Path
) -> None:
    empty = tmp_path / "database_password"
    empty.touch()
    image = "team-tasks/team-data-postgres-api:1"
    command = ["docker", "run", "--rm", "--volume", f"{empty}:/run/secrets/database_password:ro"]
    command += ["--env", "SECRETS_DIR=/run/secrets", "--env", "DATABASE_URL=postgresql://a@b/c"]
    serve = ["python", "-m", "chassis.serve", "team_data_postgres_api.main:create_app"]

    done = run(production.project, *command, image, *serve)

    assert done.returncode == 1
    assert (done.stdout + done.stderr).splitlines() == [
        "settings: /run/secrets/database_password is empty: it must hold DATABASE_PASSWORD"
    ]
