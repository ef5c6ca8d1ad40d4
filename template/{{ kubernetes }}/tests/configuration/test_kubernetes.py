"""What production is in Kubernetes: valid, as tight as under Compose, and whole in each environment."""

import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
from tools.common import ToolError
from tools.dev import gateway as nginx
from tools.kubernetes import alerts, cluster, gateway, manifests, policies, system
from tools.production.compose import Compose

from tests.configuration import measured
from tests.configuration.conftest import ROOT
from tests.configuration.test_gateway import status

VERSION = kubernetes_validate.latest_version()
# What other software brings: their own schemas are in the cluster.
OF_OTHERS = {"HTTPRoute", "PodMonitor", "PrometheusRule"}
ENVIRONMENTS = sorted(path.name for path in (ROOT / "deploy/kubernetes").iterdir())

Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def services(production: Compose) -> list[system.Service]:
    return system.services(production)


@pytest.fixture(scope="module")
def found(services: list[system.Service]) -> list[Manifest]:
    return [*manifests.workloads(services), *policies.policies(services)]


def of_kind(found: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {one["metadata"]["name"]: one["spec"] for one in found if one["kind"] == kind}


def pods(found: list[Manifest]) -> dict[str, Manifest]:
    runs = of_kind(found, "Deployment") | of_kind(found, "Job")
    return {name: spec["template"]["spec"] for name, spec in runs.items()}


def test_a_cluster_would_take_them(found: list[Manifest]) -> None:
    for one in found:
        kubernetes_validate.validate(one, VERSION, strict=True)


def test_services_write_nothing_and_may_do_nothing(found: list[Manifest]) -> None:
    for name, pod in pods(found).items():
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert pod["securityContext"]["runAsNonRoot"], name
        assert not pod["automountServiceAccountToken"], name
        assert container["resources"]["limits"]["memory"], name


def test_a_service_goes_on_while_nodes_come_and_go(
    found: list[Manifest], services: list[system.Service]
) -> None:
    several = {service.name for service in services if service.replicas > 1}

    assert of_kind(found, "HorizontalPodAutoscaler").keys() == several
    assert of_kind(found, "PodDisruptionBudget").keys() == several
    for name, spec in of_kind(found, "Deployment").items():
        (container,) = spec["template"]["spec"]["containers"]
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys(), name
        if name in several:
            assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0, name


def test_secrets_are_in_no_manifest(found: list[Manifest]) -> None:
    assert of_kind(found, "Secret") == {}
    for name, pod in pods(found).items():
        for variable in pod["containers"][0]["env"]:
            assert "PASSWORD" not in variable["name"], name


def test_a_service_reaches_what_it_is_given_the_address_of(
    found: list[Manifest], services: list[system.Service]
) -> None:
    rules = of_kind(found, "NetworkPolicy")

    for service in services:
        allowed = {port["port"] for rule in rules[service.name]["egress"] for port in rule["ports"]}
        addresses = [value for value in service.environment.values() if "://" in value]
        assert len(list(service.calls())) >= len(addresses), service.name
        assert {port for _, port in service.calls()} <= allowed, service.name


def test_who_is_not_named_is_not_let_in(
    found: list[Manifest], services: list[system.Service]
) -> None:
    rules = of_kind(found, "NetworkPolicy")

    assert rules.pop("nobody")["podSelector"] == {}
    assert rules.keys() == pods(found).keys()
    from_outside = {
        name for name, spec in rules.items() if "system/gateway" in str(spec["ingress"])
    }
    assert from_outside == {service.name for service in services if service.public}


def test_alerts_are_about_what_is_asked_here(
    found: list[Manifest], services: list[system.Service]
) -> None:
    """The job of a metric is what the label of the pod says, by which the monitor names it."""
    monitor, rules = manifests.monitor(services, alerts.groups(ROOT))
    label = monitor["spec"]["jobLabel"]
    deployments = of_kind(found, "Deployment").values()
    jobs = {spec["template"]["metadata"]["labels"][label] for spec in deployments}
    applied = [rule for group in rules["spec"]["groups"] for rule in group["rules"]]
    expressions = [rule["expr"] for rule in applied]
    asked = [metric for expression in expressions for metric, _ in measured.asked(expression)]

    assert {job for text in expressions for job in re.findall(r'\bjob="([^"]+)"', text)} == jobs
    assert not {*asked} & measured.of_containers()
    left_out = [rule for _, rule in measured.rules() if rule not in applied]
    for rule in left_out:
        names = {name for name, _ in measured.asked(rule["expr"])}
        assert names & measured.of_containers() or rule["labels"]["job"] not in jobs, rule["alert"]


def test_clients_reach_what_they_reach_under_compose(
    services: list[system.Service], running: nginx.Place
) -> None:
    (route,) = manifests.route(services, gateway.paths(ROOT))
    matches = [match["path"] for rule in route["spec"]["rules"] for match in rule["matches"]]
    text = "\n".join(file.read_text() for pattern in gateway.FILES for file in ROOT.glob(pattern))
    named = re.findall(r"(?m)^ *location (?:[=~^]+ )?\^?(\S+) \{", text)
    exact = {one["value"] for one in matches if one["type"] == "Exact"}
    starts = tuple(one["value"] for one in matches if one["type"] == "PathPrefix")

    assert "/api/" in starts
    for path in [*starts, *exact]:  # the service is not there
        assert status(running, path) == HTTPStatus.BAD_GATEWAY, path
    for path in {path for path in named if re.fullmatch(r"[\w/.-]+", path)}:
        through = path in exact or path.startswith(starts)
        assert through == (status(running, path) == HTTPStatus.BAD_GATEWAY), path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_has_everything_in_a_place_of_its_own(
    environment: str, found: list[Manifest], services: list[system.Service], tmp_path: Path
) -> None:
    for name, documents in (
        ("base", found),
        ("route", list(manifests.route(services, gateway.paths(ROOT)))),
        ("monitor", list(manifests.monitor(services, alerts.groups(ROOT)))),
    ):
        folder = tmp_path / ".deploy/kubernetes" / name
        cluster.write(folder, documents)
    overlay = tmp_path / "deploy/kubernetes" / environment
    overlay.mkdir(parents=True)
    for file in (ROOT / "deploy/kubernetes" / environment).iterdir():
        (overlay / file.name).write_text(file.read_text())

    try:
        whole = cluster.read(cluster.built(overlay))
    except ToolError as error:
        if str(error) != cluster.MISSING:
            raise
        pytest.skip(str(error))

    assert cluster.namespace(whole).endswith(f"-{environment}")
    assert {one["metadata"]["name"] for one in found} <= {one["metadata"]["name"] for one in whole}
    assert {one["kind"] for one in whole} >= OF_OTHERS
    for one in whole:
        if one["kind"] not in OF_OTHERS:
            kubernetes_validate.validate(one, VERSION, strict=True)
