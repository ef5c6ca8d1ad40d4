"""What production runs is as tight as it should be, whatever its owners add to it."""

import re
from typing import Any

import pytest
from tools.production.compose import Compose
from tools.production.rolling import OBSERVES

from tests.configuration.conftest import ROOT

FILES = {file.name: file.read_text() for file in (ROOT / "deploy/production").glob("*.yml")}


@pytest.fixture(scope="module")
def services(production: Compose) -> dict[str, Any]:
    return dict(production.services)


def own(services: dict[str, Any]) -> dict[str, Any]:
    return {name: of for name, of in services.items() if "build" in of and not holds_data(of)}


def holds_data(service: dict[str, Any]) -> bool:
    return any(volume["type"] == "volume" for volume in service.get("volumes", []))


def test_only_the_gateway_can_be_reached_from_outside() -> None:
    published = [name for name, text in FILES.items() if re.search(r"(?m)^    ports:", text)]

    assert published == ["gateway.yml"]


def test_each_client_has_an_address_of_its_own(production: Compose) -> None:
    """Docker hands who comes by IPv6 to a network without it over as one client, itself."""
    with_ipv6 = production.configuration["networks"]["edge"].get("enable_ipv6", False)
    ports = production.services["gateway"]["ports"]

    for port in ports:
        by_ipv4 = re.fullmatch(r"[\d.]+", port.get("host_ip", ""))
        assert by_ipv4 or with_ipv6, f"port {port['published']}: docs/gateway.md, IPv6"


def test_no_password_is_in_a_file_or_a_variable() -> None:
    for name, text in FILES.items():
        assert not re.search(r"(?i)password: *[^{ \n/]", text.replace("_FILE", "")), name


def test_every_container_is_bounded_and_comes_back(services: dict[str, Any]) -> None:
    lasting = {name: of for name, of in services.items() if not name.endswith("-migrate")}

    for name, of in lasting.items():
        limits = of.get("deploy", {}).get("resources", {}).get("limits", {})
        assert {"cpus", "memory", "pids"} <= limits.keys(), name
        assert of.get("restart") in {"unless-stopped", "always"}, name
    for name, of in services.items():
        assert {"max-size", "max-file"} <= of.get("logging", {}).get("options", {}).keys(), name


def test_nobody_waits_for_what_only_looks_on(services: dict[str, Any]) -> None:
    watchers = {name for name, of in services.items() if OBSERVES in of.get("labels", {})}

    assert {"prometheus", "alertmanager", "grafana"} <= watchers
    for name in services.keys() - watchers:
        assert watchers.isdisjoint(services[name].get("depends_on", {})), name


def test_services_write_nothing_and_may_do_nothing(services: dict[str, Any]) -> None:
    for name, of in own(services).items():
        assert of["read_only"], name
        assert of["cap_drop"] == ["ALL"], name
        assert not of.get("cap_add"), name
        assert "no-new-privileges:true" in of["security_opt"], name


def test_a_service_is_given_the_time_that_it_takes_to_stop(services: dict[str, Any]) -> None:
    for name, of in own(services).items():
        given = re.fullmatch(r"(\d+)s", of["stop_grace_period"])
        drained = float(of["environment"].get("DRAIN_TIME", 0))
        stopped = float(of["environment"].get("SHUTDOWN_TIMEOUT", 10))
        assert given, name
        assert int(given[1]) > drained + stopped + 5, name


def test_the_database_is_reached_by_data_services_alone(services: dict[str, Any]) -> None:
    of_project = {
        name: of for name, of in own(services).items() if "SERVICE" in of["build"].get("args", {})
    }
    near = {name for name, of in of_project.items() if "data" in of["networks"]}

    assert near
    assert all("-data-" in name for name in near)
    assert set(services["postgres"]["networks"]) == {"data"}
    assert set(services["gateway"]["networks"]) == {"edge"}
