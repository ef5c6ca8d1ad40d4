"""Money as whole numbers of the smallest unit, and how each provider writes it.

Here an amount counts the minor units of ISO 4217: 80 of JPY is ¥80, 8000 of EUR is €80.00. A
provider has units of its own: to Stripe, 5 ISK is 500; PayPal takes no fraction of a HUF.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from chassis.problems import Invalid

LARGEST: Final = 99_999_999
"""What Stripe takes at most, in its smallest units."""

_WHOLE: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_HUNDREDTHS: Final = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF
    CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR
    ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN
    MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD SAR SBD SCR SEK SGD SHP SLE
    SOS SRD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST XCD YER ZAR ZMW
"""
_THOUSANDTHS: Final = "BHD JOD KWD OMR TND"

DIGITS: Final[Mapping[str, int]] = {
    code: digits
    for digits, codes in {0: _WHOLE, 2: _HUNDREDTHS, 3: _THOUSANDTHS}.items()
    for code in codes.split()
}
"""How many digits a currency has after the point, by ISO 4217."""


@dataclass(frozen=True, slots=True)
class Units:
    """How a provider counts a currency: digits after the point, in steps of its smallest unit."""

    digits: int
    step: int = 1


class Tables:
    """The currencies of a provider."""

    def __init__(self, provider: str, units: Mapping[str, Units]) -> None:
        self._provider = provider
        self.units = units

    def sent(self, amount: int, currency: str) -> int:
        """Give an amount in the units of the provider; raises Invalid if it has no such amount."""
        units = self.units.get(currency)
        if units is None:
            raise Invalid(f"{self._provider} takes no {currency}.", field="currency")
        counted, rest = divmod(amount * _power(units.digits), _power(DIGITS[currency]))
        if rest or counted % units.step:
            raise Invalid(f"{self._provider} takes no such fraction of {currency}.", field="amount")
        if counted > LARGEST:
            raise Invalid(f"{self._provider} takes no more than {LARGEST} units.", field="amount")
        return counted

    def received(self, counted: int, currency: str) -> int:
        """Give an amount that a provider has counted; raises ValueError for one that it cannot."""
        units, digits = self._known(currency), DIGITS[currency]
        amount, rest = divmod(counted * _power(digits), _power(units.digits))
        if rest:
            msg = f"{counted} of {currency} at {self._provider} is no whole number of minor units"
            raise ValueError(msg)
        return amount

    def written(self, amount: int, currency: str) -> str:
        """Write an amount as a decimal number; raises Invalid if the provider has no such one."""
        digits = self.units[currency].digits if currency in self.units else 0
        return f"{Decimal(self.sent(amount, currency)).scaleb(-digits):.{digits}f}"

    def read(self, written: str, currency: str) -> int:
        """Read an amount that is written as a decimal number; raises ValueError."""
        try:
            counted = Decimal(written).scaleb(self._known(currency).digits)
        except InvalidOperation as error:
            raise ValueError(f"{written} is no amount") from error
        if counted != counted.to_integral_value():
            msg = f"{written} {currency} at {self._provider} has too many digits"
            raise ValueError(msg)
        return self.received(int(counted), currency)

    def _known(self, currency: str) -> Units:
        """Give how a currency is counted; raises ValueError for one that is not taken."""
        if currency not in self.units:
            msg = f"{self._provider} takes no {currency}"
            raise ValueError(msg)
        return self.units[currency]


_STRIPE_WHOLE: Final = [
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "JPY",
    "KMF",
    "KRW",
    "MGA",
    "PYG",
    "RWF",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
]
# These have no fractions any more, and are still counted in hundredths.
_STRIPE_HUNDREDS: Final = ("ISK", "UGX")

STRIPE: Final = Tables(
    "Stripe",
    {code: Units(digits) for code, digits in DIGITS.items()}
    | dict.fromkeys(_STRIPE_WHOLE, Units(0))
    | dict.fromkeys(_STRIPE_HUNDREDS, Units(2, step=100))
    | dict.fromkeys(_THOUSANDTHS.split(), Units(3, step=10)),
)
PAYPAL: Final = Tables(
    "PayPal",
    dict.fromkeys(
        [
            "AUD",
            "BRL",
            "CAD",
            "CHF",
            "CNY",
            "CZK",
            "DKK",
            "EUR",
            "GBP",
            "HKD",
            "ILS",
            "MXN",
            "MYR",
            "NOK",
            "NZD",
            "PHP",
            "PLN",
            "SEK",
            "SGD",
            "THB",
            "USD",
        ],
        Units(2),
    )
    | dict.fromkeys(("HUF", "JPY", "TWD"), Units(0)),
)


def _power(digits: int) -> int:
    return int(10**digits)
