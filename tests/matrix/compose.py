"""Compose files laid over each other, as Compose does it: what they name is in the project."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from tests.matrix.contents import parsed_yaml
from tests.matrix.renderer import Rendered

MAIN = "docker-compose.yml"
FURTHER = "docker-compose.*.yml"
# The source of a short volume that is a path begins so; anything else is the name of a volume.
PATH = re.compile(r"[./~]")
# Paths of the machine, not of the project; a variable may name any.
ABSOLUTE = ("/", "~", "${")
VARIABLE = re.compile(r"\$\{[^}]*\}")

# What commands make before containers start.
MADE = "./.dev/"

Found = Iterator[tuple[str, str]]


def compose_files(rendered: Rendered) -> Iterator[str]:
    """Every file of Compose: what the main file includes, itself, and what is laid over it."""
    for main in (MAIN, *further(rendered)):
        for group in included(rendered, main):
            yield from (file for file in group if file in rendered.files)
    yield MAIN
    yield from further(rendered)


def further(rendered: Rendered) -> list[str]:
    """The files that are laid over the main one, and those of systems by themselves."""
    return sorted(path for path in rendered.files if fnmatchcase(path, FURTHER))


def included(rendered: Rendered, main: str = MAIN) -> list[list[str]]:
    """The files that one includes; those of one entry complete each other."""
    groups = []
    for entry in _parsed(rendered.text(main)).get("include", []):
        files = entry if isinstance(entry, str) else entry["path"]
        groups.append([files] if isinstance(files, str) else list(files))
    return groups


def system(rendered: Rendered, over: str | None = None) -> dict[str, Any]:
    """The whole system, paths seen from the project's folder; `over` is a file laid over it.

    A file that includes others is a system by itself.
    """
    alone = over is not None and bool(included(rendered, over))
    mains = [over] if over and alone else [MAIN, *([over] if over else [])]
    whole: dict[str, Any] = {}
    for group in included(rendered, mains[0]):
        # What an entry says is seen from the folder of its first file.
        base = posixpath.dirname(group[0])
        for file in group:
            if file in rendered.files:
                whole = merged(whole, _placed(_parsed(rendered.text(file)), base))
    for file in mains:
        whole = merged(whole, _placed(_parsed(rendered.text(file)), ""))
    return whole


def unfounded(rendered: Rendered) -> Found:
    """Say what a Compose file includes, builds, mounts or waits for that is not there."""
    for main in (MAIN, *further(rendered)):
        for file in (file for group in included(rendered, main) for file in group):
            if file not in rendered.files:
                yield main, f"includes {file}, which is not there"
    folders = {
        "/".join(parts[:depth])
        for parts in (path.split("/") for path in rendered.files)
        for depth in range(len(parts))
    }
    there = {*rendered.files, *folders, "."}
    for over in (None, *further(rendered)):
        whole = system(rendered, over)
        for name, service in (whole.get("services") or {}).items():
            for what in _unfounded_in(service, whole, there):
                yield over or MAIN, f"service {name}: {what}"
        for kind in ("secrets", "configs"):
            for name, of in (whole.get(kind) or {}).items():
                if _is_missing(source := (of or {}).get("file"), there):
                    yield over or MAIN, f"{kind}: {name} is {source}, which is not there"


def _unfounded_in(
    service: Mapping[str, Any], whole: Mapping[str, Any], there: set[str]
) -> Iterator[str]:
    for other in service.get("depends_on") or ():
        if other not in whole["services"]:
            yield f"waits for {other}, which is no service"
    yield from _image_of(service, whole, there)
    for source, is_path in map(_source, service.get("volumes") or ()):
        if is_path and _is_missing(source, there):
            yield f"mounts {source}, which is not there"
        if source and not is_path and source not in (whole.get("volumes") or {}):
            yield f"mounts the volume {source}, which is not declared"
    for kind in ("networks", "secrets", "configs"):
        for entry in service.get(kind) or ():
            name = entry if isinstance(entry, str) else entry["source"]
            if name not in (whole.get(kind) or {}) and name != "default":
                yield f"names {name}, which is not among the {kind}"


def _image_of(
    service: Mapping[str, Any], whole: Mapping[str, Any], there: set[str]
) -> Iterator[str]:
    if not service.keys() & {"image", "build"}:
        yield "has neither an image nor a build"
    if build := service.get("build"):
        place = posixpath.join(build.get("context", "."), build.get("dockerfile", "Dockerfile"))
        if _is_missing(place, there):
            yield f"is built by {posixpath.normpath(place)}, which is not there"
    elif service.get("pull_policy") == "never":
        built = [of.get("image") for of in whole["services"].values() if "build" in of]
        if service["image"] not in built:
            yield f"runs {service['image']}, which no service builds"


def _is_missing(path: str | None, there: set[str]) -> bool:
    if not path or path.startswith((*ABSOLUTE, MADE)):
        return False
    return posixpath.normpath(path) not in there


def _source(volume: str | Mapping[str, Any]) -> tuple[str | None, bool]:
    """What a volume is made from, and whether that is a path."""
    if isinstance(volume, str):
        source, _, target = VARIABLE.sub("/given", volume).partition(":")
        return (source, bool(PATH.match(source))) if target else (None, False)
    return volume.get("source"), volume.get("type") == "bind"


def programs(rendered: Rendered) -> Iterator[tuple[str, str]]:
    """Which package's program, or which module, each built service runs: service, its name."""
    for service in (system(rendered).get("services") or {}).values():
        built = ((service.get("build") or {}).get("args") or {}).get("SERVICE")
        words = service.get("command")
        if not built or not isinstance(words, list):
            continue
        module = words.index("-m") + 1 if "-m" in words else 0
        yield built, str(words[module])


