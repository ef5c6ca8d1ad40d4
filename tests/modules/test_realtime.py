"""The module realtime: rendered, and with many clients on a real Redis that is killed."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import environment, files_of

CROWD = Path(__file__).with_name("crowd.py")
AUDIENCES = "shared/src/shared/audiences.py"
MOST_KIB = 120
"""What a client that is connected and quiet may take; docs/realtime.md names what was measured."""

needs_redis = pytest.mark.needs("redis-server")


def test_no_seed_depends_on_it(rendered: Callable[[str], Path]) -> None:
    def seeds(name: str) -> dict[str, bytes]:
        owned = ("services/", "shared/", "deploy/local/")
        files = files_of(rendered(name))
        return {path: content for path, content in files.items() if path.startswith(owned)}

    before, after = seeds("task_manager@1+redis+workers"), seeds("task_manager@1+realtime")

    assert before.items() <= after.items()
    assert after.keys() - before.keys() == {AUDIENCES}


def crowd(project: Path, what: str, folder: Path) -> dict[str, Any]:
    """Let many clients in; give what they found."""
    command = [project / ".venv/bin/python", CROWD, what, "team_tasks_api.main:create_app", folder]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@needs_redis
@pytest.mark.long
def test_each_client_gets_each_event_once_though_redis_and_an_instance_are_killed(
    installed: Callable[[str], Path], tmp_path: Path
) -> None:
    found = crowd(installed("task_manager@1+realtime"), "faults", tmp_path)

    assert found["moved"] >= found["clients"] // 2
    assert {key: found[key] for key in ("wrong", "resets")} == {"wrong": 0, "resets": 0}


@needs_redis
@pytest.mark.long
def test_a_thousand_quiet_clients_take_little_and_are_let_go_at_once(
    installed: Callable[[str], Path], tmp_path: Path
) -> None:
    found = crowd(installed("task_manager@1+realtime"), "idle", tmp_path)

    assert found["kib_a_socket"] < MOST_KIB
    assert found["kib_a_stream"] < MOST_KIB
    assert found["seconds_to_stop"] < 5
