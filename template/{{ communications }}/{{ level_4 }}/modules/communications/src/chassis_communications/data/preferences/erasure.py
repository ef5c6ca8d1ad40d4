from fastapi import APIRouter

from chassis.problems import responses
from chassis_communications.data.preferences.routes import PreferencesDep
from chassis_communications.preferences import ERASURES, Address, Erased

router = APIRouter(prefix=ERASURES, tags=["preferences"])


@router.put("", responses=responses(422))
async def erase_person(body: Address, kept: PreferencesDep) -> Erased:
    """Erase an address and what was sent to it; twice is once."""
    return Erased(messages=await kept.erase(body))
