"""Where a request comes from, for what is counted for each client."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from fastapi.requests import HTTPConnection

_HOST_BITS = 64


def address_of(connection: HTTPConnection, header: str = "") -> str:
    """Say where a request comes from: as the gateway says it in a header, or as the connection does.

    One client is one address, whichever of its own it uses: see ``network_of``.
    """
    # The gateway's word is the last one, whatever a client has sent before.
    told = ",".join(connection.headers.getlist(header)).rpartition(",")[2].strip() if header else ""
    return network_of(told or (connection.client.host if connection.client else ""))


def network_of(address: str) -> str:
    """Give what one client has: an IPv4 address, or a whole network (/64) of IPv6."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv4Address):
        return address
    return str(known.ipv4_mapped or IPv6Address(int(known) >> _HOST_BITS << _HOST_BITS))
