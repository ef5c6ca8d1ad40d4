"""The commands of production, before a stand-in for docker; tests/docker has a real one."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import run

pytestmark = pytest.mark.about("level_3")
STAND_IN = Path(__file__).with_name("docker_stand_in.py")
WAITS = {"condition": "service_completed_successfully"}
HEALTHY = {"condition": "service_healthy"}


class Production:
    """A project with a docker that only remembers."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.state = project / "state.json"
        secret = {"file": str(project / "secrets/postgres_password")}
        services = {
            "gateway": {"image": "nginx", "depends_on": {"api": HEALTHY}},
            "api": {"image": "p/api:x", "build": {}, "depends_on": {"data": HEALTHY},
                    "deploy": {"replicas": 2}, "labels": {"ready-port": "8000"}},
            "data": {"image": "p/data:x", "build": {}, "depends_on": {"data-migrate": WAITS}},
            "data-migrate": {"image": "p/data:x", "depends_on": {"postgres": HEALTHY}},
            "postgres": {"image": "p/postgres:18", "build": {}, "volumes": [{"type": "volume"}]},
            "alertmanager": {"image": "alertmanager"},
        }  # fmt: skip
        self.change(
            calls=[], containers={}, new=[], missing=[], fails="", away=[], health="healthy", lacks=None,
            configuration={"services": services, "secrets": {"postgres_password": secret}},
        )  # fmt: skip

    def change(self, **values: Any) -> None:
        old = json.loads(self.state.read_text()) if self.state.exists() else {}
        self.state.write_text(json.dumps(old | values))

    def __getitem__(self, key: str) -> Any:
        return json.loads(self.state.read_text())[key]

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        own = {
            "PATH": f"{self.project / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.project),
            "STAND_IN": str(self.state),
        }
        return subprocess.run(
            [sys.executable, "-m", "tools.production", *words],
            cwd=self.project,
            env={**os.environ, **own, **variables},
            check=False,
            capture_output=True,
            text=True,
        )

    def done(self, *words: str, **variables: str) -> str:
        ended = self.run(*words, **variables)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    @property
    def commands(self) -> list[str]:
        """What Compose was told, without its options of the files."""
        told = [call.split(".yml ", 1) for call in self["calls"] if ".yml " in call]
        return [words for _, words in told if not words.startswith(("config", "ps"))]


@pytest.fixture
def production(rendered: Callable[[str], Path], tmp_path: Path) -> Production:
    project = tmp_path / "project"
    shutil.copytree(rendered("task_manager@3"), project)
    (project / "bin").mkdir()
    docker = project / "bin/docker"
    docker.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" "$@"\n')
    docker.chmod(0o755)
    return Production(project)


@pytest.fixture
def ready(production: Production) -> Production:
    """One that has its secrets."""
    production.done("secrets")
    production.change(calls=[])
    return production


def test_secrets_are_made_once_and_are_private(production: Production) -> None:
    first = production.done("secrets")

    folder = production.project / "secrets"
    secret = folder / "postgres_password"
    assert first == "postgres_password: made (random)\n"
    assert len(secret.read_text().strip()) > 40
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(secret.stat().st_mode) == 0o444
    kept = secret.read_text()
    assert production.done("secrets") == "every secret is there\n"
    assert secret.read_text() == kept


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "is missing: write it, or run `make secrets` for a random one"),
        (b" \n", "is empty: it must hold the secret, and nothing else"),
        (b"\xff", "must be a file with UTF-8 text"),
    ],
    ids=["missing", "empty", "bytes"],
)
def test_a_secret_that_is_not_there_stops_a_deployment(
    ready: Production, content: bytes | None, told: str
) -> None:
    secret = ready.project / "secrets/postgres_password"
    secret.unlink()
    if content is not None:
        secret.write_bytes(content)
        secret.chmod(0o444)

    ended = ready.run("deploy", RELEASE="1")

    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert told in line
    assert ready.commands == []


def test_a_secret_that_containers_cannot_read_is_told(ready: Production) -> None:
    (ready.project / "secrets/postgres_password").chmod(0o400)

    assert (
        "cannot be read by the users of containers: chmod 444"
        in ready.run("deploy", RELEASE="1").stderr
    )


