from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Settings of how often somebody may ask for payments and refunds."""

    payments_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Payments that one caller may open in a minute."""
    refunds_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Refunds that one caller may ask for in a minute."""
    client_address_header: str = ""
    """The header in which the gateway says where a request comes from; without it the connection
    counts. Only a gateway that sets it itself may be believed."""
