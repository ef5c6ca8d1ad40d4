"""The gateway lets the API through, and nothing else; it agrees with the services behind it."""

import json
import re
import ssl
from http.client import HTTPSConnection
from pathlib import Path

import pytest
from tools.dev import gateway

from chassis import body_limit, http_client, server
from chassis.cors import METHODS
from chassis.problems.details import title_of, type_of
from tests.configuration.conftest import ROOT

UNITS = {"": 1, "s": 1, "k": 1024, "m": 1024 * 1024}
FILES = "\n".join(file.read_text() for file in sorted((ROOT / "deploy/nginx").glob("*.conf")))


def said(directive: str) -> list[int]:
    """The numbers of a directive, in bytes or seconds."""
    found = re.search(rf"(?m)^ *{directive} ([^;]+);", FILES)
    assert found, directive
    words = re.findall(r"(\d+)([a-z]?)", found[1])
    return [int(number) * UNITS[unit] for number, unit in words]


def test_nginx_accepts_the_files(configuration: Path) -> None:
    assert "test is successful" in gateway.check(configuration)


def test_problems_are_told_as_services_tell_them() -> None:
    problems = [json.loads(text) for text in re.findall(r"return \d+ '(.+)';", FILES)]

    assert len(problems) > 10
    for problem in problems:
        assert problem["title"] == title_of(problem["status"])
        assert problem["type"] == type_of(problem["status"])


def test_the_bounds_fit_those_of_the_services() -> None:
    bounds = server.Settings()
    number, size = said("large_client_header_buffers")

    # 0 leaves it to the service, at the few paths that take more.
    bodies = set(said("client_max_body_size")) - {0}
    assert bodies == {body_limit.Settings().max_body_bytes}
    assert size == bounds.max_target_bytes
    assert number * size == bounds.max_header_bytes
    assert said("max_headers") == [bounds.max_headers]
    assert min(said("proxy_read_timeout")) > http_client.Settings().http_timeout
    [kept] = re.findall(r"(?m)^ +keepalive_timeout (\d+)s", FILES)
    assert int(kept) < bounds.idle_timeout
    assert ", ".join(METHODS) in FILES


def test_only_the_api_is_let_through(running: gateway.Place) -> None:
    inner = ["/", "/metrics", "/health", "/ready", "/docs", "/openapi.json", "/api"]

    assert {path: status(running, path) for path in inner} == dict.fromkeys(inner, 404)
    assert status(running, "/api/v1/") == 502  # the service is not there


@pytest.mark.parametrize("host", ["unknown.example", ""])
def test_other_hosts_are_not_answered(running: gateway.Place, host: str) -> None:
    assert status(running, "/api/", Host=host) in {400, 421}


def status(place: gateway.Place, path: str, **headers: str) -> int:
    context = ssl.create_default_context(cafile=str(place.folder / "tls/fullchain.pem"))
    connection = HTTPSConnection("localhost", place.https, context=context, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()
