"""A release is delivered: before stand-ins for docker, cosign and ssh, from the pipelines' own steps."""

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import answers_of, commit_all, git, render

pytestmark = pytest.mark.about("level_4", "github", "gitlab")
DIGEST = f"sha256:{'a' * 64}"
FILE = ".deploy/images/v1.4.0.yml"

# Notes what it is called with, and what it is given; tells what a file says, or fails.
STAND_IN = """\
#!/usr/bin/env python3
import json, os, pathlib, sys
name, *words = [pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]
notes = pathlib.Path(os.environ["NOTES"])
given = "" if name == "docker" and "login" not in words or name == "cosign" else sys.stdin.read()
keys = {w.partition("=")[2]: pathlib.Path(w.partition("=")[2]) for w in words if w.startswith("IdentityFile=")}
modes = [oct(file.stat().st_mode & 0o777) + ":" + file.read_text() for file in keys.values()]
with notes.open("a") as out:
    out.write(json.dumps([name, words, given, modes]) + "\\n")
if os.environ.get("FAILS", "none") in " ".join([name, *words]):
    sys.exit("no such luck")
if "config" in words:
    print(os.environ["CONFIGURATION"].replace("IMAGES", os.environ.get("IMAGES", "team-tasks")))
for word in words:
    if word.startswith("--metadata-file="):
        digest = os.environ["DIGEST"]
        pathlib.Path(word.partition("=")[2]).write_text(json.dumps({"containerimage.digest": digest}))
"""


class Delivery:
    """A checkout of a project, and the programs that deliver it."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.project, self.notes, self.programs = project, folder / "notes", folder / "bin"
        self.programs.mkdir()
        for name in ("docker", "cosign", "ssh"):
            program = self.programs / name
            program.write_text(STAND_IN)
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        # `make` runs everything with uv; here that is the Python of the tests.
        uv = self.programs / "uv"
        uv.write_text('#!/bin/sh\nshift 3\nexec "$@"\n')
        uv.chmod(0o755)

    def environment(self, **own: str) -> dict[str, str]:
        build = {"context": str(self.project), "dockerfile": "D", "args": {"SERVICE": "api"}}
        services = {
            "api": {"image": "IMAGES/api:v1.4.0", "build": build},
            "data": {"image": "IMAGES/data:v1.4.0", "build": build},
            "data-migrate": {"image": "IMAGES/data:v1.4.0"},
            "postgres": {"image": "postgres:18"},
        }
        return {
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.project.parent),
            "NOTES": str(self.notes),
            "DIGEST": DIGEST,
            "CONFIGURATION": json.dumps({"services": services}),
            "RELEASE": "v1.4.0",
            "DEPLOY_TO": "deployer@host.example.com:/srv/the system",
            "SIGNED_BY": "https://example.com/pipeline",
            "SIGNED_ISSUER": "https://example.com",
            **own,
        }

    def run(self, step: str, **own: str) -> subprocess.CompletedProcess[str]:
        return self.shell(f"make deliver step={step}", **own)

    def shell(self, script: str, **own: str) -> subprocess.CompletedProcess[str]:
        """Run a step as a runner does."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.project,
            env=self.environment(**own),
            check=False,
            capture_output=True,
            text=True,
        )

    def called(self, name: str) -> Iterator[tuple[list[str], str, list[str]]]:
        if self.notes.exists():
            for line in self.notes.read_text().splitlines():
                program, words, given, keys = json.loads(line)
                if program == name:
                    yield words, given, keys


