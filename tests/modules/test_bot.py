"""The module bot: rendered, and chatted with while `make dev` runs it."""

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.project.test_running import running
from tests.support import files_of, run

CHAT = "chats/7"
needs_servers = pytest.mark.needs("redis-server", "rabbitmq-server")


def test_no_seed_depends_on_it(rendered: Callable[[str], Path]) -> None:
    def seeds(name: str) -> dict[str, bytes]:
        owned = ("services/", "shared/", "deploy/local/")
        files = files_of(rendered(name))
        return {path: content for path, content in files.items() if path.startswith(owned)}

    before, after = seeds("task_manager@1+redis+rabbitmq"), seeds("task_manager@1+bot")

    assert before.items() <= after.items()
    new = {path.split("/")[1] for path in after.keys() - before.keys()}
    assert new == {"team_tasks_bot"}


class Person:
    """Somebody who chats with the bot of a running project, in the stand-in for Telegram."""

    def __init__(self, project: Path) -> None:
        log = (project / "dev.log").read_text()
        (address,) = set(re.findall(r"^telegram: (http://\S+) \(a stand-in", log, re.MULTILINE))
        self._url = f"{address}/{CHAT}"

    def says(self, text: str) -> Mapping[str, Any]:
        """Write something; give the bot's answer."""
        return self._answered("texts", {"text": text})

    def presses(self, label: str) -> Mapping[str, Any]:
        """Press a button; give the bot's answer."""
        (number, data) = next(
            (message["message_id"], one["callback_data"])
            for message in reversed(self._messages())
            for row in message.get("reply_markup", {}).get("inline_keyboard", [])
            for one in row
            if one["text"] == label
        )
        return self._answered("buttons", {"message_id": number, "data": data})

    def heard(self) -> list[str]:
        """Give all that the bot has said so far."""
        return [message["text"] for message in self._of_bot()]

    def hears(self, act: Callable[[], httpx2.Response]) -> Mapping[str, Any]:
        """Give what the bot says when something is done."""
        said = len(self._of_bot())
        assert act().is_success
        deadline = time.monotonic() + 30
        while len(self._of_bot()) == said:
            assert time.monotonic() < deadline, self._messages()
            time.sleep(0.05)
        return self._of_bot()[-1]

    def _answered(self, what: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.hears(lambda: httpx2.post(f"{self._url}/{what}", json=body))

    def _of_bot(self) -> list[dict[str, Any]]:
        return [message for message in self._messages() if message["from"]["is_bot"]]

    def _messages(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = httpx2.get(self._url).json()
        return messages


@needs_servers
@pytest.mark.long
def test_what_is_created_in_a_chat_is_in_the_api_and_the_reverse_is_announced(
    installed: Callable[[str], Path],
) -> None:
    project = installed("p2p_lending@1+bot")
    with running(project) as base:
        users = f"{base}/api/v1/users"
        body = {"email": "ann@example.com", "full_name": "Ann Lee", "kyc_status": "approved"}
        user = httpx2.post(users, json=body).json()
        person = Person(project)
        assert "/new_loan" in person.says("/start")["text"]
        person.says("/new_loan")
        assert person.presses("ann@example.com, Ann Lee")["text"].startswith("Amount?")
        for text in ("500", "12"):
            person.says(text)
        for label in ("Leave out", "active"):
            person.presses(label)
        assert "is created" in person.presses("Create")["text"]
        (loan,) = httpx2.get(f"{base}/api/v1/loans").json()["items"]
        person.says("/subscribe")
        body = {"borrower_id": user["id"], "amount": "900", "duration_months": 3}
        told = person.hears(lambda: httpx2.post(f"{base}/api/v1/loans", json=body))
        assert told["text"] == "New: Loan 900.00, 3"

    assert (loan["borrower_id"], loan["amount"]) == (user["id"], "500.00")
    assert "1:stand-in" not in (project / "dev.log").read_text(), "it tells the token"


@pytest.mark.long
@pytest.mark.parametrize("name", ["p2p_lending@1+bot", "task_manager@2+bot"])
def test_its_gates_are_green(name: str, installed: Callable[[str], Path]) -> None:
    done = run(installed(name), "uv", "run", "python", "-m", "tools.check")

    assert done.returncode == 0, done.stdout + done.stderr
