"""Compose files, Dockerfile and ignore list of every example, without an engine."""

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import EXAMPLES, LEVELS, PROJECTS, ROOT, WITH_MODULES, run

pytestmark = pytest.mark.in_turns(3)
# The projects with what a team needs: files for development and tests, and health checks.
TEAMS = [f"{name}@{level}" for level in LEVELS if level >= 2 for name in EXAMPLES]
MAIN, PRODUCTION = "docker-compose.yml", "docker-compose.prod.yml"
YAMLLINT = """
extends: default
rules:
  document-start: disable
  line-length: {max: 120, allow-non-breakable-inline-mappings: true}
"""


@pytest.fixture(params=[*PROJECTS, *WITH_MODULES])
def project(request: pytest.FixtureRequest, rendered: Callable[[str], Path]) -> Path:
    """Each example, each set of odd answers, and each module."""
    return rendered(request.param)


def compose_files(project: Path, main: str = MAIN) -> list[str]:
    """The main file and what it includes."""
    included = [
        entry if isinstance(entry, str) else entry["path"]
        for entry in yaml.safe_load((project / main).read_text()).get("include", [])
    ]
    flat = [[entry] if isinstance(entry, str) else entry for entry in included]
    return [main, *(file for files in flat for file in files)]


def all_files(project: Path) -> list[str]:
    """What runs for development, and what runs in production where that is there."""
    production = compose_files(project, PRODUCTION) if (project / PRODUCTION).exists() else []
    return [*compose_files(project), *production]