def test_a_release_comes_in_the_right_order(ready: Production) -> None:
    said = ready.done("deploy", RELEASE="1")

    assert said.endswith("release 1 runs\n")
    assert [command.split(" ")[0] + " " + command.split(" ")[-1] for command in ready.commands] == [
        "run -t",  # the gateway's configuration, before anything is changed
        "up alertmanager",  # and postgres
        "run data-migrate",
        "up data",
        "up api",
        "up gateway",
        "kill gateway",
        "kill alertmanager",
    ]
    assert ready["containers"] == {"data": ["data-1-0"], "api": ["api-1-0", "api-1-1"]}


LOOKS_ON = {"labels": {"observes": "true"}}


@pytest.fixture
def watched(ready: Production) -> Production:
    """One with traces and logs."""
    configuration = ready["configuration"]
    configuration["services"] |= {
        "elasticsearch": {"image": "elasticsearch", **LOOKS_ON},
        "logs-migrate": {"image": "elasticsearch", **LOOKS_ON},
        "kibana": {"image": "kibana", "depends_on": {"logs-migrate": WAITS}, **LOOKS_ON},
        "jaeger": {"image": "jaeger", **LOOKS_ON},
    }
    configuration["services"]["alertmanager"] |= LOOKS_ON
    ready.change(configuration=configuration)
    return ready


@pytest.mark.parametrize("away", [[], ["jaeger"], ["logs-migrate"], ["jaeger", "logs-migrate"]])
def test_what_only_looks_on_holds_up_no_release(watched: Production, away: list[str]) -> None:
    watched.done("deploy", RELEASE="1")
    watched.change(calls=[], away=away)

    ended = watched.run("deploy", RELEASE="2")

    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, "release 2 runs")
    told = [line for line in ended.stderr.splitlines() if "the release runs, and is not" in line]
    assert len(told) == len(away)
    assert watched["containers"] == {"data": ["data-2-0"], "api": ["api-2-0", "api-2-1"]}
    ups = [words.split() for words in watched.commands if words.startswith("up ")]
    first, *_, last = ups
    assert first[-1] == "postgres"
    assert {"alertmanager", "elasticsearch", "jaeger", "kibana"} <= {*last}
    assert watched.done("rollback").endswith("release 1 runs\n")


def test_old_instances_are_stopped_when_the_new_ones_are_healthy(ready: Production) -> None:
    ready.done("deploy", RELEASE="1")
    ready.change(calls=[])

    ready.done("deploy", RELEASE="2")

    assert ready["containers"] == {"data": ["data-2-0"], "api": ["api-2-0", "api-2-1"]}
    calls = [
        call
        for call in ready["calls"]
        if "api" in call and "inspect p/" not in call and not call.startswith("exec ")
    ]
    steps = [call.split(" ")[0] + " " + call.split(" ")[-1] for call in calls]
    assert [step for step in steps if not step.endswith(" api")] == [
        *("inspect api-2-0", "stop api-1-0", "rm api-1-0"),
        *("inspect api-2-1", "stop api-1-1", "rm api-1-1"),
    ]
    assert all("--no-recreate" in call for call in calls if "api=3" in call)


def test_new_instances_that_are_not_healthy_are_gone_again(ready: Production) -> None:
    ready.done("deploy", RELEASE="1")
    ready.change(health="unhealthy")

    ended = ready.run("deploy", RELEASE="2")

    assert ended.returncode == 1
    assert "a new instance of data is not healthy" in ended.stderr
    assert ready["containers"] == {"data": ["data-1-0"], "api": ["api-1-0", "api-1-1"]}
    assert "those that came in their place; `make rollback` takes these back" in ended.stderr
    assert (ready.project / ".deploy/releases.txt").read_text() == "1 -\n2 - begun\n"


@pytest.mark.parametrize(
    ("lacks", "told"),
    [
        ("Traceback ...\nConnectionRefusedError: no", "ConnectionRefusedError: no; it is gone"),
        ("", "no answer, exit code 1; it is gone"),  # as one that was killed
    ],
)
def test_an_instance_that_cannot_do_its_work_takes_no_place(
    ready: Production, lacks: str, told: str
) -> None:
    ready.done("deploy", RELEASE="1")
    ready.change(lacks=lacks)
    rolling = ready.project / "tools/production/rolling.py"
    rolling.write_text(rolling.read_text().replace("_HEALTHY_S = 120.0", "_HEALTHY_S = 0.1"))

    ended = ready.run("deploy", RELEASE="2")

    assert f"a new instance of api is not ready: {told}" in ended.stderr
    assert ready["containers"] == {"data": ["data-2-0"], "api": ["api-1-0", "api-1-1"]}
    assert any('HTTPConnection("127.0.0.1", 8000' in call for call in ready["calls"])


