"""An installed wheel generates without network or checkout, and the project can be updated."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

from ferrata.base import repository_url
from ferrata.template import hooks
from tests import turns
from tests.cli.support import EXAMPLE, LAYER, ROOT, commit, git, write_tiny_template

BUILT_FROM = ("pyproject.toml", "hatch_build.py", "src", "README.md", "LICENSE")
UV = hooks().find_uv()
OFFLINE = {
    "GIT_ALLOW_PROTOCOL": "file",
    "UV_OFFLINE": "1",
    "https_proxy": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
}


def build(kind: str, source: Path, target: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(target)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    [made] = target.iterdir()
    return made


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A repository of ferrata with the tiny template, committed and tagged."""
    folder = write_tiny_template(tmp_path_factory.mktemp("wheel") / "checkout")
    names = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "--", *BUILT_FROM)
    for name in names.splitlines():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    commit(folder, "the package")
    git(folder, "tag", "--force", "v0.1.0")
    return folder


@pytest.fixture(scope="module")
def wheel(checkout, tmp_path_factory):
    return build("wheel", checkout, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The bin folder of an environment with nothing but the wheel and what it needs."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, venv], check=True)
    subprocess.run(
        [UV, "pip", "install", "--quiet", "--python", venv / "bin/python", wheel], check=True
    )
    return venv / "bin"


def run(
    command: list[object], folder: Path, **environment: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        # What is installed is run, whatever these tests themselves are run from.
        env={**os.environ, "PYTHONPATH": "", **OFFLINE, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def heads(bundle: Path) -> str:
    return git(bundle.parent, "ls-remote", str(bundle))


def test_content(wheel, checkout, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extract("ferrata/_template/template.bundle", tmp_path)
    assert {
        "ferrata/py.typed",
        "ferrata/_template/schemas/catalog/levels.yml",
        "ferrata/_template/schemas/catalog/layers/level_1.yml",
        "ferrata/_template/template/{{ level_1 }}/there",
        "ferrata/_template/schemas/answers.schema.json",
        "ferrata/_template/extensions/answers.py",
        "ferrata/_template/extensions/rules/__init__.py",
        "ferrata/_template/extensions/rules/entities/model.py",
        "ferrata/_template/hooks/after_copy.py",
        "ferrata/_template/hooks/after_update.py",
        "ferrata/_template/hooks/before_update.py",
        "ferrata/_template/hooks/updating/__init__.py",
        "ferrata/_template/hooks/updating/journal.py",
    } <= names
    assert not [name for name in names if "__pycache__" in name]
    bundle = heads(tmp_path / "ferrata/_template/template.bundle")
    head = git(checkout, "rev-parse", "HEAD")
    assert f"{head}\tHEAD" in bundle
    assert f"{head}\trefs/tags/v0.1.0" in bundle


def test_a_source_distribution_builds_the_same_wheel(wheel, checkout, tmp_path):
    source = build("sdist", checkout, tmp_path / "dist")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    [unpacked] = (tmp_path / "unpacked").iterdir()
    with (
        zipfile.ZipFile(wheel) as one,
        zipfile.ZipFile(build("wheel", unpacked, tmp_path / "wheel")) as other,
    ):
        assert set(one.namelist()) == set(other.namelist())


def test_neither_checkout_nor_source_distribution(checkout, tmp_path):
    git(checkout, "archive", "--output", str(tmp_path / "source.tar"), "HEAD")
    with tarfile.open(tmp_path / "source.tar") as archive:
        archive.extractall(tmp_path / "source", filter="data")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    done = run(command, tmp_path / "source")
    assert done.returncode != 0
    assert "build from a clone or from the sdist" in done.stderr


def test_a_shallow_clone_is_refused(checkout, tmp_path):
    (checkout / "later.txt").write_text("later\n")
    commit(checkout, "later")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{checkout}", "shallow")
    git(checkout, "reset", "--quiet", "--hard", "HEAD~1")
    done = run([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], tmp_path / "shallow")
    assert done.returncode != 0
    assert "git fetch --unshallow" in done.stderr


def test_commands_without_network_or_checkout(installed, tmp_path):
    assert run([installed / "ferrata", "validate", EXAMPLE], tmp_path).stdout.startswith("COMPLETE")
    assert "port 8000" in run([installed / "ferrata", "plan", EXAMPLE], tmp_path).stdout


@turns.whole_ways
def test_generate_check_and_update(installed, checkout, tmp_path):
    demo = tmp_path / "demo"
    made = run([installed / "ferrata", "new", "demo", "--answers", EXAMPLE], tmp_path)
    assert made.returncode == 0, made.stderr
    recorded = yaml.safe_load((demo / ".copier-answers.yml").read_text())
    assert (recorded["_src_path"], recorded["_commit"]) == (repository_url(), "v0.1.0")
    assert not (tmp_path / "home/.cache/copier").exists()
    assert run([installed / "ferrata", "check", demo], tmp_path).returncode == 0
    sound = run([installed / "ferrata", "doctor", demo], tmp_path)
    assert sound.returncode == 0, sound.stdout
    assert "untouched" in sound.stdout

    # A climb works without network too, at the version of the template that is in the wheel.
    climb = [installed / "ferrata", "climb", demo, "--set", "project_name=Better Tasks"]
    climbed = run(climb, tmp_path, FERRATA_GATES="off")
    assert climbed.returncode == 0, climbed.stderr
    assert 'name = "Better Tasks"' in (demo / "facts.toml").read_text()
    commit(demo, "climbed")
    upgraded = run([installed / "ferrata", "climb", demo, "--upgrade"], tmp_path)
    assert "nothing to do" in upgraded.stdout, upgraded.stderr
    assert not (tmp_path / "home/.cache/copier").exists()

    # Later the network is there (git reads the canonical address from the checkout instead).
    (demo / "README.md").write_text("mine\n")
    commit(demo, "mine")
    (checkout / f"{LAYER}/new.txt").write_text("new\n")
    commit(checkout, "two")
    git(checkout, "tag", "v0.2.0")
    network = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{checkout}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"{repository_url()}.git",
    }
    update = [installed / "copier", "update", "--defaults", "--trust"]
    updated = run(update, demo, **network)
    assert updated.returncode == 0, updated.stderr
    recorded = yaml.safe_load((demo / ".copier-answers.yml").read_text())
    assert (recorded["_src_path"], recorded["_commit"]) == (repository_url(), "v0.2.0")
    assert (demo / "new.txt").read_text() == "new\n"
    assert (demo / "README.md").read_text() == "mine\n"

    # That left a mirror of Copier's; it neither reaches ferrata nor is changed by it.
    mirrors = tmp_path / "home/.cache/copier/git"
    [mirror] = mirrors.iterdir()
    before = git(mirror, "for-each-ref")
    made = run(
        [installed / "ferrata", "new", "second", "--no-gates", "--answers", EXAMPLE], tmp_path
    )
    assert made.returncode == 0, made.stderr
    assert (
        yaml.safe_load((tmp_path / "second/.copier-answers.yml").read_text())["_commit"] == "v0.1.0"
    )
    assert git(mirror, "for-each-ref") == before
    (mirror / "HEAD").write_text("poisoned\n")
    made = run(
        [installed / "ferrata", "new", "third", "--no-gates", "--answers", EXAMPLE], tmp_path
    )
    assert made.returncode == 0, made.stderr
