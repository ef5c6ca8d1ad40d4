"""The rules of the project, which refuse what looks like fraud."""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from chassis.fraud_rules import PaymentRule

DECLARED = "shared.fraud_rules"
"""The module that declares them: ``RULES``; without it there are none."""


def declared_rules() -> Sequence[PaymentRule]:
    """Give the rules that the project declares."""
    if find_spec(DECLARED) is None:
        return []
    rules: Sequence[PaymentRule] = import_module(DECLARED).RULES
    return rules
