"""Certificates of a real ACME directory: pebble, the project's words for certbot, its own nginx."""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from tests.choosing import missing
from tests.gateway.conftest import SERVICE, free_ports
from tests.gateway.echo import echoing
from tests.gateway.names import Names, naming
from tests.support import ROOT, run
from tests.turns import certificates

pytestmark = [pytest.mark.about("level_3"), pytest.mark.needs("pebble", "openssl"), certificates]
STAND_IN = Path(__file__).with_name("certbot_stand_in.py")
NAME = "api.example.com"
# Served by nginx itself, and not counted by its limit of requests.
STATUS = "location = /status { return 200 fine; }\n"
# Twelve hours that are over at once, and then some that are not.
SLEEP = """#!/bin/sh
[ -e slept ] && echo twice >> slept && exec /bin/sleep 600
echo once > slept
"""


@dataclass
class Directory:
    """Pebble, which issues certificates, and the names that it believes."""

    url: str
    bundle: Path
    """What its own address is signed with."""
    root: ssl.SSLContext
    """Trusts what it issues, and nothing else."""
    names: Names


@dataclass
class Production:
    """A project in production: its gateway, which runs, and the container of certbot."""

    project: Path
    acme: dict[str, Any]
    place: Any
    directory: Directory
    environment: dict[str, str]

    def make_certificate(self, name: str = NAME) -> subprocess.CompletedProcess[str]:
        """Do what `make certificate` does."""
        words = ["certificate", f"--name={name}", "--email=team@example.com"]
        return self.run(sys.executable, "-m", "tools.production", *words)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run something as the project's commands run, and wait for it."""
        return subprocess.run(
            words,
            cwd=self.project,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )

    @contextmanager
    def renewing(self) -> Iterator[subprocess.Popen[str]]:
        """The command of the service `acme`, whose first twelve hours are over at once.

        It renews what is not due yet, too.
        """
        (self.project / "slept").unlink(missing_ok=True)
        [command] = self.acme["command"]
        with subprocess.Popen(
            [*self.acme["entrypoint"], command],
            env={**self.environment, "CERTBOT_OPTIONS": "--force-renewal"},
            cwd=self.project,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as loop:
            try:
                yield loop
            finally:
                end(loop)

    def stopped(self, loop: subprocess.Popen[str]) -> str:
        """Stop it as Docker does, once it sleeps again; return what it has said."""
        slept = self.project / "slept"
        until(lambda: slept.read_text().split().index("twice"), 60)
        loop.terminate()
        assert loop.wait(20) == 0
        end(loop)
        assert loop.stdout
        return loop.stdout.read()

    @property
    def told(self) -> str:
        """What Compose was told besides."""
        return (self.project / "told").read_text()

    def serial(self) -> str:
        """The certificate of the gateway, which a client that trusts pebble alone takes."""
        address = ("127.0.0.1", self.place.https)
        with (
            socket.create_connection(address, 20) as wire,
            self.directory.root.wrap_socket(wire, server_hostname=NAME) as tls,
        ):
            tls.sendall(
                f"GET /status HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode()
            )
            assert tls.recv(65536).startswith(b"HTTP/1.1 200 ")
            certificate = tls.getpeercert()
            assert certificate
            return str(certificate["serialNumber"])


@pytest.fixture(scope="module")
def directory(
    tools: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[int], Any]]:
    """Start pebble, which looks for proof at a port of this machine, whatever the name."""
    folder = tmp_path_factory.mktemp("pebble")
    tools.self_signed(folder, "localhost")
    with ExitStack() as stack:

        def start(http: int) -> Directory:
            names = stack.enter_context(naming())
            names.addresses = ["127.0.0.1"]
            port, management = free_ports(2)
            settings = {
                "listenAddress": f"127.0.0.1:{port}",
                "managementListenAddress": f"127.0.0.1:{management}",
                "certificate": str(folder / "fullchain.pem"),
                "privateKey": str(folder / "privkey.pem"),
                "httpPort": http,
                "tlsPort": 1,
            }
            file = folder / "pebble.json"
            file.write_text(json.dumps({"pebble": settings}))
            log = stack.enter_context((folder / "log").open("wb"))
            # Each proof is looked at, at once; no try is refused for nothing.
            own = {
                "PEBBLE_VA_NOSLEEP": "1",
                "PEBBLE_AUTHZREUSE": "0",
                "PEBBLE_WFE_NONCEREJECT": "0",
            }
            words = ["pebble", "-config", str(file), "-dnsserver", f"127.0.0.1:{names.port}"]
            process = stack.enter_context(
                subprocess.Popen(words, env={**os.environ, **own}, stdout=log, stderr=log)
            )
            stack.callback(process.terminate)
            trusts = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
            root = until(
                lambda: httpx2.get(f"https://localhost:{management}/roots/0", verify=trusts)
            )
            return Directory(
                f"https://localhost:{port}/dir",
                folder / "fullchain.pem",
                ssl.create_default_context(cadata=root.text),
                names,
            )

        yield start


