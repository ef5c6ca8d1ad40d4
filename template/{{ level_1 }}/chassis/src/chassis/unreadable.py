"""Records that cannot be read: one of them does not take its neighbours along."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError

logger = logging.getLogger(__name__)


def readable[T](
    records: Iterable[dict[str, Any]], read: Callable[[dict[str, Any]], T], title: str
) -> list[T]:
    """Read what can be read; the others are left out, and named in the log by id and fields.

    ``read`` raises ValueError for what it cannot read.
    """
    kept = []
    for record in records:
        try:
            kept.append(read(record))
        except ValueError as error:
            logger.error(  # noqa: TRY400  # the traceback would show what the record holds
                "%s %s cannot be read and is left out of a list: %s",
                title,
                record.get("id"),
                ", ".join(_described(error)),
            )
    return kept


def _described(error: ValueError) -> Iterable[str]:
    if not isinstance(error, ValidationError):
        yield "of a type or size that nothing here has"
        return
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        yield f"{'.'.join(map(str, item['loc']))} ({item['type']})"
