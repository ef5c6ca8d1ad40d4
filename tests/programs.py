"""Programs that tests need, as far as this machine has them."""

import re
import shutil
import subprocess
from functools import cache

# What the rules and the receiver of the monitoring use came with these versions.
OLDEST = {"promtool": (2, 45), "amtool": (0, 26)}


@cache
def lacking(program: str) -> str:
    """Say what is wrong with a program: it is not there, or too old; nothing where it will do."""
    if shutil.which(program) is None:
        return f"{program} is not installed"
    if program not in OLDEST:
        return ""
    done = subprocess.run([program, "--version"], check=True, capture_output=True, text=True)
    found = re.search(r"version (\d+)\.(\d+)", done.stdout + done.stderr)
    assert found, done.stdout + done.stderr
    if (int(found[1]), int(found[2])) >= OLDEST[program]:
        return ""
    needed = ".".join(map(str, OLDEST[program]))
    return f"{program} is {found[1]}.{found[2]}; {needed} is needed"
