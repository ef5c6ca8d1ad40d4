"""Runs a command, and ends all that came of it: when it ends, or when nobody waits for it any more.

``python guard.py FD COMMAND...``. Whoever waits holds the other end of the pipe FD, which closes
however that process dies. What the command starts may have sessions of its own, as servers do:
this process adopts them when their parents die (on Linux), and so knows every one.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

import psutil  # type: ignore[import-untyped]

GRACE_S = 10.0
"""How long what is stopped may take to clean up."""
CANNOT_START = 126
_SET_CHILD_SUBREAPER = 36
_SIGNALLED = 128


def main() -> int:
    """Run the command and return its exit code, 128 and more if a signal ended it."""
    pipe, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # which the background has ignored
    try:
        process = subprocess.Popen(command, start_new_session=True)  # noqa: S603 (of gates.toml)
    except OSError as error:
        sys.stderr.write(f"{command[0]} could not be started ({error.strerror})\n")
        return CANNOT_START
    threading.Thread(target=_stop, args=(pipe, process), daemon=True).start()
    code = process.wait()
    _end_all()
    return code if code >= 0 else _SIGNALLED - code


def _stop(pipe: int, process: subprocess.Popen[bytes]) -> None:
    """Stop the command when nobody waits for it: as Ctrl-C does, then at once."""
    os.read(pipe, 1)
    for number in (signal.SIGINT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)
            return


def _end_all() -> None:
    """End what is left, until nothing is: a process may start another one meanwhile."""
    while left := psutil.Process().children(recursive=True):
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        with suppress(ChildProcessError):
            os.waitpid(-1, 0)


if __name__ == "__main__":
    sys.exit(main())
