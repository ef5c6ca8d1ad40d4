"""The hooks run without the package, so both have a list of what would lead git astray."""

import subprocess

from ferrata.base.processes import LOCAL_GIT
from ferrata.template import load_module
from tests.support import ROOT

# These only say how git works, not where; people set them for a reason.
CONFIGURATION = {"GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"}


def test_both_lists_name_all_that_git_does() -> None:
    hooks = load_module(ROOT / "hooks/after_update.py").updating()
    asked = ["git", "rev-parse", "--local-env-vars"]
    told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split()

    assert hooks.repository.ELSEWHERE == LOCAL_GIT
    assert set(told) - CONFIGURATION <= set(LOCAL_GIT)
