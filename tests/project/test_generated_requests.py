"""Generated systems under `make dev`, and requests that are made from their OpenAPI documents."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.project.test_hostile import TYPESCRIPT, System, python_client, ran, served
from tests.project.test_running import running, token_of

pytestmark = pytest.mark.long

TOOL = ["uv", "tool", "run", "--from", "schemathesis>=4.32", "st"]
# What no document can say: which versions a record has had, and which cursors were given out.
SETTINGS = """
[parameters]
"header.if-match" = "*"

[checks.negative_data_rejection]
# Those that it expects by itself, but no error of the server; and 413, for size alone.
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429]

[[operations]]
include-method = "GET"
checks.positive_data_acceptance.expected-statuses = ["2xx", 404, 422]
"""
# Nor which records there are to refer to, how small the text of a number may be, and what a JSON
# object may hold.
REFERRING = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 404, 409, 422]
"""
# Nor what a provider has signed, which kinds of files are taken, for whom a link is good, which roles
# there are, and what a good password is.
SIGNED = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 400, 403, 404, 409, 415, 422]
"""
# Valid requests and invalid ones, one by one and following the links between answers.
OPTIONS = ["--mode=all", "--phases=examples,coverage,fuzzing,stateful", "--checks=all"]
OPTIONS += ["--max-examples=15", "--no-shrink", "--continue-on-failure", "--request-timeout=30"]
OPTIONS += ["--suppress-health-check=all", "--generation-database=none", "--no-color"]
# Nor that a record was deleted since: a key that is sent again gets the answer of the first time.
REPEATING = ["--exclude-checks=ensure_resource_availability"]
NAMES = {
    "odd_names@2": (REFERRING + SETTINGS, OPTIONS),
    "p2p_lending@2": (REFERRING + SETTINGS, OPTIONS),
    "task_manager@2+files": (SETTINGS, OPTIONS),
    "task_manager@2+workers": (SETTINGS, OPTIONS),
    "task_manager@2+redis": (SETTINGS, [*OPTIONS, *REPEATING]),
    "task_manager@2+rabbitmq+workers+mongodb+payments+communications": (SIGNED + SETTINGS, OPTIONS),
    "task_manager@1": (SETTINGS, OPTIONS),
}
PARAMS = [
    pytest.param(name, marks=[pytest.mark.needs("redis-server")] if "redis" in name else [])
    for name in NAMES
]


@pytest.fixture(scope="module", params=PARAMS)
def system(request: pytest.FixtureRequest, installed: Any) -> Iterator[System]:
    """Systems with all kinds of fields, with references, with routes and headers of modules."""
    with running(installed(request.param)):
        yield served(installed(request.param))


def test_every_answer_is_one_that_the_document_has(
    system: System, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    settings, options = NAMES[request.node.callspec.params["system"]]
    (tmp_path / "schemathesis.toml").write_text(settings)
    token = token_of(system.project)
    options = [*options, *(f"--header={name}: {value}" for name, value in token.items())]
    for port in system.ports.values():
        url = f"http://127.0.0.1:{port}"
        ran([*TOOL, "run", f"{url}/openapi.json", f"--url={url}", *options], tmp_path)
        for path, methods in httpx2.get(f"{url}/openapi.json").json()["paths"].items():
            if "get" in methods and "{" not in path:
                answer = httpx2.get(f"{url}{path}", headers=token, timeout=30)
                assert answer.status_code < 500, f"{path}: {answer.text}"
                needed = [one for one in methods["get"].get("parameters", []) if one["required"]]
                assert needed or token or answer.status_code == 200, path


@pytest.mark.needs("npm")
def test_clients_are_made_of_every_document(
    system: System, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Of references, amounts, dates, and of what modules bring."""
    if "payments" in request.node.callspec.params["system"]:
        pytest.skip("the generator has no word for a body of any type, as webhooks take it")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    packages = ["openapi-typescript@7", "typescript@5"]
    ran(["npm", "install", "--no-audit", "--no-fund", *packages], tmp_path)
    for port in system.ports.values():
        url = f"http://127.0.0.1:{port}"
        python_client(url, tmp_path)
        ran(["npx", "openapi-typescript", f"{url}/openapi.json", *TYPESCRIPT], tmp_path)
        ran(["npx", "tsc", "--strict", "--noEmit", "made.d.ts"], tmp_path)
