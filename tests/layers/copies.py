"""Copies of the repository with a layer more, or with one less."""

import shutil
import sys
from pathlib import Path
from subprocess import CompletedProcess
from textwrap import dedent

from tests.support import extension, run

# A module that has something of everything: it needs no line anywhere else.
TOY = {
    "schemas/catalog/layers/toy.yml": """\
        title: Toy
        summary: a header in every answer
        signs: [plaything]
        package: chassis_toy
        behaviour: [Every answer carries X-Toy.]
        traces: [chassis_toy, x-toy, toy_name, toys]
        features:
          - {name: toy, phase: "4.3", title: A header in every answer}
        chassis_features:
          - {name: toy_header, package: chassis_toy, settings: true, after: body_limit}
        chassis_dependencies:
          - {name: chassis-toy}
        variables:
          - {comment: [What X-Toy says.], values: {TOY_NAME: bear}, after: LOG_LEVEL}
        ignored:
          - {pattern: .toys/, after: .dev/}
        extension_points:
          - {to: a toy, do: "`TOY_NAME`", after: a container}
        commands:
          - {command: "`make toys`", after: "`make migrate`"}
        with:
          level_2:
            features:
              - {name: toy_check, phase: "4.3", title: Whether the toy is there,
                 files: [modules/toy/src/chassis_toy/toy_check.py],
                 tests: ["modules/toy/tests/**"]}
            chassis_features:
              - {name: toy_check, package: chassis_toy, settings: false, after: health}
        """,
    "template/{{ toy }}/modules/toy/pyproject.toml": """\
        [project]
        name = "chassis-toy"
        version = "0.1.0"
        description = "A header in every answer"
        requires-python = ">=3.12"
        dependencies = [
            "chassis",
            "fastapi",
            "pydantic-settings",
        ]

        [build-system]
        requires = ["uv_build>=0.13,<0.14"]
        build-backend = "uv_build"
        """,
    "template/{{ toy }}/modules/toy/src/chassis_toy/__init__.py": """\
        \"""A header in every answer.\"""
        """,
    "template/{{ toy }}/modules/toy/src/chassis_toy/py.typed": None,
    "template/{{ toy }}/modules/toy/src/chassis_toy/toy_header.py": """\
        \"""The header: X-Toy says what is played with.\"""

        from fastapi import FastAPI, Response
        from pydantic_settings import BaseSettings

        from chassis.feature import no_lifespan


        class Settings(BaseSettings):
            \"""Settings of the header.\"""

            toy_name: str = "bear"
            \"""What X-Toy says.\"""


        def install(app: FastAPI, settings: Settings) -> None:
            \"""Add a route that plays.\"""

            @app.get("/toy", include_in_schema=False)
            async def toy(response: Response) -> None:
                response.headers["X-Toy"] = settings.toy_name


        lifespan = no_lifespan
        """,
    "template/{{ toy }}/{{ level_2 }}/modules/toy/src/chassis_toy/toy_check.py": """\
        \"""Whether the toy is there, which it always is.\"""

        from fastapi import FastAPI

        from chassis.feature import no_lifespan


        def install(app: FastAPI, _settings: object) -> None:
            \"""Add the check.\"""

            async def check() -> None:
                return None

            app.state.checks.add("toy", check)


        lifespan = no_lifespan
        """,
    "template/{{ toy }}/modules/toy/tests/test_toy_header.py": """\
        \"""The header says what is played with.\"""

        from chassis_toy.toy_header import Settings


        def test_a_bear_is_played_with() -> None:
            assert Settings().toy_name == "bear"
        """,
    "template/{{ toy }}/tools/make/toy.mk": """\
        .PHONY: toys
        toys: ## Show the toys
        \t@ls .toys
        """,
    "template/{{ toy }}/docs/toy.md.jinja": """\
        # Toy

        The answers of `{{ api }}` carry X-Toy.

        | variable | default | meaning |
        | --- | --- | --- |
        | `TOY_NAME` | `bear` | what X-Toy says |
        """,
}


def add_toy(tree: Path) -> None:
    """Add the module: a folder and a manifest, and nothing else."""
    for name, text in TOY.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(dedent(text or ""), "utf-8")


def dependents(layer: str) -> list[str]:
    """A layer, and those that cannot be without it."""
    catalog = extension().catalog()
    requires = {
        row["name"]: row["requires"] for row in [*catalog["modules"], *catalog["providers"]]
    }
    for row in catalog["levels"]:  # each stands on the one below
        below = [f"level_{row['level'] - 1}"]
        requires[f"level_{row['level']}"] = below + catalog["level_requires"].get(row["level"], [])
    gone = [layer]
    for one in gone:
        gone += [name for name, needs in requires.items() if one in needs and name not in gone]
    return gone


def remove(tree: Path, layer: str) -> list[str]:
    """Remove a layer, and those that cannot be without it: their folders and manifests."""
    gone = dependents(layer)
    for name in gone:
        shutil.rmtree(tree / f"template/{{{{ {name} }}}}", ignore_errors=True)
        (tree / f"schemas/catalog/layers/{name}.yml").unlink(missing_ok=True)
    return gone


def ferrata(tree: Path, *arguments: str) -> CompletedProcess[str]:
    """Run the ferrata of a copy."""
    return run(tree, sys.executable, "-m", "ferrata", *arguments, PYTHONPATH=str(tree / "src"))
