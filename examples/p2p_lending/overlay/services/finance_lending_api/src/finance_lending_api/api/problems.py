"""Which status answers an error of the domain."""

from finance_lending_api.domain.errors import NotEligible, RuleViolated

PROBLEMS: dict[type[Exception], int] = {
    RuleViolated: 422,
    NotEligible: 409,
}
