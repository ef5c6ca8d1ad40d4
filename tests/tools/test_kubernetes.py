"""A release in Kubernetes, before a cluster that remembers; Kustomize is kubectl's own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.matrix.renderer import Renderer
from tests.support import answers_of

pytestmark = [pytest.mark.about("level_4", "kubernetes"), pytest.mark.needs("kubectl")]
WAITS = {"data-migrate": {"condition": "service_completed_successfully"}}

# Notes what it is told; builds overlays by the real one, and makes Secrets without a cluster.
KUBECTL = """\
#!/usr/bin/env python3
import json, os, pathlib, subprocess, sys
words = sys.argv[1:]
if words[0] == "kustomize" or "--dry-run=client" in words:
    sys.exit(subprocess.run([os.environ["KUBECTL"], *words]).returncode)
given = sys.stdin.read() if "--filename=-" in words else ""
with pathlib.Path(os.environ["NOTES"]).open("a") as notes:
    notes.write(json.dumps([words[2:], given]) + "\\n")
if os.environ.get("FAILS", "none") in " ".join(words):
    sys.exit("error: no such luck")
if words[2] == "get" and words[3].startswith("job/"):
    ends = [{"type": os.environ.get("ENDS", "Complete"), "status": "True"}]
    print(json.dumps({"status": {"conditions": ends}}))
if "logs" in words:
    print("relation exists")
if words[2:4] == ["get", "secret"] and (keys := os.environ.get("THERE")):
    print(json.dumps({"data": dict.fromkeys(keys.split(","), "eA==")}))
