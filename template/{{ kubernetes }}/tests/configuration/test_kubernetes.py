"""What production is in Kubernetes: valid, as tight as under Compose, and whole in each environment."""

from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
from tools.common import ToolError
from tools.kubernetes import cluster, manifests, policies, system
from tools.production.compose import Compose

from tests.configuration.conftest import ROOT

VERSION = kubernetes_validate.latest_version()
# What other software brings: their own schemas are in the cluster.
OF_OTHERS = {"HTTPRoute", "PodMonitor"}
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


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_has_everything_in_a_place_of_its_own(
    environment: str, found: list[Manifest], services: list[system.Service], tmp_path: Path
) -> None:
    for name, documents in (
        ("base", found),
        ("route", list(manifests.route(services))),
        ("monitor", list(manifests.monitor(services))),
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
