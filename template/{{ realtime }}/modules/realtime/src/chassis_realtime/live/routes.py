from contextlib import ExitStack
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response, WebSocket
from fastapi.sse import EventSourceResponse

from chassis.problems import ProblemResponse, responses
from chassis_realtime.hub import Message
from chassis_realtime.live.origins import is_allowed
from chassis_realtime.live.places import NoPlace
from chassis_realtime.live.socket import talk
from chassis_realtime.live.sse import Events, lines
from chassis_redis.redis_client import AWAY

PREFIX = "/api/v1/{collection}"
REDIS_AWAY = "What happened is not known at the moment."
FOREIGN = "Pages of this origin may not connect."
RETRY_AFTER_S = "1"
STREAM: dict[str, Any] = {
    "description": "Events, for as long as the client reads",
    "content": {EventSourceResponse.media_type: {"schema": {"type": "string"}}},
}

type LastSeen = Annotated[str | None, Header(alias="Last-Event-ID", max_length=64)]
type After = Annotated[str | None, Query(max_length=64)]


def router_of(audience: str) -> APIRouter:
    """Make the routes of an audience."""
    router = APIRouter(prefix=PREFIX.format(collection=audience), tags=["live"])
    name = audience.replace("-", "_")

    @router.get(
        "/live/events",
        name=f"watch_{name}",
        response_class=Response,
        responses={200: STREAM, **responses(429, 503)},
        description="Everything that happens, as Server-Sent Events. `ready`: from here on all is"
        " told. `change`: an event. `reset`: something was missed, load everything anew.",
    )
    async def watch(request: Request, last_seen: LastSeen = None, after: After = None) -> Response:
        state = request.app.state
        last = last_seen or after
        try:
            with ExitStack() as stack:
                stack.enter_context(state.places.taken(request))
                first = await state.hub.join(audience, last)
                place = stack.pop_all()
        except NoPlace as error:
            return _refusal(request.url.path, error.status, error.detail)
        except AWAY:
            return _refusal(request.url.path, HTTPStatus.SERVICE_UNAVAILABLE, REDIS_AWAY)
        return Events(place, lines(state.hub, audience, first, _position(first, last)))

    @router.websocket("/live/socket", name=f"listen_to_{name}")
    async def listen(socket: WebSocket, after: After = None) -> None:
        state, path = socket.app.state, socket.url.path
        if not is_allowed(socket, state.settings.cors_origins):
            await socket.send_denial_response(_refusal(path, HTTPStatus.FORBIDDEN, FOREIGN))
            return
        try:
            with state.places.taken(socket):
                first = await state.hub.join(audience, after)
                await talk(socket, state.hub, audience, first, _position(first, after))
        except NoPlace as error:
            await socket.send_denial_response(_refusal(path, error.status, error.detail))
        except AWAY:
            refusal = _refusal(path, HTTPStatus.SERVICE_UNAVAILABLE, REDIS_AWAY)
            await socket.send_denial_response(refusal)

    return router


def _position(first: Message | None, last: str | None) -> str:
    return first.id if first else last or ""


def _refusal(path: str, status: HTTPStatus, detail: str) -> ProblemResponse:
    again = {} if status == HTTPStatus.FORBIDDEN else {"Retry-After": RETRY_AFTER_S}
    return ProblemResponse(status, instance=path, detail=detail, headers=again)
