"""Production on a real engine: over HTTPS, through the gateway; releases replace each other."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.production import CLIENTS, Production, migrate_more, released
from tests.support import answers_of, run

pytestmark = pytest.mark.docker

API = "team-tasks-api"


@pytest.fixture(scope="module")
def production(
    engine: None, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Production]:
    """The example task_manager, which runs as release 1."""
    folder = tmp_path_factory.mktemp("p") / "tasks"
    with released(template, answers_of("task_manager@3"), folder) as one:
        yield one


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
    assert len(there) == 10


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
