"""What clients reach: a gateway of the cluster lets through what nginx does under Compose."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

FILES = ("deploy/nginx/*.conf", "deploy/local/nginx/server_*.conf")
_LOCATION = re.compile(r"(?m)^ *location (?:(=|~|\^~) )?(\S+) \{$")
_PASSED = re.compile(r"(?m)^ *proxy_pass http://([a-z0-9-]+);$")
# What a location of nginx is in a route; a path without a sign is what paths begin with.
_KINDS = {"": "PathPrefix", "^~": "PathPrefix", "=": "Exact", "~": "RegularExpression"}


def paths(root: Path) -> Mapping[str, list[dict[str, str]]]:
    """Give the paths that lead to each service, as routes name them: ``{"type", "value"}``."""
    found: dict[str, list[dict[str, str]]] = {}
    for sign, path, service in _locations(root):
        found.setdefault(service, []).append({"type": _KINDS[sign], "value": path})
    return {service: _needed(those) for service, those in found.items()}


def _locations(root: Path) -> Iterator[tuple[str, str, str]]:
    """Give sign, path and service of each location that leads to one."""
    for pattern in FILES:
        for file in sorted(root.glob(pattern)):
            _, *parts = _LOCATION.split(file.read_text(encoding="utf-8"))
            for sign, path, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
                if passed := _PASSED.search(body):
                    yield sign or "", path, passed[1]


def _needed(paths: list[dict[str, str]]) -> list[dict[str, str]]:
    """Leave out what a path that others begin with leads there anyway."""
    starts = tuple(one["value"] for one in paths if one["type"] == "PathPrefix")
    needed = [
        one
        for one in paths
        if one["type"] == "PathPrefix" or not one["value"].removeprefix("^").startswith(starts)
    ]
    return sorted(needed, key=lambda one: (one["type"] != "PathPrefix", one["value"]))
