"""One release takes the place of another, one instance after the other, and no request is lost."""

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from tools.common import ToolError, say, write_atomically
from tools.production.compose import Compose

GATEWAY = "gateway"
OBSERVES = "observes"
"""The label of what only looks on: a release does not wait for it, nor does a way back."""
# Who reads its files again when it is told to, and the folders with these.
READERS = {
    GATEWAY: ("deploy/nginx", "deploy/local/nginx"),
    "alertmanager": ("deploy/alertmanager", "deploy/local/alertmanager"),
}
_HEALTHY_S = 120.0
_POLL_S = 0.5
_COMPLETED = "service_completed_successfully"
# The label with the port of /ready, and what asks there whether a service can do its work.
_PORT = "ready-port"
_READY = """\
import http.client
wire = http.client.HTTPConnection("127.0.0.1", {port}, timeout=5)
wire.request("GET", "/ready")
answer = wire.getresponse()
print(answer.read().decode())
raise SystemExit(answer.status != 200)
"""
_CHECK = ("nginx", "-c", "/etc/gateway/nginx/nginx.conf", "-t")


def deploy(compose: Compose, notes: Path) -> None:
    """Bring everything to the release: servers, one-off steps, services, gateway, who looks on.

    The notes are of the files that have been read.
    """
    ordered = list(_ordered(compose.services))
    once = _one_offs(compose.services)
    built = [name for name in ordered if "build" in compose.services[name] and name not in once]
    own = [name for name in built if not _holds_data(compose.services[name])]
    watchers = [name for name in ordered if OBSERVES in compose.services[name].get("labels", {})]
    needed = [name for name in ordered if name not in watchers]
    servers = [name for name in needed if name not in {*once, *own, GATEWAY}]
    _provide(compose, [name for name in (*once, *built) if name not in watchers])
    # Before anything is changed: a gateway that does not start again is the end of everything.
    compose.do("run", "--rm", "--no-deps", GATEWAY, *_CHECK)
    if servers:
        compose.do("up", "--detach", "--no-deps", "--no-build", "--wait", *servers)
    for name in once:
        if name in needed:
            _run_once(compose, name)
    for name in own:
        replace(compose, name)
    compose.do("up", "--detach", "--no-deps", "--wait", GATEWAY)
    _have_read(compose, needed, notes)
    _look_on(compose, watchers, once, notes)


def _look_on(compose: Compose, watchers: list[str], once: list[str], notes: Path) -> None:
    """Start what only looks on; what fails of it is told, for the release runs without it."""
    lasting = [name for name in watchers if name not in once]
    steps: list[Callable[[], None]] = []
    if lasting:
        up = ("up", "--detach", "--no-deps", "--no-build", "--wait", *lasting)
        steps.append(lambda: compose.do(*up))
    steps += [partial(_run_once, compose, name) for name in watchers if name in once]
    steps.append(lambda: _have_read(compose, watchers, notes))
    for step in steps:
        try:
            step()
        except ToolError as error:
            say(f"{error}; the release runs, and is not looked at by all that should", sys.stderr)


def _run_once(compose: Compose, name: str) -> None:
    say(f"{name} ...", sys.stdout)
    compose.do("run", "--rm", "--no-deps", name)


def _have_read(compose: Compose, names: list[str], notes: Path) -> None:
    for name, folders in READERS.items():
        if name in names:
            _read_again(compose, name, [compose.root / folder for folder in folders], notes)


def replace(compose: Compose, service: str) -> None:
    """Put new instances in the place of the old ones, one after the other.

    A new one is called as soon as it is there, before it listens: callers try one other instance,
    which must not be as new. An old one that is told to stop lets go of its callers first.
    """
    old = compose.containers(service)
    wanted = compose.services[service].get("deploy", {}).get("replicas", 1)
    say(f"{service}: {wanted} new, {len(old)} old", sys.stdout)
    if not old:
        _start(compose, service, wanted)
        return
    for number in range(max(wanted, len(old))):
        if number < wanted:
            _start(compose, service, 1)
        if number < len(old):
            compose.docker("stop", old[number])
            compose.docker("rm", old[number])


