"""The generated system under Docker Compose, with a real engine and a real PostgreSQL."""

import os
import re
import signal
import socket
from collections.abc import Callable

import httpx2
import pytest

from tests.docker.stack import Stack
from tests.project.scenario import Scenario
from tests.support import EXAMPLES, answers_of, extension, run

pytestmark = pytest.mark.docker

Make = Callable[[str], Stack]
TASK = {"title": "Remember me"}


@pytest.fixture(scope="module")
def tasks(stack: Make) -> Stack:
    """The example task_manager, which runs."""
    made = stack("task_manager")
    made.up()
    return made


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_api_keeps_all_its_promises(name: str, stack: Make) -> None:
    model = extension().data_model(answers_of(name)["entities"])
    system = stack(name)

    system.up()

    Scenario(system.base, model).run()


def test_the_migration_waits_for_a_database_that_is_late(stack: Make) -> None:
    system = stack("task_manager")
    late = ["sh", "-c", "sleep 8; exec docker-entrypoint.sh postgres"]
    system.write("docker-compose.override.yml", {"services": {"postgres": {"entrypoint": late}}})

    system.up()

    assert httpx2.post(system.collection, json=TASK).status_code == 201


def test_the_data_survives_down_and_up(tasks: Stack) -> None:
    made = httpx2.post(tasks.collection, json=TASK).json()
    url = f"{tasks.collection}/{made['id']}"

    tasks.done(tasks.make("down"))
    with pytest.raises(httpx2.TransportError):
        httpx2.get(url)
    tasks.up()

    assert httpx2.get(url).json() == made


def test_a_change_of_code_arrives_and_installs_no_dependency_again(tasks: Stack) -> None:
    [main] = tasks.project.glob("services/*_tasks_api/src/*/main.py")
    main.write_text(main.read_text().replace('"Team tasks API"', '"Changed"'))

    printed = tasks.up()

    assert httpx2.get(f"{tasks.base}/openapi.json").json()["info"]["title"] == "Changed"
    dependencies = re.findall(r"(?m)^#(\d+) \[.*--no-install-workspace", printed)
    assert dependencies
    assert [step for step in dependencies if f"#{step} CACHED" not in printed] == []


def test_logs_follow_every_service(tasks: Stack) -> None:
    httpx2.get(tasks.collection)
    wanted = {"postgres-1", "team-data-postgres-api-1", "team-tasks-api-1"}
    process = tasks.start("logs")
    assert process.stdout
    try:
        for line in process.stdout:
            wanted -= {line.split("|")[0].strip()}
            if not wanted:
                break
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=20)

    assert not wanted


def test_a_service_that_died_comes_back(tasks: Stack) -> None:
    container = tasks.compose("ps", "--quiet", "team-tasks-api").stdout.strip()
    count = ["docker", "inspect", "--format", "{{.RestartCount}}", container]

    tasks.done(tasks.compose("exec", "-T", "team-tasks-api", "sh", "-c", "kill 1"))

    tasks.until(lambda: run(tasks.project, *count).stdout.strip() == "1")
    tasks.until(tasks.answers)


def test_an_own_container_runs_beside_the_services(tasks: Stack) -> None:
    own = {"image": "postgres:18", "command": ["sleep", "infinity"], "volumes": ["./own:/own:ro"]}
    tasks.write("deploy/local/compose.yml", {"services": {"own": own}})
    (tasks.project / "deploy/local/own").mkdir()
    (tasks.project / "deploy/local/own/note").write_text("mine")

    tasks.up()

    assert tasks.compose("exec", "-T", "own", "cat", "/own/note").stdout == "mine"


def test_a_taken_port_is_said_with_the_remedy(stack: Make) -> None:
    system = stack("task_manager")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        system.set("API_PORT", str(taken.getsockname()[1]))

        refused = system.make("up")

    assert refused.returncode == 2
    assert "A port is taken? Choose another in .env." in refused.stderr


def test_without_env_the_message_says_what_to_do(stack: Make) -> None:
    system = stack("task_manager")
    (system.project / ".env").unlink()

    refused = system.compose("up", "--detach")

    assert refused.returncode != 0
    assert refused.stderr.strip().endswith("run make env")