def test_files_are_read_again_only_when_they_changed(ready: Production) -> None:
    def told_to_read() -> list[str]:
        ready.change(calls=[])
        ready.done("deploy", RELEASE="1")
        return [command.split(" ")[-1] for command in ready.commands if "HUP" in command]

    assert told_to_read() == ["gateway", "alertmanager"]
    assert told_to_read() == []
    own = ready.project / "deploy/local/nginx"
    own.mkdir()
    (own / "name_public.conf").write_text("server_name api.example.com;\n")
    assert told_to_read() == ["gateway"]


def test_a_receiver_of_alerts_that_is_not_filled_in_is_told(production: Production) -> None:
    receiver = production.project / "secrets/alert_webhook_url"
    secrets = {"alert_webhook_url": {"file": str(receiver)}}
    production.change(configuration={**production["configuration"], "secrets": secrets})

    assert "write the address of your receiver into it" in production.done("secrets")
    said = production.run("deploy", RELEASE="1").stderr
    assert f"nobody is told of alerts until {receiver} has the address of a receiver" in said
    receiver.write_text("https://alerts.example.com/hook\n")
    assert "alerts" not in production.run("deploy", RELEASE="1").stderr
    receiver.write_text("alerts.example.com\n")
    ended = production.run("deploy", RELEASE="1")
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        f"{receiver} must hold an address, such as https://alerts.example.com/hook"
    ]


def test_a_migration_that_fails_changes_no_service(ready: Production) -> None:
    ready.done("deploy", RELEASE="1")
    ready.change(fails="run")

    ended = ready.run("deploy", RELEASE="2")

    assert ended.returncode == 1
    assert "failed, see above" in ended.stderr
    assert ready["containers"]["data"] == ["data-1-0"]


def test_rollback_goes_back_to_the_release_before(ready: Production) -> None:
    for release in ("1", "2", "3"):
        ready.done("deploy", RELEASE=release)

    assert ready.done("rollback").endswith("release 2 runs\n")
    assert ready["containers"]["data"] == ["data-2-0"]
    assert ready.done("rollback").endswith("release 1 runs\n")  # not what was taken back
    assert "no release before" in ready.run("rollback").stderr


def test_rollback_of_a_release_that_stopped_half_way_brings_what_ran_before_it(
    ready: Production,
) -> None:
    for release in ("1", "2"):
        ready.done("deploy", RELEASE=release)
    for release in ("3", "4"):
        ready.change(fails="run")
        assert ready.run("deploy", RELEASE=release).returncode == 1
        ready.change(fails="")

    assert ready.done("rollback").endswith("release 2 runs\n")
    assert (ready.project / ".deploy/releases.txt").read_text() == "1 -\n2 -\n"


