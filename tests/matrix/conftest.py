"""Copies of the template, to plant offences in."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import ROOT

PARTS = ("copier.yml", "questions", "extensions", "schemas", "hooks", "template")


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[], Path]:
    """Copy what a template is made of into a folder of the test's own."""

    def copy() -> Path:
        tree = tmp_path / "copied"
        tree.mkdir()
        for name in PARTS:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, tree / name)
        return tree

    return copy
