"""What the bot answers besides lists and dialogues."""

from aiogram import Router


def join(router: Router) -> None:
    """Add handlers of aiogram here, as in ``router.message(Command("about"))(about)``."""