@pytest.fixture(scope="module")
def production(
    tools: Any,
    directory: Callable[[int], Directory],
    rendered: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Production]:
    """A gateway that runs, and has got its first certificate while it ran."""
    folder = tmp_path_factory.mktemp("production")
    project = folder / "project"
    shutil.copytree(rendered("task_manager@3"), project)
    own = project / "deploy/local/nginx"
    own.mkdir(parents=True, exist_ok=True)
    (own / "name_public.conf").write_text(f"server_name {NAME};\n")
    (own / "server_status.conf").write_text(STATUS)
    secrets = project / "secrets"
    (folder / "tls").symlink_to(secrets / "tls/current")
    (folder / "acme").symlink_to(secrets / "acme")
    http, https = free_ports(2)
    with ExitStack() as stack:
        service = stack.enter_context(echoing("service"))
        place = tools.Place(folder, http, https, {SERVICE: f"127.0.0.1:{service.port}"})
        configuration = tools.write(project, place)
        stack.enter_context(tools.running(sooner(configuration), place))
        issuing = directory(http)
        acme = yaml.safe_load((project / "deploy/production/gateway.yml").read_text())
        acme = acme["services"]["acme"]
        environment = container(project, acme, issuing)
        one = Production(project, acme, place, issuing, environment)
        with pytest.raises(ssl.SSLError):  # there is none
            one.serial()
        done = one.make_certificate()
        assert done.returncode == 0, done.stdout + done.stderr
        yield one


def sooner(configuration: Path) -> Path:
    """Have the gateway look for another certificate once a second, not once a minute."""
    text = (configuration.parent / "http.conf").read_text()
    assert "valid=1m" in text  # docs/gateway.md promises it
    (configuration.parent / "http.conf").write_text(text.replace("valid=1m", "valid=1s"))
    return configuration


def container(project: Path, acme: dict[str, Any], directory: Directory) -> dict[str, str]:
    """Put what stands for the container of certbot onto the way of commands."""
    programs, scratch = project / "bin", project / "scratch"
    programs.mkdir()
    for name in ("docker", "certbot"):
        script = f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" {name} "$@"\n'
        (programs / name).write_text(script)
    (programs / "sleep").write_text(SLEEP)
    for program in programs.iterdir():
        program.chmod(0o755)
    scratch.mkdir()
    scratch.chmod(0o1777)
    mounts = {"/tmp": str(scratch)}  # noqa: S108  # that of the container
    for volume in acme["volumes"]:
        source, target = re.fullmatch(r"\$\{SECRETS:-[./a-z]*\}(.*):(.*)", volume).groups()
        mounts[target] = f"{project}/secrets{source}"
    assert acme["user"].startswith("${GATEWAY_USER:-101:101}")
    state = {
        "certbot": certbot(acme["image"].rpartition(":v")[2]),
        "user": "101:101",
        "mounts": mounts,
        "options": [f"--server={directory.url}"],
        "told": str(project / "told"),
    }
    file = project / "container.json"
    file.write_text(json.dumps(state))
    return {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(project),
        "CERTBOT_STAND_IN": str(file),
        "REQUESTS_CA_BUNDLE": str(directory.bundle),
        "NO_PROXY": "localhost",
        "no_proxy": "localhost",
    }


def certbot(version: str) -> str:
    """Find the certbot of the version that the image has."""
    words = ["uv", "tool", "run", "--quiet", "--from", f"certbot=={version}", "python"]
    found = run(ROOT, *words, "-c", "import sys; print(sys.prefix)")
    if found.returncode != 0:
        missing(f"certbot {version} cannot be installed: {found.stderr.strip()}")
    return f"{found.stdout.strip()}/bin/certbot"


def until(done: Callable[[], Any], seconds: float = 20) -> Any:
    """Try until it can be done."""
    end = time.monotonic() + seconds
    while True:
        try:
            return done()
        except (AssertionError, OSError, ValueError, httpx2.HTTPError):
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def end(loop: subprocess.Popen[str]) -> None:
    """End what sleeps, too."""
    with suppress(ProcessLookupError):
        os.killpg(loop.pid, signal.SIGKILL)


def differ(found: str, known: str) -> str:
    assert found != known
    return found


def test_the_first_certificate_is_served_without_a_restart(production: Production) -> None:
    assert production.serial()  # the client trusts pebble, and has asked for the public name
    assert production.told.splitlines()[-1].endswith("up --detach --no-deps acme")


def test_the_key_is_for_the_gateway_alone(production: Production) -> None:
    tls = production.project / "secrets/tls"
    key = (tls / "current/privkey.pem").resolve()
    owner = tls.stat()

    assert key.is_relative_to(tls.resolve())  # all that the gateway's container has of it
    for path in (key, *key.parents[: len(key.relative_to(tls.resolve()).parts)]):
        assert (path.stat().st_uid, path.stat().st_gid) == (owner.st_uid, owner.st_gid), path
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or path.is_dir(), path
    assert stat.S_IMODE(tls.stat().st_mode) == 0o700
    if os.geteuid() == 0:
        assert owner.st_uid == 101


def test_a_renewed_one_is_served_without_a_lost_request(production: Production) -> None:
    before = production.serial()
    answered, ended = list[str](), threading.Event()

    def call() -> None:
        while not ended.is_set():
            answered.append(production.serial())

    with ThreadPoolExecutor(1) as pool, production.renewing() as loop:
        calling = pool.submit(call)
        try:
            after = until(lambda: differ(production.serial(), before), 60)
        finally:
            ended.set()
        calling.result()  # raises what a request has failed with
        production.stopped(loop)

    assert set(answered) <= {before, after}


def test_a_directory_that_refuses_changes_nothing(production: Production) -> None:
    used = production.project / "secrets/tls/current/fullchain.pem"
    before = used.read_bytes()
    production.directory.names.addresses = []
    try:
        asked = production.make_certificate("other.example.com")
        with production.renewing() as loop:
            renewed = production.stopped(loop)
    finally:
        production.directory.names.addresses = ["127.0.0.1"]

    assert asked.returncode == 1
    assert asked.stderr.splitlines()[-1] == (
        "no certificate for other.example.com: why is said above; what was served before stays"
    )
    assert "Identifier: other.example.com" in asked.stdout + asked.stderr
    assert "Failed to renew certificate gateway" in renewed
    assert used.read_bytes() == before
    assert production.serial()
