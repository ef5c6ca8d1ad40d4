"""Whatever a rule asks for is told by somebody; every alert is tried, and explained."""

import re
import subprocess
import tomllib
from typing import Any

import pytest
import yaml
from tools.dev import prometheus

from chassis.metrics.requests import BUCKETS
from tests.configuration import measured
from tests.configuration.conftest import ROOT

# Of the form in which Grafana keeps dashboards; the columns of one.
SCHEMA, WIDTH = 39, 24
RULES = list(measured.rules())
ALERTS = {rule["alert"]: rule for _, rule in RULES if "alert" in rule}


def run(program: str, *arguments: str, called: str = "", oldest: tuple[int, int] = (2, 45)) -> None:
    """Have a program check the files; the test is skipped without it."""
    try:
        found = prometheus.program(program, called=called, oldest=oldest)
    except prometheus.PrometheusError as error:
        pytest.skip(str(error))
    done = subprocess.run(  # noqa: S603
        [found, *arguments], cwd=ROOT / "deploy", check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_accepts_the_files() -> None:
    run("promtool", "check", "config", "prometheus/prometheus.yml")


def test_rules_do_what_their_tests_say() -> None:
    tests = [str(file) for file in measured.files("deploy/prometheus/tests/*.yml")]

    run("promtool", "test", "rules", *tests)


def test_alertmanager_accepts_the_files() -> None:
    run("amtool", "check-config", "alertmanager/alertmanager.yml", oldest=(0, 26))


def test_every_metric_that_is_asked_for_is_told() -> None:
    told, others = measured.told(), measured.others()
    recorded = {rule["record"] for _, rule in RULES if "record" in rule}
    faults = []
    for place, expression in measured.expressions():
        for name, labels in measured.asked(expression):
            if name in recorded | others:
                continue
            if name not in told:
                faults.append(f"{place} asks for {name}, which nobody tells")
            elif unknown := labels - told[name] - measured.SCRAPED:
                faults.append(
                    f"{place} asks for {name} by {', '.join(sorted(unknown))}, which it does not have"
                )

    assert not faults, "\n".join(faults)


def test_a_dashboard_is_complete() -> None:
    folder = ROOT / "deploy/grafana/provisioning/datasources"
    sources = yaml.safe_load((folder / "prometheus.yml").read_text())["datasources"]
    known = [{"type": source["type"], "uid": source["uid"]} for source in sources]
    boards = [board for _, board in measured.dashboards()]

    assert len({board["uid"] for board in boards}) == len(boards) > 0
    for board in boards:
        assert board["title"]
        assert board["schemaVersion"] >= SCHEMA
        panels = [panel for panel in board["panels"] if panel["type"] != "row"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        for panel in panels:
            assert panel["datasource"] in known, panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
            assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= WIDTH, panel["title"]
            assert all(target["refId"] for target in panel["targets"]), panel["title"]


def test_every_alert_is_tried() -> None:
    files = measured.files("deploy/prometheus/tests/*.yml")
    tests = [test for file in files for test in yaml.safe_load(file.read_text())["tests"]]
    tried = [case for test in tests for case in test["alert_rule_test"]]
    own = {rule["alert"] for file, rule in RULES if "local" not in file.parts and "alert" in rule}

    assert {case["alertname"] for case in tried if case["exp_alerts"]} == own
    assert {case["alertname"] for case in tried if not case["exp_alerts"]} == own - {"Watchdog"}


def test_every_alert_is_explained() -> None:
    for name, rule in ALERTS.items():
        page, _, place = rule["annotations"]["runbook"].partition("#")
        titles = re.findall(r"(?m)^## (.+)$", (ROOT / page).read_text(encoding="utf-8"))
        assert name in titles, f"{page} has no part `## {name}`"
        assert place == name.lower()
    for file in measured.files("docs/*alerts.md"):
        titles = re.findall(r"(?m)^## (.+)$", file.read_text(encoding="utf-8"))
        assert set(titles) <= ALERTS.keys(), f"{file.name} explains what is no alert"


def test_every_service_is_measured() -> None:
    scraped = {
        (job["job_name"], name, source["port"])
        for file in measured.files("deploy/prometheus/scrape/*.yml")
        for job in yaml.safe_load(file.read_text(encoding="utf-8"))["scrape_configs"]
        for source in job.get("dns_sd_configs", [])
        for name in source["names"]
    }
    services = {(name, name, port) for name, port in ports().items()}

    assert services <= scraped
    assert {name for _, name, _ in scraped - services} <= containers().keys() - ports().keys()


def ports() -> dict[str, int]:
    """Where services tell what they do: where they are asked whether they are well and ready."""
    found: dict[str, int] = {}
    for name, service in containers().items():
        if "RELEASE" in service.get("image", "") and "healthcheck" in service:
            port = service.get("labels", {}).get("ready-port")
            assert port, f"{name} has no label `ready-port`: docs/production.md"
            assert f'"127.0.0.1", {port})' in service["healthcheck"]["test"][-1], name
            found[name] = int(port)
    return found


def containers() -> dict[str, dict[str, Any]]:
    """The containers of production; what other files say of one is laid over it."""
    found: dict[str, dict[str, Any]] = {}
    for file in measured.files("deploy/production/*.yml"):
        services: dict[str, Any] = yaml.safe_load(file.read_text()).get("services", {})
        for name, service in services.items():
            found[name] = found.get(name, {}) | service
    return found


def test_alerts_are_about_what_is_promised() -> None:
    targets = tomllib.loads((ROOT / "tools/requirements.toml").read_text())["targets"]
    within = targets["p95_latency_ms"]["value"] / 1000
    text = (ROOT / "deploy/prometheus/rules/requests.yml").read_text()

    assert {float(edge) for edge in re.findall(r'le="([\d.]+)"', text)} == {within}
    assert within in BUCKETS
    assert f"{targets['availability_percent']['value']} % of requests" in text