def merged(below: Any, above: Any) -> Any:
    """Lay one over the other, as Compose does: mappings by key, lists one after the other."""
    match below, above:
        case dict(), dict():
            both = {**below, **above}
            for key in below.keys() & above.keys():
                replaces = key in {"command", "entrypoint", "test"}
                both[key] = above[key] if replaces else merged(below[key], above[key])
            return both
        # Such as `depends_on`, which may be a list of names.
        case list(), dict():
            return merged(dict.fromkeys(below), above)
        case dict(), list():
            return merged(below, dict.fromkeys(above))
        case list(), list():
            return [*below, *(item for item in above if item not in below)]
        case _, None:
            return below
        case _:
            return above


def _placed(document: Mapping[str, Any], base: str) -> dict[str, Any]:
    """The paths of a file, seen from the project's folder instead of its own."""
    whole = dict(document)
    services = {
        name: _placed_service(of, base) for name, of in (whole.get("services") or {}).items()
    }
    if services:
        whole["services"] = services
    for kind in ("secrets", "configs"):
        for name, of in (whole.get(kind) or {}).items():
            if of and "file" in of:
                whole[kind] = {**whole[kind], name: {**of, "file": _seen(of["file"], base)}}
    return whole


def _placed_service(service: Mapping[str, Any] | None, base: str) -> dict[str, Any]:
    whole = dict(service or {})
    if isinstance(whole.get("build"), str):
        whole["build"] = {"context": whole["build"]}
    if "context" in whole.get("build", {}):
        whole["build"] = {**whole["build"], "context": _seen(whole["build"]["context"], base)}
    if isinstance(whole.get("environment"), list):
        whole["environment"] = dict(item.partition("=")[::2] for item in whole["environment"])
    if "volumes" in whole:
        whole["volumes"] = [_placed_volume(volume, base) for volume in whole["volumes"]]
    return whole


def _placed_volume(volume: str | Mapping[str, Any], base: str) -> str | Mapping[str, Any]:
    source, is_path = _source(volume)
    if not source or not is_path:
        return volume
    if isinstance(volume, str):
        return f"{_seen(source, base)}:{VARIABLE.sub('/given', volume).partition(':')[2]}"
    return {**volume, "source": _seen(source, base)}


def _seen(path: str, base: str) -> str:
    """A path from the project's folder; it begins so that it is no name of a volume."""
    if path.startswith(ABSOLUTE):
        return path
    return f"./{posixpath.normpath(posixpath.join(base, path))}"


@cache
def _parsed(text: str) -> dict[str, Any]:
    return parsed_yaml(text) or {}
