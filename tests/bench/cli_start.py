"""How long a user waits for the commands that only look."""

import sys
from functools import partial
from pathlib import Path

from figures import Figure, at_most
from timing import best, call
from working_tree import ANSWERS

FERRATA = Path(sys.executable).parent / "ferrata"


def measure(scratch: Path) -> list[Figure]:
    """Measure each command, warm."""
    commands = (["--help"], ["validate", ANSWERS], ["plan", ANSWERS])
    return [
        at_most(
            f"`ferrata {command[0]}`",
            best(partial(call, [FERRATA, *command], scratch), 5),
            0.5,
            "s",
        )
        for command in commands
    ]
