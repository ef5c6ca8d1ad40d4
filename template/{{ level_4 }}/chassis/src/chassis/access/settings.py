from pydantic import Field, PositiveFloat
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Settings of whose tokens are believed."""

    oidc_issuer: str = ""
    """The issuer that tokens must name (`iss`). Without one no token of a user is accepted."""
    oidc_keys_url: str = ""
    """Where the issuer publishes its keys (JWKS): https://..., or a file as file:/etc/keys.json."""
    oidc_audience: str = Field(default="api", min_length=1)
    """The audience that tokens must name (`aud`)."""
    oidc_token_types: frozenset[str] = frozenset({"at+jwt"})
    """The types (`typ`) of access tokens, in lower case. RFC 9068 wants `at+jwt`; an issuer that
    writes `JWT` needs that here, and then its other tokens for this audience are accepted, too."""
    oidc_roles_claim: str = "roles"
    """The claim with the roles; dots lead into it: `realm_access.roles`."""
    oidc_keys_age: PositiveFloat = 300
    """Seconds after which the keys are read again."""
