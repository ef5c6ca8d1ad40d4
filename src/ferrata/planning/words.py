"""A plan in words: on one screen, or in full."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ferrata.answers import as_lines

WIDTH = 79


@dataclass(frozen=True)
class Plan:
    """What one set of answers gives."""

    level: int
    modules: list[str]
    services: list[dict[str, Any]]
    infrastructure: list[str]
    events: list[dict[str, Any]]
    features: list[dict[str, Any]]
    skipped: list[dict[str, Any]]
    files: list[str]
    environment: list[str]
    work: list[dict[str, Any]]


def at_a_glance(plan: Plan, price: Mapping[str, Any] | None) -> list[str]:
    """The plan on one screen."""
    services = [f"{service['name']} ({_port(service['port'])})" for service in plan.services]
    folders = Counter(file.split("/")[0] if "/" in file else "the top" for file in plan.files)
    places = [f"{count} in {folder}" for folder, count in folders.most_common()]
    return [
        f"Level {plan.level}, modules: {', '.join(plan.modules) or 'none'}",
        *_listed("Services", services),
        *_listed(f"Included ({len(plan.features)})", (f["name"] for f in plan.features)),
        *_listed(f"Skipped ({len(plan.skipped)})", _skipped_by(plan.skipped)),
        *_listed(f"Environment variables ({len(plan.environment)})", plan.environment),
        *_listed(f"Files ({len(plan.files)})", places),
        *_next(price),
        "",
        "--full names every feature with its title, and every file.",
    ]


def _skipped_by(skipped: Sequence[Mapping[str, Any]]) -> list[str]:
    """Count by module, by provider, and by level where it is none of these."""
    bringers = (next(iter(feature["brought_by"].items())) for feature in skipped)
    counts = Counter(_bringer({key: value}) for key, value in bringers)
    return [f"{count} by {bringer}" for bringer, count in sorted(counts.items())]


def _next(price: Mapping[str, Any] | None) -> list[str]:
    if price is None:
        return []
    title = f"Level {price['level']} would add"
    if price["unavailable"]:
        return _listed(title, [price["unavailable"]])
    added = [
        f"{len(price['features'])} features",
        f"{len(price['files'])} files",
        f"variables: {', '.join(price['environment']) or 'none'}",
    ]
    return _listed(title, added)


def _listed(title: str, entries: Iterable[str]) -> list[str]:
    text = f"{title}: {', '.join(entries) or 'none'}"
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def in_full(plan: Plan, price: Mapping[str, Any] | None) -> list[str]:
    """Every feature, file and variable."""
    modules = ", ".join(plan.modules) or "none"
    lines = [f"Level {plan.level}, modules: {modules}", "", "Services"]
    lines += [f"  {service['name']}  {_port(service['port'])}" for service in plan.services]
    lines += [f"  beside them: {', '.join(plan.infrastructure)}"]
    lines += _events(plan.events)
    lines += ["", "Included"]
    lines += [f"  {feature['title']}" for feature in plan.features]
    lines += ["", "Skipped"]
    lines += [
        f"  {feature['title']} ({_bringer(feature['brought_by'])})" for feature in plan.skipped
    ]
    lines += ["", "Environment variables"]
    lines += [f"  {name}" for name in plan.environment] or ["  none"]
    lines += ["", f"Files ({len(plan.files)})", *_tree(plan.files)]
    return [*lines, *_price(price)]


def warned(advice: Sequence[Mapping[str, str]]) -> list[str]:
    """What contradicts itself, as a section."""
    return ["", "Warnings", *(f"  {line}" for line in as_lines(advice))] if advice else []


def _bringer(brings: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in brings.items())


def _tree(files: Iterable[str]) -> list[str]:
    """Paths as an indented tree."""
    lines: list[str] = []
    above: tuple[str, ...] = ()
    for file in sorted(files, key=lambda path: path.split("/")):
        *folders, name = file.split("/")
        for depth, folder in enumerate(folders):
            if above[: depth + 1] != tuple(folders[: depth + 1]):
                lines.append(f"  {'  ' * depth}{folder}/")
        lines.append(f"  {'  ' * len(folders)}{name}")
        above = tuple(folders)
    return lines


def _price(price: Mapping[str, Any] | None) -> list[str]:
    if price is None:
        return []
    lines = ["", f"What level {price['level']} would add"]
    if price["unavailable"]:
        lines.append(f"  ({price['unavailable']})")
    lines += [f"  {feature['title']}" for feature in price["features"]]
    if not price["unavailable"]:
        lines.append(
            f"  {len(price['files'])} files; variables: {', '.join(price['environment']) or 'none'}"
        )
    return lines


def _port(port: int | None) -> str:
    return f"port {port}" if port else "no port"


def _events(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """How many events there are, and what listens to which."""
    if not events:
        return []
    heard = [
        f"  {one['event']} to {', '.join(one['consumers'])}" for one in events if one["consumers"]
    ]
    return ["", f"Events ({len(events)})", *(line.replace("`", "") for line in heard)]
