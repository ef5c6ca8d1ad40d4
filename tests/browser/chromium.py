"""A browser without a window, driven by the protocol of its developer tools."""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
from websockets.sync.client import ClientConnection, connect

PATIENCE_S = 30
# No browser of root has a sandbox, and the certificate of the gateway is its own.
OPTIONS = ("--headless=new", "--no-sandbox", "--ignore-certificate-errors", "--disable-gpu")
QUIET = ("--no-first-run", "--disable-dev-shm-usage", "--disable-background-networking")


class Tab:
    """One page that somebody looks at."""

    def __init__(self, wire: ClientConnection) -> None:
        self._wire = wire
        self._number = 0
        self.complaints: list[str] = []
        """What the browser has refused or found wrong, as its console shows it."""
        for domain in ("Page", "Runtime", "Log", "DOM"):
            self._do(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Go to a page, and wait until it is there."""
        self._do("Page.navigate", url=url)
        self.sees(
            f"location.href.startsWith({json.dumps(url)}) && document.readyState == 'complete'"
        )

    def does(self, script: str) -> Any:
        """Run JavaScript in the page; give what it comes to."""
        options = {"awaitPromise": True, "returnByValue": True, "userGesture": True}
        done = self._do("Runtime.evaluate", expression=script, **options)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def sees(self, script: str) -> Any:
        """Wait until something in the page is true; give what it is then."""
        end = time.monotonic() + PATIENCE_S
        while not (found := self.does(script)):
            text = self.does("document.body.innerText")
            assert time.monotonic() < end, f"{script}\n{text}\n{self.complaints}"
            time.sleep(0.1)
        return found

    def chooses(self, selector: str, file: Path) -> None:
        """Choose a file, as with the dialogue of the browser."""
        root = self._do("DOM.getDocument")["root"]["nodeId"]
        node = self._do("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self._do("DOM.setFileInputFiles", nodeId=node, files=[str(file)])

    def picture(self, file: Path) -> None:
        """Keep what it looks like, for people."""
        self._do("Page.bringToFront")
        file.write_bytes(base64.b64decode(self._do("Page.captureScreenshot")["data"]))

    def _do(self, method: str, **asked: Any) -> dict[str, Any]:
        self._number += 1
        self._wire.send(json.dumps({"id": self._number, "method": method, "params": asked}))
        while True:
            said = json.loads(self._wire.recv(PATIENCE_S))
            if said.get("id") == self._number:
                assert "error" not in said, said
                answer: dict[str, Any] = said["result"]
                return answer
            self._notice(said)

    def _notice(self, event: dict[str, Any]) -> None:
        about = event.get("params", {})
        if event["method"] == "Log.entryAdded" and about["entry"]["level"] == "error":
            self.complaints.append(f"{about['entry']['text']} {about['entry'].get('url', '')}")
        if event["method"] == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(about["exceptionDetails"]))


class Browser:
    """One that runs."""

    def __init__(self, port: int, stack: ExitStack) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._stack = stack

    def tab(self) -> Tab:
        """Open a new tab."""
        made = httpx2.put(f"{self._url}/json/new?about:blank").raise_for_status().json()
        address = made["webSocketDebuggerUrl"]
        return Tab(self._stack.enter_context(connect(address, max_size=None, proxy=None)))


@contextmanager
def browsing() -> Iterator[Browser]:
    """Run a browser that knows nothing of any other, for as long as this is entered."""
    program = shutil.which("chromium")
    assert program
    with TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as folder:
        place = [f"--user-data-dir={folder}", "--remote-debugging-port=0", "--window-size=900,700"]
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen([program, *OPTIONS, *QUIET, *place], stdout=log, stderr=log)
        try:
            with ExitStack() as stack:
                yield Browser(_port(process, Path(folder)), stack)
        finally:
            process.terminate()
            process.wait()


def _port(process: subprocess.Popen[bytes], folder: Path) -> int:
    end = time.monotonic() + PATIENCE_S
    file = folder / "DevToolsActivePort"
    while not file.exists() or not file.read_text().strip():
        assert process.poll() is None, (folder / "log").read_text("utf-8", "replace")
        assert time.monotonic() < end, (folder / "log").read_text("utf-8", "replace")
        time.sleep(0.05)
    return int(file.read_text().split()[0])
