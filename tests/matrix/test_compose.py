"""Compose files of a project are laid over each other, and what they name is looked up."""

from dataclasses import replace
from functools import cache

import pytest

from ferrata.planning import combinations
from tests.matrix import compose
from tests.matrix.renderer import Rendered, Renderer
from tests.support import ROOT, answers_of, extension

pytestmark = pytest.mark.about("level_2", "level_3", "redis")
DEV = "docker-compose.dev.yml"
PROD = "docker-compose.prod.yml"
FOLDER = "deploy/compose"
API, DATA = "team-tasks-api", "team-data-postgres-api"


@cache
def project() -> Rendered:
    """The example with everything there is."""
    return Renderer(ROOT).render(answers_of("task_manager") | combinations(extension())[-1].answers)


def changed(path: str, old: str, new: str) -> Rendered:
    text = project().text(path)
    assert old in text
    return replace(project(), files={**project().files, path: text.replace(old, new).encode()})


def test_a_project_names_what_is_there() -> None:
    assert list(compose.unfounded(project())) == []


def test_what_completes_a_file_is_laid_over_it() -> None:
    api = compose.system(project())["services"][API]

    assert {"DATA_API_URL", "APP_ENV", "REDIS_URL"} <= api["environment"].keys()
    assert api["depends_on"][DATA] == {"condition": "service_healthy"}
    assert api["build"]["context"] == "./."


def test_a_further_file_counts_more() -> None:
    api = compose.system(project(), DEV)["services"][API]

    assert api["image"].endswith("-dev")
    assert api["build"]["dockerfile"] == "deploy/docker/Dockerfile.dev"
    assert "debugpy" in api["command"]
    assert "chassis.serve" in api["command"]
    assert len(api["ports"]) == 2


@pytest.mark.about("level_4")
def test_a_system_by_itself_has_nothing_of_the_main_file() -> None:
    api = compose.system(project(), PROD)["services"][API]

    assert "ports" not in api
    assert api["build"]["dockerfile"] == "deploy/docker/Dockerfile.prod"
    assert {"redis_password", "service_key"} <= set(api["secrets"])
    assert {"deploy/production/redis.yml", PROD} < set(compose.compose_files(project()))


@pytest.mark.about("bot", "mongodb", "workers")
def test_the_programs_of_containers_are_known() -> None:
    assert set(compose.programs(project())) == {
        ("team_data_mongo_api", "chassis.serve"),
        ("team_data_postgres_api", "chassis.serve"),
        ("team_tasks_api", "chassis.serve"),
        ("team_tasks_bot", "chassis_bot"),
        ("team_tasks_worker", "chassis_workers"),
    }


@pytest.mark.parametrize(
    ("path", "old", "new", "told"),
    [
        (DEV, "./shared/src:", "./shraed/src:", f"service {API}: mounts ./shraed/src, which is not"),
        (DEV, "Dockerfile.dev", "Dockerfile.develop", "is built by deploy/docker/Dockerfile.develop"),
        (DEV, f"/{DATA}-dev\n    volumes", "/gone\n    volumes", "runs team-tasks/gone, which no"),
        (f"{FOLDER}/team_tasks_api.yml", "../..", "..", "is built by deploy/deploy/docker/Dockerfile"),
        (f"{FOLDER}/team_tasks_api.yml", f"- {DATA}", "- data", "waits for data, which is no service"),
        (f"{FOLDER}/redis.yml", "redis-data:/data", "redis:/data", "the volume redis, which is not"),
        (f"{FOLDER}/redis.yml", "redis-data:/data", "./redis.conf:/x", "mounts ./deploy/compose/redis"),
        (f"{FOLDER}/redis.yml", "image: redis:8", "hostname: redis", "neither an image nor a build"),
        (f"{FOLDER}/redis.yml", "restart:", "networks: [back]\n    restart:", "names back, which is not"),
        (f"{FOLDER}/redis.yml", "\nvolumes:\n", "\nsecrets: {a: {file: ./a}}\nvolumes:\n", "secrets: a is"),
        (PROD, "production/redis.yml", "production/reddis.yml", "includes deploy/production/reddis"),
        ("deploy/production/redis.yml", "redis-data:/data", "redis:/data", "the volume redis, which"),
        ("deploy/production/gateway.yml", "../nginx:", "../ngnix:", "mounts ./deploy/ngnix, which is"),
        ("docker-compose.yml", "compose/redis.yml", "compose/reddis.yml", "includes deploy/compose/redd"),
    ],
    ids=lambda text: text[:30].replace("\n", " "),
)  # fmt: skip
def test_what_is_not_there_is_told(path: str, old: str, new: str, told: str) -> None:
    found = [what for _, what in compose.unfounded(changed(path, old, new))]

    assert any(told in what for what in found), found