def _start(compose: Compose, service: str, number: int) -> None:
    """Start so many more instances, and wait until they live and can do their work."""
    before = compose.containers(service)
    options = ("--detach", "--no-deps", "--no-recreate", "--no-build")
    compose.do("up", *options, "--scale", f"{service}={len(before) + number}", service)
    new = [one for one in compose.containers(service) if one not in before]
    end = time.monotonic() + _HEALTHY_S
    if not _healthy(compose, new, end):
        reason = "is not healthy, see above"
    elif told := _not_ready(compose, service, new, end):
        reason = f"is not ready: {told}"
    else:
        return
    compose.docker("stop", *new)
    for container in new:
        say(compose.docker("logs", "--tail", "20", container), sys.stderr)
    compose.docker("rm", *new)
    raise ToolError(
        f"a new instance of {service} {reason}; it is gone again, and the others go on: those of"
        " before, and those that came in their place; `make rollback` takes these back"
    )


def _provide(compose: Compose, names: list[str]) -> None:
    """Have the images of a release here; they are asked for where IMAGES names a registry."""
    images = {name: compose.services[name]["image"] for name in names}
    missing = sorted({image for image in images.values() if not compose.has_image(image)})
    # Without a registry images are named after the project alone: nobody has them but this machine.
    if any(image.count("/") > 1 for image in missing):
        compose.do("pull", *(name for name in names if images[name] in missing))
        missing = [image for image in missing if not compose.has_image(image)]
    if missing:
        raise ToolError(f"{missing[0]} is not here: run `make images RELEASE={compose.release}`")


def _not_ready(compose: Compose, service: str, containers: list[str], end: float) -> str:
    """Tell what a new instance lacks at the end of its time; nothing where no label says its port.

    Its health check says no more than that it lives: with a wrong address or password of what it
    needs, it would take the place of one that works.
    """
    port = compose.services[service].get("labels", {}).get(_PORT)
    if port is None:
        return ""
    script = _READY.format(port=port)
    for container in containers:
        while (told := compose.answers(container, "python", "-ISc", script)) is not None:
            if time.monotonic() > end:
                return told
            time.sleep(_POLL_S)
    return ""


def _healthy(compose: Compose, containers: list[str], end: float) -> bool:
    form = "{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}"
    while time.monotonic() < end:
        states = compose.docker("inspect", "--format", form, *containers).splitlines()
        if all(state.split() in (["running", "healthy"], ["running"]) for state in states):
            return True
        if any(not state.startswith("running") or "unhealthy" in state for state in states):
            return False
        time.sleep(_POLL_S)
    return False


def _read_again(compose: Compose, name: str, folders: list[Path], notes: Path) -> None:
    """Have a container read its files if they changed: for a gateway that ends idle connections."""
    note = notes / f"{name}.sha256"
    files = sorted(file for folder in folders for file in folder.glob("*") if file.is_file())
    content = b"".join(os.fsencode(file.name) + file.read_bytes() for file in files)
    digest = hashlib.sha256(content).hexdigest()
    if not note.exists() or note.read_text(encoding="utf-8") != digest:
        compose.do("kill", "--signal", "HUP", name)
        write_atomically(note, digest)


def _ordered(services: Mapping[str, Any]) -> Iterator[str]:
    """Give the services, what others need first."""
    needs = {name: of.get("depends_on", {}).keys() for name, of in services.items()}
    yield from (name for name in TopologicalSorter(needs).static_order() if name in services)


def _holds_data(service: Mapping[str, Any]) -> bool:
    """Tell whether a service has a volume: two instances must not have the same one."""
    return any(volume["type"] == "volume" for volume in service.get("volumes", ()))


def _one_offs(services: Mapping[str, Any]) -> list[str]:
    """Find the services that end by themselves, and that others wait for."""
    return [
        name
        for of in services.values()
        for name, need in of.get("depends_on", {}).items()
        if need["condition"] == _COMPLETED
    ]
