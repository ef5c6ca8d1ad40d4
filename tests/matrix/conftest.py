"""Copies of the template, to plant offences in."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import ROOT

PARTS = ("copier.yml", "questions", "extensions", "schemas", "hooks", "template")


def copy_template(tree: Path) -> Path:
    """Copy what a template is made of."""
    tree.mkdir()
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tree / name)
    return tree


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[], Path]:
    """Copy the template into a folder of the test's own."""
    return lambda: copy_template(tmp_path / "copied")
