import pytest
from pydantic import SecretStr, ValidationError

from chassis_rabbitmq.broker import address
from chassis_rabbitmq.rabbitmq_settings import Settings


def test_no_password_is_set() -> None:
    settings = Settings(rabbitmq_url="amqp://127.0.0.1:5672/")

    assert settings.rabbitmq_password is None
    assert str(address(settings)) == "amqp://127.0.0.1:5672/"


def test_the_password_need_not_be_escaped() -> None:
    settings = Settings(
        rabbitmq_url="amqps://team@rabbitmq:5671/shop", rabbitmq_password=SecretStr("a/b@c:%")
    )

    url = address(settings)

    assert url.password == "a/b@c:%"  # noqa: S105  # the one above
    assert (url.user, url.host, url.port, url.path) == ("team", "rabbitmq", 5671, "/shop")
    assert "@rabbitmq:5671" in str(url)


@pytest.mark.parametrize("url", ["amqp://team:own@rabbitmq/", "amqp://127.0.0.1:5672/"])
def test_the_password_is_for_the_user_that_has_none(url: str) -> None:
    settings = Settings(rabbitmq_url=url, rabbitmq_password=SecretStr("another"))

    assert str(address(settings)) == url


def test_secrets_are_not_shown() -> None:
    settings = Settings(
        rabbitmq_url="amqp://team:secret@rabbitmq/", rabbitmq_password=SecretStr("secret")
    )

    assert "secret" not in repr(settings)


@pytest.mark.parametrize("url", ["http://secret@rabbitmq:5672", "rabbitmq:5672", "", "5672"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match=r"must look like amqp://") as refused:
        Settings(rabbitmq_url=url)

    assert "secret" not in str(refused.value)