"""
DOCKER = """\
#!/bin/sh
case "$*" in *config*) printf '%s' "$CONFIGURATION" ;; esac
"""


def service(name: str, command: str, **more: Any) -> dict[str, Any]:
    """A service as Compose tells of it, for release 1.0.0."""
    return {
        "image": f"registry.example.com/team/{name}:1.0.0",
        "build": {"args": {"SERVICE": name}},
        "command": command.split(),
        "networks": {"internal": None},
        "stop_grace_period": "40s",
        "deploy": {"replicas": 2, "resources": {"limits": {"memory": str(512 * 2**20)}}},
        **more,
    }


POSTGRES = "postgresql://data@/x?host=postgres,postgres-replica&target_session_attrs=primary"
SERVICES = {
    "api": service(
        "api", "python -m chassis.serve api --port=8000",
        environment={"DATA_API_URL": "http://data:8001", "TEXT": "a: b"}, networks={"edge": None},
    ),
    "data": service(
        "data", "python -m chassis.serve data --port=8001", environment={"DATABASE_URL": POSTGRES},
        secrets=[{"source": "database_password"}], depends_on=WAITS,
    ),
    "data-migrate": {
        **service("data", "python -m data.migrate", environment={"MIGRATION_DATABASE_URL": POSTGRES}),
        "build": None,
        "secrets": [{"source": "postgres_password", "target": "/run/secrets/migration_password"}],
    },
    "gateway": {"depends_on": {"api": {"condition": "service_healthy"}}},
    "postgres": {"image": "registry.example.com/team/postgres:18", "build": {"context": "."}},
}  # fmt: skip


class Cluster:
    """A project, and what kubectl was told for it."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.project, self.notes, self.programs = project, folder / "notes", folder / "bin"
        self.programs.mkdir()
        for name, text in (("kubectl", KUBECTL), ("docker", DOCKER)):
            (self.programs / name).write_text(text)
            (self.programs / name).chmod(0o755)

    def run(self, command: str, **own: str) -> subprocess.CompletedProcess[str]:
        variables = {
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.project),
            "KUBECTL": str(shutil.which("kubectl")),
            "NOTES": str(self.notes),
            "CONFIGURATION": json.dumps({"services": SERVICES}),
            "RELEASE": "1.0.0",
            "THERE": "database_password,postgres_password",
            **own,
        }
        return subprocess.run(
            [sys.executable, "-m", "tools.kubernetes", command],
            cwd=self.project,
            env={**os.environ, **variables},
            check=False,
            capture_output=True,
            text=True,
        )

    def told(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """What kubectl was told, and the manifests that it was given."""
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        calls = [json.loads(line) for line in lines]
        return [(" ".join(words), [*yaml.safe_load_all(given)]) for words, given in calls]


@pytest.fixture(scope="module")
def rendered_project(renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    answers = answers_of("task_manager") | {"level": 4, "orchestrator": "kubernetes"}
    return renderer.write(answers, tmp_path_factory.mktemp("kubernetes") / "project")


@pytest.fixture
def cluster(rendered_project: Path, tmp_path: Path) -> Cluster:
    project = tmp_path / "project"
    shutil.copytree(rendered_project, project)
    own = project / "deploy/local/nginx/server_api.conf"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("location /api/ {\n    proxy_pass http://api;\n}\n")
    return Cluster(project, tmp_path)


def kinds(manifests: list[dict[str, Any]]) -> list[str]:
    return sorted({one["kind"] for one in manifests})


def test_a_release_replaces_another_once_its_migrations_have_ended(cluster: Cluster) -> None:
    done = cluster.run("deploy")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "release 1.0.0 runs in team-tasks-production"
    namespace, secret, delete, job, wait, rest, *rollouts = cluster.told()
    assert kinds(namespace[1]) == ["Namespace"]
    assert secret[0].startswith("get secret system")
    assert delete[0] == "delete job/data-migrate --ignore-not-found --wait=true"
    assert [one["metadata"]["name"] for one in job[1]] == ["data-migrate"]
    assert wait[0] == "get job/data-migrate --output=json"
    assert {"Deployment", "HTTPRoute", "NetworkPolicy", "Service"} < {*kinds(rest[1])}
    assert {"PodMonitor", "PrometheusRule"} < {*kinds(rest[1])}
    assert "Job" not in kinds(rest[1])
    assert [words for words, _ in rollouts] == [
        f"rollout status deployment/{name} --timeout=600s" for name in ("api", "data")
    ]
    for _, given in (namespace, job, rest):
        spaces = {one["metadata"].get("namespace") for one in given if one["kind"] != "Namespace"}
        assert spaces <= {"team-tasks-production"}


@pytest.mark.long
def test_who_calls_whom_is_read_from_addresses(cluster: Cluster) -> None:
    assert cluster.run("manifests").returncode == 0

    whole = [
        *yaml.safe_load_all(
            (cluster.project / ".deploy/kubernetes/production/1.0.0.yml").read_text()
        )
    ]
    rules = {
        one["metadata"]["name"]: one["spec"] for one in whole if one["kind"] == "NetworkPolicy"
    }
    reached = {
        name: [port["port"] for rule in spec["egress"] for port in rule["ports"]]
        for name, spec in rules.items()
    }
    assert reached == {
        "nobody": [],
        "api": [53, 53, 8001, 443],
        "data": [53, 53, 5432, 5432],
        "data-migrate": [53, 53, 5432, 5432],
    }
    entered = {name: str(spec["ingress"]) for name, spec in rules.items()}
    assert "system/gateway" in entered["api"]
    assert "system/gateway" not in entered["data"]
    assert "'app.kubernetes.io/name': 'api'" in entered["data"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("fails", "said"),
    [
        ("rollout status deployment/data", "data does not become ready, and is taken back alone"),
        ("apply", "failed: error: no such luck"),
    ],
)
def test_a_release_that_fails_leaves_what_ran(cluster: Cluster, fails: str, said: str) -> None:
    done = cluster.run("deploy", FAILS=fails)

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    told = [words for words, _ in cluster.told()]
    if fails.startswith("rollout"):
        assert told[-1] == "rollout undo deployment/data"
    assert "there is no release before" in cluster.run("rollback").stderr


def test_a_migration_that_fails_replaces_nothing_and_is_not_waited_for(cluster: Cluster) -> None:
    done = cluster.run("deploy", ENDS="Failed")

    assert done.returncode == 1
    assert "job/data-migrate has not ended well, and nothing was replaced:" in done.stderr
    assert "relation exists" in done.stderr
    assert not any(words.startswith("rollout") for words, _ in cluster.told())


@pytest.mark.long
def test_rollback_brings_back_what_was_applied_but_runs_nothing_once(cluster: Cluster) -> None:
    newer = json.dumps({"services": SERVICES}).replace(":1.0.0", ":1.1.0")
    assert cluster.run("deploy").returncode == 0
    assert cluster.run("deploy", RELEASE="1.1.0", CONFIGURATION=newer).returncode == 0
    cluster.notes.unlink()

    done = cluster.run("rollback")

    assert done.returncode == 0, done.stderr
    (_, given), *rollouts = cluster.told()
    assert "Job" not in kinds(given)
    images = {
        one["spec"]["template"]["spec"]["containers"][0]["image"]
        for one in given
        if one["kind"] == "Deployment"
    }
    assert images == {f"registry.example.com/team/{name}:1.0.0" for name in ("api", "data")}
    assert len(rollouts) == 2


@pytest.mark.long
def test_secrets_come_from_the_folder_or_were_brought_by_others(cluster: Cluster) -> None:
    lacking = cluster.run("deploy", THERE="database_password")
    assert lacking.returncode == 1
    assert "has no postgres_password: run `make secrets`" in lacking.stderr
    assert not any(words.startswith("rollout") for words, _ in cluster.told())
    folder = cluster.project / "secrets"
    folder.mkdir()
    for name in ("database_password", "postgres_password", "of_nobody"):
        (folder / name).write_text("s3cret\n")
    cluster.notes.unlink()

    assert cluster.run("deploy").returncode == 0

    (secret,) = [given for _, given in cluster.told() if kinds(given) == ["Secret"]]
    assert secret[0]["data"].keys() == {"database_password", "postgres_password"}


@pytest.mark.long
def test_owners_lay_their_own_over(cluster: Cluster) -> None:
    own = cluster.project / "deploy/local/kubernetes/production"
    own.mkdir(parents=True)
    (own / "kustomization.yml").write_text(
        "namespace: elsewhere\nresources: [../../../kubernetes/production]\n"
    )

    done = cluster.run("deploy")

    assert "runs in elsewhere" in done.stdout, done.stderr


@pytest.mark.long
@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"ENVIRONMENT": "nowhere"}, "there is no overlay 'nowhere': write"),
        ({"ENVIRONMENT": "../x"}, "ENVIRONMENT must be small letters"),
        ({"RELEASE": "a b"}, "RELEASE must be letters, digits"),
    ],
)
def test_what_cannot_be_deployed_is_said_in_a_line(
    cluster: Cluster, own: dict[str, str], said: str
) -> None:
    done = cluster.run("deploy", **own)

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
