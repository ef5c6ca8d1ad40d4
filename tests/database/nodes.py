"""The two PostgreSQL of a project in production, as processes: its scripts, options and files run them.

What differs from production: the folders, the addresses, and the entry point of the image, which
makes the first database.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

NODES = {"postgres": "127.0.0.21", "postgres-replica": "127.0.0.22"}
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
# What this version of PostgreSQL does not know yet: Debian's is older than that of production.
NEWER = {"idle_replication_slot_timeout": 18}
ENTRY_POINT = """#!/usr/bin/env bash
set -euo pipefail
shift
[ -s "$PGDATA/PG_VERSION" ] || initdb --pgdata="$PGDATA" --username=postgres --auth=trust --data-checksums >/dev/null
exec postgres -D "$PGDATA" -c "listen_addresses=$LISTEN" -c "unix_socket_directories=$SOCKETS/$NODE" "$@"
"""
PATIENCE_S = 60


def lacking() -> str:
    """Say what is missing here, if anything."""
    if not BINARIES:
        return "PostgreSQL is not installed in /usr/lib/postgresql"
    if os.geteuid() == 0 and not any(user.pw_name == "postgres" for user in pwd.getpwall()):
        return "PostgreSQL does not run as root, and there is no user postgres"
    return ""


class Nodes:
    """Both nodes, and what their keeper does."""

    def __init__(self, project: Path, place: Path) -> None:
        self.place = place
        self.port = free_port()
        self.instead: dict[str, str] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.scripts = shutil.copytree(project / "deploy/postgres", place / "scripts")
        file = (project / "deploy/production/database.yml").read_text("utf-8")
        self.services: dict[str, Any] = yaml.safe_load(file)["services"]
        for name in ("secrets", "leader", "figures", "backups", "drill", "lock", "bin", "sockets"):
            (place / name).mkdir()
        for node in NODES:
            (place / "sockets" / node).mkdir()
        (place / "secrets/backup_pass").write_text("a pass of backups\n")
        (place / "secrets/replication_password").write_text("a:password\\of 'the' follower\n")
        (place / "bin/docker-entrypoint.sh").write_text(ENTRY_POINT)
        (place / "bin/docker-entrypoint.sh").chmod(0o755)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            for path in (place, *place.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid)

    @property
    def leader(self) -> str:
        file = self.place / "leader/node"
        return file.read_text().strip() if file.exists() else "postgres"

    def data(self, node: str) -> Path:
        return self.place / node / "18/docker"

    def start(self, node: str) -> None:
        """Start a node as production starts it."""
        leads = f"host={NODES[self.leader]} dbname=replication"
        own = {"NODE": node, "PGDATA": str(self.data(node)), "LISTEN": NODES[node]}
        own |= {"LEADER_ADDRESS": leads, "PASS_FILE": str(self.place / f"{node}.pass")}
        with (self.place / f"{node}.log").open("ab") as log:
            self.running[node] = subprocess.Popen(
                self._command(node),
                env=self.environment | own,
                stdout=log,
                stderr=log,
                **as_owner(),
            )

    def _command(self, node: str) -> list[str]:
        words = self.services[node]["command"]
        settings = [words[number + 1] for number, word in enumerate(words) if word == "-c"]
        version = int(BINARIES[-1].parent.name)
        known = [one for one in settings if NEWER.get(one.partition("=")[0], 0) <= version]
        known += [f"{name}={value}" for name, value in self.instead.items()]
        options = [word for setting in known for word in ("-c", setting)]
        return [word.replace("/opt/postgres", str(self.scripts)) for word in (*words[:2], *options)]

    def stop(self, node: str, how: signal.Signals = signal.SIGINT) -> None:
        """Stop a node, in the way in which Docker does; SIGKILL is a crash."""
        process = self.running.pop(node, None)
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def close(self) -> None:
        for node in list(self.running):
            self.stop(node, signal.SIGQUIT)

    @property
    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(self.place / "bin"), str(BINARIES[-1]), os.environ["PATH"]])
        place = {name: str(self.place / name.lower()) for name in ("SOCKETS", "FIGURES", "DRILL")}
        keeper = {
            f"PGBACKREST_PG{number}_{key}": value
            for number, node in enumerate(NODES, 1)
            for key, value in (
                ("PATH", str(self.data(node))),
                ("SOCKET_PATH", str(self.place / "sockets" / node)),
                ("PORT", str(self.port)),
            )
        }
        return {
            "PATH": path, "LC_ALL": "C.UTF-8", "PGPORT": str(self.port), "TMPDIR": str(self.place),
            "LEADER_FILE": str(self.place / "leader/node"), "SECRETS_DIR": str(self.place / "secrets"),
            "PGBACKREST_REPO1_PATH": str(self.place / "backups"), "ARCHIVE_PATIENCE_S": "5",
            "PGBACKREST_LOCK_PATH": str(self.place / "lock"), "PGBACKREST_ARCHIVE_TIMEOUT": "5",
            "OWN_SETTINGS": str(self.place / "own"),
            **place, **keeper,
        }  # fmt: skip

    def run(self, script: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a script as the keeper does."""
        return subprocess.run(
            ["bash", str(self.scripts / script), *words],
            env=self.environment | variables,
            check=False, capture_output=True, text=True, timeout=300, errors="replace",
            **as_owner(),
        )  # fmt: skip

    def done(self, script: str, *words: str, **variables: str) -> str:
        ended = self.run(script, *words, **variables)
        assert ended.returncode == 0, ended.stdout + ended.stderr + self.logs()
        return ended.stdout

    def ask(self, node: str, statement: str) -> str:
        """Ask a node over its socket."""
        words = [
            "psql",
            "-h",
            str(self.place / "sockets" / node),
            "-U",
            "postgres",
            "-qAtc",
            statement,
        ]
        done = subprocess.run(
            words, env=self.environment, check=False, capture_output=True, text=True, **as_owner()
        )
        assert done.returncode == 0, done.stderr + self.logs()
        return str(done.stdout).strip()

    def until(self, node: str, statement: str, expected: str = "t") -> None:
        """Wait until a node gives an answer."""
        end, found = time.monotonic() + PATIENCE_S, ""
        while time.monotonic() < end:
            try:
                found = self.ask(node, statement)
            except AssertionError as error:
                found = str(error)
            if found == expected:
                return
            time.sleep(0.1)
        raise AssertionError(f"{node} never said {expected} to {statement}: {found}\n{self.logs()}")

    def figures(self) -> dict[str, float]:
        """What Prometheus would be told."""
        lines = (self.place / "figures/metrics").read_text().splitlines()
        told = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
        return {name: float(value) for name, value in told}

    def logs(self) -> str:
        found = [self.place / f"{node}.log" for node in NODES]
        return "\n".join(file.read_text()[-3000:] for file in found if file.exists())


def as_owner() -> dict[str, Any]:
    """PostgreSQL does not run as root."""
    return {"user": "postgres", "group": "postgres", "cwd": "/"} if os.geteuid() == 0 else {}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def started(nodes: Nodes) -> Iterator[Nodes]:
    """Both run, and the keeper has been there."""
    try:
        nodes.start("postgres")
        nodes.until("postgres", "SELECT NOT pg_is_in_recovery()")
        nodes.ask("postgres", "CREATE TABLE loans (id int PRIMARY KEY, amount int)")
        nodes.ask("postgres", "INSERT INTO loans SELECT n, n FROM generate_series(1, 1500) AS n")
        nodes.done("keeper.sh", "once")
        nodes.start("postgres-replica")
        nodes.until("postgres-replica", "SELECT pg_is_in_recovery()")
        yield nodes
    finally:
        nodes.close()
