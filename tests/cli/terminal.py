"""A command on a pseudo-terminal, where somebody types."""

import codecs
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

PATIENCE_S = 60


def _control() -> None:
    """Make the terminal that of the session, so that Ctrl-C reaches also who is not reading."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """`ferrata new`, or another module, on a terminal of its own."""

    def __init__(
        self, *arguments: object, module: tuple[str, ...] = ("ferrata", "new"), columns: int = 200
    ) -> None:
        self._own, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        command = [sys.executable, "-m", *module, *map(str, arguments)]
        environment = {**os.environ, "TERM": "xterm"}
        self.process = subprocess.Popen(
            command,
            stdin=other,
            stdout=other,
            stderr=other,
            env=environment,
            start_new_session=True,
            preexec_fn=_control,  # noqa: PLW1509  # there are no threads here
        )
        os.close(other)
        self.seen = ""
        self._letters = codecs.getincrementaldecoder("utf-8")("replace")
        self._answered = 0

    def answer(self, question: str, keys: str) -> None:
        """Wait for a question that was not answered yet, and type."""
        self.wait_for(question, self._answered)
        self.type(keys)
        self._answered = len(self.seen)

    def mend(self, reason: str, question: str, keys: str) -> None:
        """Wait until an answer is refused for a reason and asked for again, and type."""
        self.wait_for(reason, self._answered)
        self.wait_for(question, self.seen.index(reason, self._answered))
        self.type(keys)
        self._answered = len(self.seen)

    def wait_for(self, text: str, start: int = 0) -> None:
        end = time.monotonic() + PATIENCE_S
        while text not in self.seen[start:]:
            assert time.monotonic() < end, self.seen
            assert self._read(), f"{text!r} never came: {self.seen}"

    def _read(self) -> bool:
        """Read what has come, if something does soon; whether more can come."""
        if not select.select([self._own], [], [], 0.2)[0]:
            return True
        try:
            # A letter may be cut in two where reading stops.
            self.seen += self._letters.decode(os.read(self._own, 4096))
        except OSError:  # Linux says so when the other side is closed
            return False
        # prompt_toolkit asks where the cursor is.
        if "\x1b[6n" in self.seen:
            self.seen = self.seen.replace("\x1b[6n", "")
            self.type("\x1b[1;1R")
        return True

    def type(self, text: str) -> None:
        os.write(self._own, text.encode())

    def close(self) -> None:
        """End what a test that failed left behind."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            os.close(self._own)

    def end(self) -> int:
        """Read to the end, and give the exit code."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and self._read():
            pass
        code = self.process.wait(PATIENCE_S)
        os.close(self._own)
        return code
