"""Addresses of people: where a message goes, and what stands for that where nobody should read it."""

import hashlib
import hmac
import re
from typing import Literal

from email_validator import EmailNotValidError, validate_email

from chassis.problems import Invalid, Unavailable

type Channel = Literal["email", "sms"]

NO_EMAIL = "Is no email address."
NO_NUMBER = "Is no telephone number as +447700900123: a plus, the country, and digits only."
NO_KEY = "ADDRESSES_KEY is not set: no address can be kept."

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


def normal(channel: Channel, address: str) -> str:
    """Give an address in the one way in which it is written here; raises Invalid."""
    if channel == "sms":
        number = re.sub(r"[ ().-]", "", address)
        if not _NUMBER.fullmatch(number):
            raise Invalid(NO_NUMBER, field="recipient")
        return number
    try:
        # Letters of other scripts before the @ are taken by few relays, and then in another way of writing.
        checked = validate_email(address.strip(), check_deliverability=False, allow_smtputf8=False)
        return checked.normalized.lower()
    except EmailNotValidError as error:
        raise Invalid(NO_EMAIL, field="recipient") from error


def deliverable(address: str) -> str:
    """Give a normal address as mail is sent there: a domain in other letters has a form of ASCII."""
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    # Python's own codec is of an older standard, in which straße.de is strasse.de: somebody else.
    checked = validate_email(f"mail@{domain}", check_deliverability=False)
    return f"{local}@{checked.ascii_domain}"


def hashed(key: str, channel: Channel, address: str) -> str:
    """Give what stands for a normal address in logs, histories and lists of addresses.

    There are few enough numbers to try all of them: only who has the key can. Raises Unavailable
    without one.
    """
    if not key:
        raise Unavailable(NO_KEY)
    return hmac.digest(key.encode(), f"{channel}:{address}".encode(), hashlib.sha256).hex()
