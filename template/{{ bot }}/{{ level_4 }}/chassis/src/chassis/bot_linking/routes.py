import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from chassis.access.asking import Asking
from chassis.bot_linking.keeping import OwnLinks
from chassis.bot_linking.links import PATH, Account, BotLinkQuery, LinkTokens
from chassis.problems import Conflict, NotFound, responses
from chassis.schemas import Exact, ListQuery, Page, Schema

OF_OTHERS_READ, OF_OTHERS_DELETE = "bot-links:read", "bot-links:delete"
"""The permissions to see and to end links of other accounts."""
NO_ACCOUNT = "Who asks has no such account."

router = APIRouter(prefix=PATH, tags=["bot links"])


class NewBotLink(Schema):
    """What links a chat."""

    token: str
    """Good once, until then."""
    message: str
    """What to write to the bot, in a chat with it alone."""
    ends_at: dt.datetime


class OwnBotLink(Schema):
    """A chat that acts as an account."""

    id: UUID
    account: str
    chat: int | None
    """None while nobody has used the token."""
    ends_at: dt.datetime
    created_at: dt.datetime


class OwnBotLinkQuery(ListQuery):
    """Which links a list shows: the own ones, or those of another account."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    account: Annotated[Account, Exact()] | None = None


_SHOWN = set(OwnBotLink.model_fields)


def _links(request: Request) -> OwnLinks:
    links: OwnLinks = request.app.state.own_links
    return links


def _tokens(request: Request) -> LinkTokens:
    tokens: LinkTokens = request.app.state.link_tokens
    return tokens


@router.post("", status_code=201, responses=responses(404, 409, 422))
async def create_own_bot_link(request: Request, response: Response, asking: Asking) -> NewBotLink:
    """Get a token that links a chat of the bot to the account of who asks; the one before ends."""
    who, tokens = asking.principal, _tokens(request)
    if who is None:
        raise NotFound(NO_ACCOUNT)
    if who.service:
        raise Conflict(NO_ACCOUNT)
    link = await _links(request).begin(who)
    token = tokens.of(link.id)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Location"] = f"{PATH}/{link.id}"
    return NewBotLink(token=token, message=f"/start {token}", ends_at=link.ends_at)


@router.get("", responses=responses(404, 422))
async def list_own_bot_links(
    query: Annotated[OwnBotLinkQuery, Query()], request: Request, asking: Asking
) -> Page[OwnBotLink]:
    """List the chats that act as the account of who asks."""
    account = query.account or asking.id
    if not account or (account != asking.id and not asking.may(OF_OTHERS_READ)):
        raise NotFound(NO_ACCOUNT)
    asked = BotLinkQuery(**{**query.model_dump(), "account": account})
    page = await _links(request).list(asked)
    items = [OwnBotLink.model_validate(one.model_dump(include=_SHOWN)) for one in page.items]
    return Page(items=items, next_cursor=page.next_cursor)


@router.delete("/{link_id}", status_code=204, responses=responses(404, 422))
async def delete_own_bot_link(link_id: UUID, request: Request, asking: Asking) -> None:
    """End a link: the chat acts as nobody from then on."""
    if not asking.id:
        raise NotFound(NO_ACCOUNT)
    of_anybody = asking.may(OF_OTHERS_DELETE)
    await _links(request).end(link_id, None if of_anybody else asking.id)
