from typing import Annotated

from fastapi import Depends, Request

from chassis_communications.kept_preferences import KeptPreferences
from chassis_communications.links import key_of


async def kept_preferences(request: Request) -> KeptPreferences:
    """Reach what the data service knows of what people want."""
    state = request.app.state
    return KeptPreferences(state.http, state.settings.data_api_url)


async def messages_key(request: Request) -> str:
    """Give what links are made of."""
    return key_of(request.app.state.settings.messages_key)


PreferencesDep = Annotated[KeptPreferences, Depends(kept_preferences)]
KeyDep = Annotated[str, Depends(messages_key)]
