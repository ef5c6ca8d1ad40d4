from fastapi import APIRouter

from chassis.problems import responses
from chassis_communications.consent_api.dependencies import PreferencesDep
from chassis_communications.preferences import ERASURES, Address, Erased

router = APIRouter(prefix=ERASURES, tags=["preferences"])


@router.put("", responses=responses(422))
async def erase_person(body: Address, kept: PreferencesDep) -> Erased:
    """Erase an address and what was sent to it; what says that nothing is sent there stays."""
    return await kept.erase(body)
