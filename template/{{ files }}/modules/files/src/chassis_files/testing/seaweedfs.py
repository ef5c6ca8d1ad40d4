"""SeaweedFS, a server that speaks S3 and runs on this machine: for `make dev`, and for tests."""

import datetime as dt
import json
import os
import secrets
import shutil
import socket
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from chassis_files.direct.signing import Call, Signer

PROGRAM = "weed"
HOST = "127.0.0.1"
BUCKET = "files"
KEY_ID = "dev"

_KNOWN, _CONFIG = "dev.json", "s3.json"
_PARTS = ("master", "volume", "filer", "s3")
_PORTS = [f"{part}.{kind}" for part in _PARTS for kind in ("port", "port.grpc")]
SOCKETS = Path("/tmp")  # noqa: S108  # nosec B108  # where the program makes them, whatever it is told
_VOLUME_MIB = 1024
_VOLUMES = 20
_TRIED = "ready"
_ANSWER_S = 5
_LINK_S = 60
_ACTIONS = ("Admin", "Read", "Write", "List", "Tagging")


def installed() -> str | None:
    """Find the program: among those of this environment, or on the PATH."""
    own = str(Path(sys.executable).parent)
    return shutil.which(PROGRAM, path=os.pathsep.join([own, os.environ.get("PATH", os.defpath)]))


@dataclass(frozen=True)
class Seaweedfs:
    """One that keeps all it has in a folder, and that only this machine reaches."""

    program: str
    folder: Path
    key: str
    ports: Mapping[str, int]
    """Of its parts, each of which has one for HTTP and one for gRPC; as the program names them."""

    @property
    def endpoint(self) -> str:
        """Say where S3 answers."""
        return f"http://{HOST}:{self.ports['s3.port']}"

    @property
    def url(self) -> str:
        """Give its bucket as `FILES_URL` has it, with the key."""
        return f"s3+http://{KEY_ID}:{self.key}@{urlsplit(self.endpoint).netloc}/{BUCKET}"

    def command(self) -> list[str]:
        """Write how it keeps its data and who may ask; give the words that run it."""
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        credentials = [{"accessKey": KEY_ID, "secretKey": self.key}]
        identity = {"name": KEY_ID, "credentials": credentials, "actions": _ACTIONS}
        _write(self.folder / _CONFIG, {"identities": [identity]})
        ports = [f"-{name}={port}" for name, port in self.ports.items()]
        return [
            *(self.program, "-logtostderr=true", "server", "-filer", "-s3", f"-dir={data}"),
            *(f"-ip={HOST}", f"-ip.bind={HOST}", *ports),
            *("-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false"),
            *(f"-s3.config={self.folder / _CONFIG}", "-filer.disableHttp"),
            *(f"-master.volumeSizeLimitMB={_VOLUME_MIB}", f"-volume.max={_VOLUMES}"),
            # Of several masters; alone, one that asks the others first takes 12 s longer to start.
            "-master.resumeState=false",
            "-master.telemetry=false",
        ]

    def environment(self) -> dict[str, str]:
        """Give its variables: without these keys its inner parts answer whoever finds their ports."""
        inner = ("SIGNING", "SIGNING_READ", "FILER_SIGNING", "FILER_SIGNING_READ")
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),  # where it looks for more settings
            "WEED_S3_SSE_KEY": self.key,
            **{f"WEED_JWT_{name}_KEY": self.key for name in inner},
        }

    def ready(self) -> bool:
        """Tell whether it has a bucket for files, and takes one: its parts start one by one."""
        signer, now = Signer(KEY_ID, self.key, "us-east-1"), dt.datetime.now(dt.UTC)
        bucket, file = (
            signer.signed(Call("PUT", f"{self.endpoint}/{path}", {}, {}), now, _LINK_S)
            for path in (BUCKET, f"{BUCKET}/{_TRIED}")
        )
        try:
            with httpx2.Client(trust_env=False, timeout=_ANSWER_S) as client:
                there = client.put(bucket).status_code in {HTTPStatus.OK, HTTPStatus.CONFLICT}
                return there and client.put(file, content=b"ready").is_success
        except httpx2.HTTPError:
            return False

    def tidy(self) -> None:
        """Remove what it leaves outside its folder when it is killed."""
        for port in self.ports.values():
            for left in SOCKETS.glob(f"seaweedfs-*-{port}.sock"):
                left.unlink(missing_ok=True)


def seaweedfs(program: str, folder: Path) -> Seaweedfs:
    """Name one: with the key and the ports that it had, or has from now on."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder, note = folder.resolve(), folder / _KNOWN
    known = json.loads(note.read_text("utf-8")) if note.exists() else {}
    key, ports = known.get("key") or secrets.token_hex(32), known.get("ports")
    if not ports or not all(map(_free, ports.values())):
        ports = _free_ports()
    _write(note, {"key": key, "ports": ports})
    return Seaweedfs(program, folder, key, ports)


def _write(file: Path, said: object) -> None:
    """Write what nobody else may read."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
        json.dump(said, opened)


def _free(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True


def _free_ports() -> dict[str, int]:
    """Find ports that nobody listens on; they are held together, so none comes twice."""
    with ExitStack() as stack:
        probes = {name: stack.enter_context(socket.create_server((HOST, 0))) for name in _PORTS}
        return {name: int(probe.getsockname()[1]) for name, probe in probes.items()}