@pytest.fixture(scope="module")
def projects(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A project of each provider."""
    answers = answers_of("task_manager") | {"level": 4}
    folder = tmp_path_factory.mktemp("delivered")
    made = {ci: render(template, {**answers, "ci": ci}, folder / ci) for ci in ("github", "gitlab")}
    for project in made.values():
        git(project, "init", "--quiet")
        commit_all(project, "a release")
    return made


@pytest.fixture
def delivery(projects: dict[str, Path], tmp_path: Path) -> Callable[..., Delivery]:
    def made(provider: str = "github") -> Delivery:
        project = tmp_path / provider / "project"
        shutil.copytree(projects[provider], project)
        return Delivery(project, tmp_path / provider)

    return made


@pytest.fixture(scope="module")
def unwritten(projects: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    """A checkout for what is refused before anything is written."""
    return Delivery(projects["github"], tmp_path_factory.mktemp("unwritten"))


def test_an_image_is_pushed_once_with_its_parts_and_signed(
    delivery: Callable[..., Delivery],
) -> None:
    one = delivery()

    done = one.run("publish", IMAGES="registry.example.com:5000/team")

    assert done.returncode == 0, done.stderr
    builds = [words for words, *_ in one.called("docker") if words[:2] == ["buildx", "build"]]
    assert len(builds) == 2
    for words in builds:
        assert {"--push", "--sbom=true", "--provenance=mode=max", "--build-arg=SERVICE=api"} <= {
            *words
        }
    repositories = [f"registry.example.com:5000/team/{name}@{DIGEST}" for name in ("api", "data")]
    assert [words for words, *_ in one.called("cosign")] == [
        ["sign", "--yes", image] for image in repositories
    ]
    assert yaml.safe_load((one.project / FILE).read_text()) == {
        "services": {
            "api": {"image": repositories[0]},
            "data": {"image": repositories[1]},
            "data-migrate": {"image": repositories[1]},
        }
    }
    assert done.stdout.splitlines()[-1] == f"release v1.4.0 is published: {FILE}"


def test_what_runs_in_production_is_what_was_pushed(delivery: Callable[..., Delivery]) -> None:
    one = delivery()
    assert one.run("publish", IMAGES="registry.example.com/team").returncode == 0
    one.notes.unlink()

    one.shell("python -m tools.production deploy", SECRETS=str(one.project / "secrets"))

    laid_over = [words for words, *_ in one.called("docker") if FILE in words]
    assert laid_over
    assert all(words[words.index(FILE) - 1] == "--file" for words in laid_over)


@pytest.mark.parametrize(
    ("step", "own", "said"),
    [
        ("publish", {}, "IMAGES=... is missing"),
        ("publish", {"RELEASE": ""}, "RELEASE=... is missing"),
        ("publish", {"RELEASE": "../x"}, "RELEASE must be letters, digits"),
        ("verify", {}, f"{FILE} is missing: `python -m tools.delivery publish` writes it"),
        ("verify", {"SIGNED_BY": ""}, "SIGNED_BY=... is missing"),
        ("deploy", {}, f"{FILE} is missing"),
        ("deploy", {"DEPLOY_TO": "host"}, "DEPLOY_TO must say where to, such as deployer@"),
        ("rollback", {"DEPLOY_TO": "-oProxyCommand=x:/srv"}, "DEPLOY_TO must say where to"),
        ("rollback", {"FAILS": "make rollback"}, "deployer@host.example.com: `make rollback` failed"),
        ("elsewhere", {}, "invalid choice: 'elsewhere'"),
        ("'publish; touch hacked'", {}, "invalid choice: 'publish; touch hacked'"),
    ],
)  # fmt: skip
def test_what_cannot_be_delivered_is_said_in_a_line(
    unwritten: Delivery, step: str, own: dict[str, str], said: str
) -> None:
    done = unwritten.run(step, **own)

    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (unwritten.project / "hacked").exists()


@pytest.mark.parametrize("program", ["docker buildx build", "cosign sign"])
def test_a_release_is_whole_or_is_none(delivery: Callable[..., Delivery], program: str) -> None:
    one = delivery()

    done = one.run("publish", IMAGES="registry.example.com/team", FAILS=program)

    assert done.returncode != 0
    assert "failed for" in done.stderr
    assert not (one.project / FILE).exists()


def test_an_image_that_others_have_signed_is_refused(delivery: Callable[..., Delivery]) -> None:
    one = delivery()
    assert one.run("publish", IMAGES="registry.example.com/team").returncode == 0

    done = one.run("verify", FAILS="cosign verify")

    assert done.returncode != 0
    assert "cosign verify failed for registry.example.com/team/api@sha256:" in done.stderr


def test_the_machine_gets_commit_and_digests(delivery: Callable[..., Delivery]) -> None:
    one = delivery()
    assert one.run("publish", IMAGES="registry.example.com/team").returncode == 0

    done = one.run("deploy", DEPLOY_KEY="the key", DEPLOY_KNOWN_HOSTS="host key")

    assert done.returncode == 0, done.stderr
    calls = list(one.called("ssh"))
    commit = git(one.project, "rev-parse", "HEAD").strip()
    there = [words[-1].partition(" && ") for words, *_ in calls]
    assert {folder for folder, _, _ in there} == {"cd '/srv/the system'"}
    assert [command for _, _, command in there] == [
        f"git fetch --quiet --tags origin && git checkout --quiet --detach {commit}",
        f"mkdir -p .deploy/images && cat > {FILE}",
        "make deploy RELEASE=v1.4.0",
    ]
    assert calls[1][1] == (one.project / FILE).read_text()
    for words, _, keys in calls:
        assert words[-2] == "deployer@host.example.com"
        assert {"BatchMode=yes", "StrictHostKeyChecking=yes", "IdentitiesOnly=yes"} <= {*words}
        assert keys == ["0o600:the key\n"]
        used = [word.partition("=")[2] for word in words if word.startswith("IdentityFile=")]
        assert not Path(used[0]).exists()  # the key is gone with the command
    assert "the key" not in done.stdout + done.stderr


def steps(project: Path) -> dict[str, list[str]]:
    """What the pipelines deliver with, job by job."""
    workflows = project / ".github/workflows"
    if not workflows.exists():
        jobs = yaml.safe_load((project / ".gitlab-ci.yml").read_text())
        return {name: job["script"] for name, job in jobs.items() if "script" in job}
    action = yaml.safe_load((project / ".github/actions/deliver/action.yml").read_text())
    release = yaml.safe_load((workflows / "release.yml").read_text())

    def commands(of: list[dict[str, Any]]) -> list[str]:
        return [step["run"] for step in of if "run" in step]

    verify, there = commands(action["runs"]["steps"])
    return {
        "images": commands(release["jobs"]["images"]["steps"]),
        "verify": [verify],
        ".deploy": [f"STEP=deploy; {there}"],
        ".rollback": [f"STEP=rollback; {there}"],
    }


@pytest.mark.parametrize("provider", ["github", "gitlab"])
def test_the_steps_of_pipelines_deliver(delivery: Callable[..., Delivery], provider: str) -> None:
    one = delivery(provider)
    own = {"GITHUB_REPOSITORY": "Acme/Tasks", "GITHUB_ACTOR": "me", "TOKEN": "t0ken"}
    if provider == "gitlab":
        own = {"IMAGES": "registry.example.com/acme/tasks"}
    found = steps(one.project)

    for job in ("images", "verify", ".deploy", ".rollback"):
        for step in found[job]:
            done = one.shell(step, **own)
            assert done.returncode == 0, f"{step}: {done.stderr}"

    told = [" ".join(words) for words, *_ in one.called("ssh")]
    assert told[-2].endswith("make deploy RELEASE=v1.4.0")
    assert told[-1].endswith("make rollback")
    verified = [words for words, *_ in one.called("cosign") if words[0] == "verify"]
    assert len(verified) == 2
    repository = "ghcr.io/acme/tasks" if provider == "github" else "registry.example.com/acme/tasks"
    assert all(words[-1].startswith(repository) for words in verified)
    for words, given, _ in one.called("docker"):
        if "login" in words:
            assert given == "t0ken\n"
