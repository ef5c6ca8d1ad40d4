"""Every panel shows something: its query is put to a real Prometheus that measures a system at work."""

import json
import math
import re
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.monitoring.test_alarm import free_port, hasty, prometheus_of
from tests.project.defects import FULLEST
from tests.project.test_running import running

pytestmark = [
    pytest.mark.long,
    pytest.mark.about(
        "level_3", "workers", "bot", "redis", "rabbitmq", "mongodb", "communications", "payments"
    ),
    pytest.mark.needs("prometheus"),
    pytest.mark.needs("redis-server"),
    pytest.mark.needs("rabbitmq-server"),
]
PATIENCE_S = 180
# Of containers of production alone: tests/gateway asks the gateway.
ELSEWHERE = {"gateway"}
# What Grafana puts there.
FILLED = {r"\$__rate_interval": "1m", r"\$__range": "5m", r"\$job": ".+"}


def panels(project: Path) -> Iterator[tuple[str, str]]:
    """The queries of all dashboards, each with its place."""
    for file in sorted(project.glob("deploy/grafana/dashboards/*.json")):
        if file.stem in ELSEWHERE:
            continue
        for panel in json.loads(file.read_text("utf-8"))["panels"]:
            for number, target in enumerate(panel.get("targets", [])):
                query = target["expr"]
                for variable, value in FILLED.items():
                    query = re.sub(variable, value, query)
                assert "$" not in query
                yield f"{file.stem}: {panel['title']} {number}", query


def test_the_panels_of_every_module_are_asked(rendered: Callable[[str], Path]) -> None:
    asked = [name.partition(":")[0] for name, _ in panels(rendered(FULLEST[-1]))]

    modules = {"bot", "communications", "payments", "rabbitmq", "redis", "workers"}
    assert {"api", *modules} <= set(asked)


def use(api: str) -> None:
    """Do what every panel shows something of."""
    with httpx2.Client(base_url=f"{api}/api/v1", timeout=20) as http:
        made = http.post("/tasks", json={"title": "A task"}).json()["id"]
        for _ in range(2):
            assert http.get(f"/tasks/{made}").status_code == 200
        assert http.get("/tasks").status_code == 200
        assert http.delete(f"/tasks/{made}").status_code == 204
        content = {"template": "record_created", "data": {"record": "task", "label": "A task"}}
        whom = {"channel": "email", "recipient": "ann@example.com"}
        assert http.post("/messages", json={**content, **whom}).status_code == 202
        number = {"channel": "sms", "recipient": "+447700900123"}
        assert http.post("/messages", json={**content, **number}).status_code == 202
        for provider in ("stripe", "paypal"):
            new = {"amount": 1050, "currency": "EUR", "return_url": "https://shop.example/back"}
            opened = http.post("/provider-payments", json={**new, "provider": provider})
            assert opened.status_code == 201


def chat(project: Path) -> None:
    """Say something to the bot, in the stand-in for Telegram."""
    (address,) = set(
        re.findall(r"^telegram: (http://\S+)", (project / "dev.log").read_text(), re.MULTILINE)
    )
    httpx2.post(f"{address}/chats/7/texts", json={"text": "/tasks"}).raise_for_status()


@contextmanager
def probed(project: Path) -> Iterator[dict[str, int]]:
    """Give every process without HTTP of its own a port for its probes."""
    file = project / "tools/services.toml"
    text = file.read_text("utf-8")
    ports = {name: free_port() for name in tomllib.loads(text)["processes"]}
    told = text
    for name, port in ports.items():
        head = f"[processes.{name}.env]\n"
        told = told.replace(head, f'{head}PROBE_PORT = "{port}"\n')
    file.write_text(told, "utf-8")
    try:
        yield ports
    finally:
        file.write_text(text, "utf-8")


def shows(prometheus: str, query: str) -> bool:
    """Whether a query has a value now."""
    answer = httpx2.get(f"{prometheus}/api/v1/query", params={"query": query}).json()
    assert answer["status"] == "success", answer
    values = [float(series["value"][1]) for series in answer["data"]["result"]]
    return any(math.isfinite(value) for value in values)


def test_every_panel_shows_something(installed: Callable[[str], Path], tmp_path: Path) -> None:
    project = installed(FULLEST[-1])
    tools = prometheus_of(project)
    own = {"DATA_PORT": str(free_port()), "MONGO_PORT": str(free_port())}
    elsewhere = {"PROMETHEUS_URL": "http://127.0.0.1:1"}  # so that it starts none of its own
    with probed(project) as probes, running(project, **own, **elsewhere) as api:
        port = free_port()
        place = tools.Place(tmp_path, port, addresses(project, api, own, probes))
        configuration = tools.write(project, place)
        for file in configuration.parent.rglob("*.yml"):
            file.write_text(hasty(file.read_text()).replace("interval: 30s", "interval: 1s"))
        with tools.running(configuration, place):
            empty = dict(panels(project))
            end = time.monotonic() + PATIENCE_S
            while empty and time.monotonic() < end:
                use(api)
                chat(project)
                time.sleep(1)
                asked = f"http://127.0.0.1:{port}"
                empty = {name: q for name, q in empty.items() if not shows(asked, q)}
            assert not shows(asked, "what_nobody_tells")
            assert not shows(asked, "vector(0) / 0")
    assert empty == {}


def addresses(
    project: Path, api: str, own: dict[str, str], probes: dict[str, int]
) -> dict[str, str]:
    """Where everything tells its metrics, by the name under which it is measured."""
    system = tomllib.loads((project / "tools/services.toml").read_text("utf-8"))
    ports = {**own, "API_PORT": api.rpartition(":")[2]}
    services = {name: ports[one["port_variable"]] for name, one in system["services"].items()}
    return {
        name.replace("_", "-"): f"127.0.0.1:{at}" for name, at in {**services, **probes}.items()
    }
