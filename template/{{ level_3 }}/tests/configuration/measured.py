"""Which metrics services tell, by what their code declares, and which an expression asks for."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

from tests.configuration.conftest import ROOT

SOURCES = ("chassis/src", "modules/*/src", "shared/src", "services/*/src")
RULES = ("deploy/prometheus/rules/*.yml", "deploy/local/prometheus/rules_*.yml")
DASHBOARDS = ("deploy/grafana/dashboards/*.json", "deploy/local/grafana/*.json")
# One name a line: metrics that containers of the owners' tell.
OTHERS = ROOT / "deploy/local/prometheus/metrics.txt"
# The same of containers of this project that are no services.
EXPORTED = ROOT / "deploy/prometheus/exported.txt"
# What a declared metric is called when it is told.
SUFFIXES = {
    "Counter": ["_total"],
    "Gauge": [""],
    "GaugeMetricFamily": [""],
    "CounterMetricFamily": ["_total"],
    "Histogram": ["_bucket", "_count", "_sum"],
    "Summary": ["_count", "_sum"],
    "Info": ["_info"],
}
# What Prometheus knows by itself, and what every process on Linux tells.
GIVEN: Mapping[str, set[str]] = {
    "up": set(),
    "ALERTS": {"alertname", "alertstate", "severity"},
    "process_cpu_seconds_total": set(),
    "process_max_fds": set(),
    "process_open_fds": set(),
    "process_resident_memory_bytes": set(),
    "process_start_time_seconds": set(),
}
# Labels that every series gets when it is scraped.
SCRAPED = {"job", "instance"}


def files(*patterns: str) -> Iterator[Path]:
    for pattern in patterns:
        yield from sorted(ROOT.glob(pattern))


def rules() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Give every rule, with its file."""
    for file in files(*RULES):
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            yield from ((file, rule) for rule in group["rules"])


def expressions() -> Iterator[tuple[str, str]]:
    """Give every expression, with where it stands."""
    for file, rule in rules():
        yield f"{file.name}: {rule.get('alert') or rule.get('record')}", rule["expr"]
    for file, board in dashboards():
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                # Grafana puts lengths of time and what was chosen there.
                filled = re.sub(r"\$__\w+", "5m", target["expr"]).replace("$", "")
                yield f"{file.name}: {panel['title']}", filled


def dashboards() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Give every dashboard, with its file."""
    for file in files(*DASHBOARDS):
        yield file, json.loads(file.read_text(encoding="utf-8"))


def told() -> dict[str, set[str]]:
    """Find the metrics that services tell, with their labels."""
    found = dict(GIVEN)
    for folder in SOURCES:
        for file in files(f"{folder}/**/*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                found.update(_declared(node))
    return found


def others() -> set[str]:
    """Read the names of what is told by others than the services."""
    own = OTHERS.read_text(encoding="utf-8").split() if OTHERS.exists() else []
    return {*own, *of_containers()}


def of_containers() -> set[str]:
    """Read the names of what is told by containers of this project that are no services."""
    queries = [file.read_text(encoding="utf-8") for file in files("deploy/*/*.sql")]
    exported = EXPORTED.read_text(encoding="utf-8").split()
    return {*exported, *re.findall(r"# TYPE (\w+)", "\n".join(queries))}


def _declared(node: ast.AST) -> Iterator[tuple[str, set[str]]]:
    match node:
        case ast.Call(func=ast.Name(id=kind), args=[ast.Constant(value=str(name)), *_]):
            labels = _labels(node)
            for suffix in SUFFIXES.get(kind, []):
                own = {"le"} if suffix == "_bucket" else set()
                yield name.removesuffix("_total") + suffix, labels | own


def _labels(call: ast.Call) -> set[str]:
    named = [word.value for word in call.keywords if word.arg in {"labels", "labelnames"}]
    lists = [one for one in [*call.args[2:3], *named] if isinstance(one, ast.List | ast.Tuple)]
    return {str(ast.literal_eval(name)) for one in lists for name in one.elts}


def asked(expression: str) -> list[tuple[str, set[str]]]:
    """Give the metrics that an expression asks for, each with the labels by which it chooses."""
    found: list[tuple[str, set[str]]] = []

    def visit(part: promql.Expr) -> None:
        chosen = part.vector_selector if isinstance(part, promql.MatrixSelector) else part
        if isinstance(chosen, promql.VectorSelector) and chosen.name:
            found.append((chosen.name, {matcher.name for matcher in chosen.matchers.matchers}))

    promql.walk(promql.parse(expression), visit)
    return found
