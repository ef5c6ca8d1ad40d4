"""What a project says of itself agrees everywhere: its Python and its licence."""

import re
import tomllib

import pytest

from tests.matrix.renderer import Rendered, Renderer
from tests.support import ROOT, answers_of, extension

PROPERTIES = extension().schema()["properties"]


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(ROOT)


def packages(project: Rendered) -> dict[str, dict[str, object]]:
    """The metadata of every package."""
    files = [path for path in project.files if path.endswith("pyproject.toml")]
    assert len(files) > 4
    return {path: tomllib.loads(project.text(path))["project"] for path in files}


@pytest.mark.about("level_2", "workers")
@pytest.mark.parametrize("version", PROPERTIES["python_version"]["enum"])
def test_one_python(renderer: Renderer, version: str) -> None:
    answers = answers_of("task_manager@2+workers") | {"python_version": version}
    project = renderer.render(answers)

    assert project.text(".python-version") == f"{version}\n"
    wanted = {package["requires-python"] for package in packages(project).values()}
    assert wanted == {f">={version}"}
    images = [project.text(path) for path in project.files if "Dockerfile" in path]
    assert len(images) == 2
    found = {name for text in images for name in re.findall(r"FROM python:(\S+)", text)}
    assert found == {f"{version}-slim"}


@pytest.mark.parametrize(
    ("licence", "start"),
    [
        ("MIT", "MIT License\n\nCopyright (c) Ann {{ x }}\n"),
        ("BSD-3-Clause", "BSD 3-Clause License\n\nCopyright (c) Ann {{ x }}\n"),
        ("Apache-2.0", " " * 33 + "Apache License\n"),
        ("GPL-3.0-or-later", " " * 20 + "GNU GENERAL PUBLIC LICENSE\n"),
        ("proprietary", "Copyright (c) Ann {{ x }}. All rights reserved.\n"),
    ],
)
def test_one_licence(renderer: Renderer, licence: str, start: str) -> None:
    answers = answers_of("task_manager") | {"license": licence, "author_name": "Ann {{ x }}"}
    project = renderer.render(answers)

    text = project.text("LICENSE")
    assert text.startswith(start)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "{holder}" not in text
    named = "LicenseRef-Proprietary" if licence == "proprietary" else licence
    assert {package["license"] for package in packages(project).values()} == {named}


def test_every_licence_has_a_text() -> None:
    texts = {file.stem for file in (ROOT / "extensions/licences").glob("*.txt")}

    assert texts == set(PROPERTIES["license"]["enum"])