def services(project: Path) -> dict[str, Any]:
    """Every service of the system, with what later files say of it."""
    found: dict[str, Any] = {}
    for file in compose_files(project):
        for name, of in yaml.safe_load((project / file).read_text()).get("services", {}).items():
            found[name] = merged(found.get(name, {}), of)
    return found


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another, as Compose does."""
    both = below | above
    for key in below.keys() & above.keys():
        if isinstance(above[key], dict):
            lower = below[key] if isinstance(below[key], dict) else dict.fromkeys(below[key] or [])
            both[key] = merged(lower, above[key])
    return both


# Files that the programs in containers read themselves.
OF_PROGRAMS = {
    "deploy/alertmanager/alertmanager.yml",
    "deploy/jaeger/jaeger.yml",
    "deploy/logs/filebeat.yml",
    "deploy/prometheus/prometheus.yml",
}


def test_every_compose_file_is_included(project: Path) -> None:
    written = {path.relative_to(project).as_posix() for path in project.glob("deploy/*/*.yml")}
    written -= OF_PROGRAMS

    assert written == set(all_files(project)) - {MAIN, PRODUCTION}


def test_compose_files_follow_the_schema(project: Path) -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]

    done = run(project, *check, *all_files(project))

    assert done.returncode == 0, done.stdout


def test_yamllint_has_nothing_to_say(project: Path) -> None:
    done = run(project, "yamllint", "--strict", "-d", YAMLLINT, *all_files(project))

    assert done.returncode == 0, done.stdout


def test_hadolint_has_nothing_to_say(project: Path) -> None:
    images = [str(path.relative_to(project)) for path in project.glob("deploy/docker/Dockerfile*")]
    assert images

    done = run(project, "hadolint", *images)

    assert done.returncode == 0, done.stdout


def further_files(project: Path) -> list[str]:
    """The files that are laid over the main one."""
    found = sorted(path.name for path in project.glob("docker-compose.*.yml"))
    return [file for file in found if file != PRODUCTION]


@pytest.mark.parametrize("project", TEAMS, indirect=True)
def test_what_is_needed_is_healthy_before_others_start(project: Path) -> None:
    found = services(project)
    healthy = {"condition": "service_healthy"}
    waits = [
        target == healthy
        for of in found.values()
        for name, target in of.get("depends_on", {}).items()
        if not name.endswith("-migrate") and name != "redis"  # services can do without it
    ]

    assert len(waits) >= 2
    assert all(waits)
    checked = {name for name, of in found.items() if "healthcheck" in of}
    assert checked == {name for name in found if not name.endswith("-migrate")}


@pytest.mark.parametrize("project", TEAMS, indirect=True)
def test_further_files_follow_the_schema_and_name_known_services(project: Path) -> None:
    assert set(further_files(project)) >= {"docker-compose.dev.yml", "docker-compose.test.yml"}
    for file in further_files(project):
        assert set(yaml.safe_load((project / file).read_text())["services"]) <= set(
            services(project)
        )
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = run(project, *check, *further_files(project))
    linted = run(project, "yamllint", "--strict", "-d", YAMLLINT, *further_files(project))

    assert done.returncode == 0, done.stdout
    assert linted.returncode == 0, linted.stdout


def test_names_are_whole_texts(project: Path) -> None:
    database = services(project)["postgres"]["environment"]["POSTGRES_DB"]

    assert isinstance(database, str)


def test_the_log_of_the_database_has_no_value(project: Path) -> None:
    for file in all_files(project):
        defined = yaml.safe_load((project / file).read_text()).get("services", {})
        command = defined.get("postgres", {}).get("command")
        assert command is None or "log_error_verbosity=terse" in command, file
    assert "log_error_verbosity=terse" in services(project)["postgres"]["command"]


def test_no_secret_has_a_default(project: Path) -> None:
    text = "".join((project / file).read_text() for file in compose_files(project))
    example = (project / ".env.example").read_text()
    secrets = re.findall(r"# secret\n(\w+)=\n", example)

    assert {"POSTGRES_PASSWORD", "DATABASE_PASSWORD"} <= set(secrets)
    named = set(re.findall(rf"\$\{{({'|'.join(secrets)})\b(.*?)\}}", text))
    assert named == {(name, ":?run make env") for name in secrets}
    for value in re.findall(r"(?:PASSWORD|SECRET|_KEY): (.*)", text):
        assert value.startswith("${"), value


def test_ports_are_open_on_this_machine_only(project: Path) -> None:
    ports = [port for of in services(project).values() for port in of.get("ports", [])]
    # .env.example is where their numbers are chosen; those of debuggers are open for development.
    chosen = re.findall(
        r"^(\w+(?<!_DEBUG)_PORT)=", (project / ".env.example").read_text(), re.MULTILINE
    )

    assert sorted(re.findall(r"^127\.0\.0\.1:\$\{(\w+)", "\n".join(ports), re.MULTILINE)) == sorted(
        chosen
    )
    assert len(ports) == len(chosen) >= 2


def test_what_a_service_needs_is_started_before_it(project: Path) -> None:
    found = services(project)
    [(data, started)] = [
        (name, of["depends_on"]) for name, of in found.items() if "DATA_PORT" in str(of)
    ]
    api = next(of for of in found.values() if "API_PORT" in str(of))

    assert started == {f"{data}-migrate": {"condition": "service_completed_successfully"}}
    assert list(found[f"{data}-migrate"]["depends_on"]) == ["postgres"]
    assert next(iter(api["depends_on"])) == data
    assert api["environment"]["DATA_API_URL"] == f"http://{data}:8001"


def test_services_come_back_and_the_migration_runs_once(project: Path) -> None:
    for name, of in services(project).items():
        expected = None if name.endswith("-migrate") else "unless-stopped"
        assert of.get("restart") == expected, name


def test_only_what_an_image_is_made_of_is_sent(project: Path) -> None:
    lines = (project / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if not line.startswith("#")]

    assert rules[0] == "*"
    assert "**/.*" in rules
    # An entity may be called `test`, and a folder of the service then bears its plural.
    assert "**/tests" not in rules


@pytest.mark.parametrize("target", ["up", "down", "logs"])
def test_without_docker_the_message_says_what_to_do(
    target: str, rendered: Callable[[str], Path], tmp_path: Path
) -> None:
    project = rendered("task_manager")
    for tool in ("make", "sh"):
        found = shutil.which(tool)
        assert found
        (tmp_path / tool).symlink_to(found)

    done = run(project, "make", target, PATH=str(tmp_path))

    assert done.returncode == 2
    assert done.stderr.startswith("Docker Compose 2.20 or newer is missing: https://")
    assert not (project / ".env").exists()


def test_the_script_for_an_engine_is_sound() -> None:
    done = run(ROOT, "shellcheck", "tests/docker/engine.sh")

    assert done.returncode == 0, done.stdout
