from fastapi import Request

from chassis.json_bodies import AS_IT_CAME


async def body_of(request: Request) -> bytes:
    """Give what a provider sent, byte by byte, whatever JSON it is: it cannot be asked to write another."""
    request.scope[AS_IT_CAME] = True
    return await request.body()
