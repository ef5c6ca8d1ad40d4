"""What is counted for each client is counted for what one client has."""

import pytest
from fastapi.requests import HTTPConnection

from chassis.client_address import address_of, network_of


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:0:7:1:2:3:4", "2001:db8:0:7::"),
        ("2001:db8:0:7::ffff", "2001:db8:0:7::"),
        ("2001:db8:0:8::1", "2001:db8:0:8::"),
        ("fe80::1%eth0", "fe80::"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_a_network_of_ipv6_counts_as_one_client(address: str, counted: str) -> None:
    assert network_of(address) == counted


def connection(*told: str, host: str | None = "2001:db8::7") -> HTTPConnection:
    headers = [(b"x-where", one.encode()) for one in told]
    return HTTPConnection({"type": "http", "headers": headers, "client": host and (host, 1)})


@pytest.mark.parametrize(
    ("told", "header", "counted"),
    [
        pytest.param([], "", "2001:db8::", id="the connection"),
        pytest.param(["198.51.100.9"], "", "2001:db8::", id="a header that nobody named"),
        pytest.param([], "X-Where", "2001:db8::", id="no header"),
        pytest.param(["198.51.100.9"], "X-Where", "198.51.100.9", id="the gateway"),
        pytest.param(
            ["198.51.100.1, 2001:db8:1::5"], "X-Where", "2001:db8:1::", id="the last in a list"
        ),
        pytest.param(
            ["198.51.100.1", "198.51.100.2"], "X-Where", "198.51.100.2", id="the last of two"
        ),
    ],
)
def test_what_the_gateway_says_last_counts(told: list[str], header: str, counted: str) -> None:
    assert address_of(connection(*told), header) == counted


def test_who_has_no_address_is_somebody() -> None:
    assert address_of(connection(host=None)) == ""
