from typing import Annotated

from fastapi import APIRouter, Query

from chassis.problems import Invalid, responses
from chassis.schemas import Page
from chassis_communications.consent_api.dependencies import PreferencesDep
from chassis_communications.preferences import (
    PREFERENCES,
    NewPreference,
    PreferenceQuery,
    PreferenceRead,
)

GIVEN = "Consent is given by its owner, who is asked by POST /api/v1/consents."

router = APIRouter(prefix=PREFERENCES, tags=["preferences"])


@router.put("", responses=responses(422))
async def put_preference(body: NewPreference, kept: PreferencesDep) -> PreferenceRead:
    """Keep what somebody wants; what is not said stays as it is."""
    if body.consent in {"asked", "given"}:
        raise Invalid(GIVEN, field="consent")
    return await kept.put(body)


@router.get("", responses=responses(422))
async def list_preferences(
    query: Annotated[PreferenceQuery, Query()], kept: PreferencesDep
) -> Page[PreferenceRead]:
    """List what people want."""
    return await kept.list(query)
