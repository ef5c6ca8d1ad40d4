from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Settings of what happens when a provider does not open a payment."""

    payments_fallback: bool = True
    """Whether the other provider is asked, where there is an account at both."""