def test_rollback_has_the_files_of_the_release_where_nobody_works(ready: Production) -> None:
    def git(*words: str) -> str:
        done = run(ready.project, "git", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    git("init", "--quiet", "--initial-branch=main")
    (ready.project / ".git/info/exclude").write_text("state.json\n")
    commits = []
    for release in ("1", "2"):
        (ready.project / "deploy/own.txt").write_text(release)
        git("add", "--all")
        git("commit", "--quiet", "--message", release)
        commits.append(git("rev-parse", "HEAD"))
        ready.done("deploy", RELEASE=release)

    told = ready.run("rollback").stderr
    assert "the files here are not those of 1, only its images are" in told
    assert f"`git checkout {commits[0][:12]}`" in told
    ready.done("deploy", RELEASE="2")
    git("checkout", "--quiet", "--detach")
    (ready.project / "deploy/own.txt").write_text("mine")
    assert "the files of 1 cannot be had: " in ready.run("rollback").stderr
    git("checkout", "--quiet", "deploy/own.txt")
    assert "not those of" not in ready.run("rollback").stderr
    assert git("rev-parse", "HEAD") == commits[0]
    assert (ready.project / "deploy/own.txt").read_text() == "1"


def test_compose_is_run_on_what_runs(ready: Production) -> None:
    ready.done("compose", "config")  # also before anything ran: what a new machine restores
    ready.done("deploy", RELEASE="7")
    ready.change(calls=[])

    ready.done("compose", "exec", "-T", "data", "python", "-m", "x", "--known", "-")

    [call] = [call for call in ready["calls"] if " exec " in call]
    assert call.endswith("docker-compose.prod.yml exec -T data python -m x --known -")


def test_without_a_release_before_rollback_says_so(ready: Production) -> None:
    ready.done("deploy", RELEASE="1")

    assert (
        ready.run("rollback").stderr
        == "there is no release before this one (.deploy/releases.txt)\n"
    )


def test_images_that_are_not_there_are_told(ready: Production) -> None:
    ready.change(missing=["p/api:x"])

    ended = ready.run("deploy", RELEASE="1")

    assert ended.stderr.splitlines()[-1] == "p/api:x is not here: run `make images RELEASE=1`"
    assert ready.commands == []


def test_what_a_release_cannot_be_called_is_told(ready: Production) -> None:
    ended = ready.run("deploy", RELEASE="a b")

    assert ended.returncode == 2
    assert ended.stderr == "RELEASE must be letters, digits, `.`, `_` and `-`, got: 'a b'\n"


def test_without_docker_it_says_what_is_missing(ready: Production) -> None:
    ended = ready.run("deploy", PATH=str(ready.project))

    assert ended.returncode == 1
    assert ended.stderr.startswith("Docker Compose 2.24 or newer is missing: https://")


@pytest.mark.needs("openssl")
def test_a_certificate_for_tests_is_used_at_once(ready: Production) -> None:
    ready.done("certificate", "--name=api.example.com")

    current = ready.project / "secrets/tls/current"
    assert str(current.readlink()) == "self-signed"
    assert (current / "privkey.pem").exists()
    shown = [
        "openssl",
        "x509",
        "-in",
        str(current / "fullchain.pem"),
        "-noout",
        "-ext",
        "subjectAltName",
    ]
    names = subprocess.run(shown, check=True, capture_output=True, text=True).stdout
    assert "DNS:api.example.com" in names
    assert "DNS:localhost" in names


def test_a_certificate_of_the_owner_is_not_replaced(ready: Production) -> None:
    own = ready.project / "secrets/tls/current"
    own.mkdir()

    for words in ([], ["--name=api.example.com", "--email=a@example.com"]):
        ended = ready.run("certificate", *words)
        assert ended.returncode == 1
        assert "is a certificate of yours, and stays" in ended.stderr
    assert ready.commands == []  # nor asked for in vain


def test_a_certificate_that_others_trust_is_asked_for(ready: Production) -> None:
    ready.done("certificate", "--name=api.example.com", "--email=a@example.com")

    asked, started = ready.commands
    assert "--domain=api.example.com --email=a@example.com --agree-tos" in asked
    assert started.endswith("up --detach --no-deps acme")
    current = ready.project / "secrets/tls/current"
    assert str(current.readlink()) == "live/gateway"


def test_a_certificate_that_is_refused_replaces_none(ready: Production) -> None:
    ready.done("certificate")
    ready.change(fails="run")

    ended = ready.run("certificate", "--name=api.example.com", "--email=a@example.com")

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        "no certificate for api.example.com: why is said above; what was served before stays"
    )
    current = ready.project / "secrets/tls/current"
    assert str(current.readlink()) == "self-signed"
    assert not [words for words in ready.commands if words.startswith("--profile acme up")]


def test_the_owners_files_are_laid_over(ready: Production) -> None:
    (ready.project / "deploy/local/compose.prod.yml").write_text("services: {}\n")
    (ready.project / ".env.production").write_text("IMAGES=registry.example.com/team\n")

    ready.done("deploy", RELEASE="1")

    [call] = {call.split(" config ")[0] for call in ready["calls"] if " config " in call}
    assert call == (
        "compose --env-file .env.production --file docker-compose.prod.yml"
        " --file deploy/local/compose.prod.yml"
    )
