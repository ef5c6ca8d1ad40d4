"""The role of a service: when it has one of its own, and what PostgreSQL keeps of its password."""

from base64 import b64decode

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from chassis.database import DatabaseSettings
from chassis.database.migrations import role_of_service
from chassis.database.roles import verifier
from chassis.database.settings import address, owner_address

OWNER = "postgresql://owner@db/shop"


def settings(url: str, owner: str | None = None, password: str | None = None) -> DatabaseSettings:
    given = {"migration_database_url": owner, "database_password": password}
    return DatabaseSettings(database_url=url, **given)  # type: ignore[arg-type]


def test_a_verifier_is_what_the_standard_says() -> None:
    # The example of RFC 7677.
    salt = "W22ZaJ0SNY7soEsUEjb6gQ=="

    assert verifier("pencil", b64decode(salt)) == (
        f"SCRAM-SHA-256$4096:{salt}$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
        ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


def test_a_verifier_is_another_one_each_time() -> None:
    assert verifier("pencil") != verifier("pencil")


@pytest.mark.parametrize(
    ("url", "owner"),
    [
        ("postgresql://owner@db/shop", None),
        ("postgresql://owner@db/shop", OWNER),
        ("postgresql:///shop", OWNER),
    ],
    ids=["nobody else", "the owner", "nobody"],
)
def test_migrations_and_service_may_be_the_same_role(url: str, owner: str | None) -> None:
    assert role_of_service(settings(url, owner)) is None


def test_the_role_of_the_service_is_the_one_that_its_url_names() -> None:
    url = role_of_service(settings("postgresql://service@db/shop", OWNER, "a/b c"))

    assert url
    assert (url.username, url.password) == ("service", "a/b c")


def test_a_password_in_the_url_counts_more() -> None:
    inside = "postgresql+asyncpg://service:inside@db/shop"

    assert address(settings(inside, None, "outside")) == make_url(inside)


def test_the_owner_has_a_password_of_its_own() -> None:
    own = settings("postgresql://service@db/shop", OWNER, "of the service")
    own.migration_database_password = SecretStr("of the owner")

    url = owner_address(own)

    assert url
    assert (url.username, url.password) == ("owner", "of the owner")


def test_passwords_are_not_shown() -> None:
    shown = repr(settings("postgresql://a@db/x", "postgresql://b:secret@db/x", "secret"))

    assert "secret" not in shown
