"""The alerts of deploy/prometheus for Prometheus' operator, but for those about what is not run here."""

from pathlib import Path
from typing import Any

import yaml

FILES = ("deploy/prometheus/rules/*.yml", "deploy/local/prometheus/rules_*.yml")
# They are about containers of Compose: its gateway, what keeps its database, and its Alertmanager.
GROUPS, ALERTS = {"database", "gateway"}, {"AlertmanagerDown"}

Group = dict[str, Any]


def groups(root: Path) -> list[Group]:
    """Give the groups of rules that apply in a cluster."""
    found = [
        group for pattern in FILES for file in sorted(root.glob(pattern)) for group in _of(file)
    ]
    return [_applied(group) for group in found if group["name"] not in GROUPS]


def _of(file: Path) -> list[Group]:
    content: dict[str, list[Group]] = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    return content.get("groups", [])


def _applied(group: Group) -> Group:
    return {**group, "rules": [one for one in group["rules"] if one.get("alert") not in ALERTS]}
