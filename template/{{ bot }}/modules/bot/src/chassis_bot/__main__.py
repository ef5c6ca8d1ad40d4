"""Run a bot: ``python -m chassis_bot PACKAGE.main:create_bot``."""

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib import import_module

from chassis_bot.process import ChatBot
from chassis_bot.settings import NoTokenError


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the bot that a factory makes, and run it until the process is told to end."""
    parser = ArgumentParser(prog="python -m chassis_bot", description="Run a bot.")
    parser.add_argument("factory", help="what makes it: MODULE:FUNCTION")
    try:
        asyncio.run(_run(parser.parse_args(arguments).factory))
    except NoTokenError as error:
        sys.exit(str(error))


async def _run(factory: str) -> None:
    """Build inside the loop that it runs in."""
    await bot_of(factory).run()


def bot_of(name: str) -> ChatBot:
    """Build the bot that a factory makes, given as MODULE:FUNCTION; exit if there is none."""
    module, _, function = name.partition(":")
    try:
        create = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        sys.exit(f"{name}: must name a factory as MODULE:FUNCTION ({error})")
    bot: ChatBot = create()
    return bot


if __name__ == "__main__":
    main()
