"""Who chats in tests: chats that are admitted, unless a test says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def everybody_admitted() -> Iterator[None]:
    """Have bots answer every chat."""
    from chassis_bot import admission  # noqa: PLC0415  # late, so that its lines are measured

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(admission, "admits", lambda _settings, _chat: True)
        yield
