"""What people do in a browser: a file goes to the store, its thumbnail is seen, changes appear live.

Two instances of a generated system stand behind its gateway. The page is one of another origin, as
that of a frontend is, and its JavaScript is that of the project's documentation.
"""

import json
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.browser.chromium import Tab, browsing
from tests.browser.system import Running, crashed, started
from tests.day.test_instalment import becomes
from tests.support import run

# Of noise, so that it is larger than one part.
PICTURE = (
    "from PIL import Image; import os, sys\n"
    "Image.frombytes('RGB', (1600, 1200), os.urandom(1600 * 1200 * 3)).save(sys.argv[1])"
)
# Where pictures of the tabs are kept for people to look at.
PICTURES = "FERRATA_PICTURES"

pytestmark = [
    pytest.mark.long,
    pytest.mark.needs("chromium", "redis-server", "rabbitmq-server"),
    pytest.mark.about("files", "realtime", "level_3"),
]


def demo(tab: Tab, system: Running) -> None:
    """Follow the tasks on the page that the product has for that."""
    tab.open(f"{system.gateway}/realtime-demo")
    if system.token:
        tab.does(f"document.getElementById('token').value = {json.dumps(system.token)}")
    tab.does("document.getElementById('audience').value = 'tasks'")
    tab.does("document.getElementById('connect').click()")
    tab.sees("document.getElementById('state').textContent == 'connected'")
    tab.sees("document.getElementById('events').textContent.startsWith('ready')")


def titles(tab: Tab) -> list[str]:
    """What a tab of the demo has been told of tasks, the first at first."""
    text = tab.does("[...document.querySelectorAll('#events pre')].map((line) => line.textContent)")
    return [found[0] for line in reversed(text) if (found := re.findall('"title": "(.*)"', line))]


@pytest.mark.parametrize(("level", "store"), [(3, "folder"), (4, "bucket")])
def test_a_file_is_sent_and_seen_and_changes_appear_in_every_tab(
    level: int, store: str, installed: Callable[[str], Path], tmp_path: Path
) -> None:
    project = installed(f"task_manager@{level}+files+realtime")
    picture = tmp_path / "picture.png"
    assert run(project, ".venv/bin/python", "-c", PICTURE, str(picture)).returncode == 0
    with started(project, store) as system, browsing() as browser, system.client() as http:
        one, other = browser.tab(), browser.tab()
        for tab in (one, other):
            demo(tab, system)
        becomes([1, 1], system.connections)
        app = browser.tab()
        app.open(f"{system.page}/index.html#API={system.gateway}&TOKEN={system.token}")
        app.sees("told[0] == 'ready'")

        app.chooses("#file", picture)
        app.sees("document.getElementById('state').textContent == 'clean'")
        for name, width in (("thumbnail", 320), ("linked", 1600)):
            app.sees(f"document.getElementById('{name}').naturalWidth == {width}")

        task = http.post("/api/v1/tasks", json={"title": "First"}).raise_for_status().json()
        app.sees("told.at(-1).data?.title == 'First'")
        for tab in (one, other):
            becomes(["First"], partial(titles, tab))

        crashed(system.another)
        tag = {"If-Match": '"1"'}
        path = f"/api/v1/tasks/{task['id']}"
        http.patch(path, json={"title": "Second"}, headers=tag).raise_for_status()
        for tab in (one, other):
            becomes(["First", "Second"], partial(titles, tab))
        keep = Path(os.environ.get(PICTURES, tmp_path))
        for name, tab in (("one", one), ("other", other), ("app", app)):
            tab.picture(keep / f"{level}-{name}.png")
        app.sees("told.filter((change) => change.data).length == 2")
        assert [text for text in app.complaints if "live/" not in text] == []

        # The same page of an origin that nobody has named.
        stranger = browser.tab()
        page = system.page.replace("localhost", "127.0.0.1")
        stranger.open(f"{page}/index.html#API={system.gateway}&TOKEN={system.token}")
        stranger.chooses("#file", picture)
        stranger.sees(
            "document.getElementById('state').textContent == 'TypeError: Failed to fetch'"
        )
