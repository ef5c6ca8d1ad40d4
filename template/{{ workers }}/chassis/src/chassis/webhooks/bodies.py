import json
from typing import Any, Final

from fastapi import Request

from chassis.json_bodies import AS_IT_CAME

# FastAPI does not know of a body that is read as it comes.
ANY_BODY: Final[dict[str, Any]] = {"requestBody": {"required": True, "content": {"*/*": {}}}}
"""What a route says of itself in OpenAPI that takes what `body_of` gives."""


async def body_of(request: Request) -> bytes:
    """Give what a provider sent, byte by byte, whatever JSON it is: it cannot be asked to write another."""
    request.scope[AS_IT_CAME] = True
    return await request.body()


def json_of(body: bytes) -> Any:
    """Read JSON as a provider writes it, with numbers and texts that nobody here would take.

    Raises ValueError for what is none. Of what comes out only that is kept which is checked by itself.
    """
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
