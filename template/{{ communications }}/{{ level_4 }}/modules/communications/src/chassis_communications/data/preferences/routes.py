from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.requests import HTTPConnection

from chassis.problems import responses
from chassis.schemas import Page
from chassis_communications.addresses import Channel
from chassis_communications.data.preferences.repository import Preferences
from chassis_communications.messages import Hash
from chassis_communications.preferences import (
    PREFERENCES,
    ConsentChange,
    NewPreference,
    PreferenceQuery,
    PreferenceRead,
)

router = APIRouter(prefix=PREFERENCES, tags=["preferences"])


async def preferences(connection: HTTPConnection) -> Preferences:
    """Reach the preferences in the application's database."""
    kept: Preferences = connection.app.state.preferences
    return kept


PreferencesDep = Annotated[Preferences, Depends(preferences)]


@router.put("", responses=responses(422))
async def put_preference(body: NewPreference, kept: PreferencesDep) -> PreferenceRead:
    """Keep what somebody wants; what is not said stays as it is."""
    return await kept.put(body)


@router.get("", responses=responses(422))
async def list_preferences(
    query: Annotated[PreferenceQuery, Query()], kept: PreferencesDep
) -> Page[PreferenceRead]:
    """Select one page of preferences."""
    return await kept.list(query)


@router.get("/{preference_id}", responses=responses(404, 422))
async def get_preference(preference_id: UUID, kept: PreferencesDep) -> PreferenceRead:
    """Get what somebody wants."""
    return await kept.get(preference_id)


@router.put("/{preference_id}/consent", responses=responses(404, 422))
async def say_consent(
    preference_id: UUID, body: ConsentChange, kept: PreferencesDep
) -> PreferenceRead:
    """Keep what somebody says to marketing; twice is once."""
    return await kept.say(preference_id, body.consent)


@router.put("/{channel}/{address_hash}/consent", responses=responses(422))
async def say_known_consent(
    channel: Channel, address_hash: Hash, body: ConsentChange, kept: PreferencesDep
) -> PreferenceRead:
    """Keep what the owner of an address says that is known by its digest; twice is once."""
    return await kept.put_known(channel, address_hash, {"consent": body.consent})
