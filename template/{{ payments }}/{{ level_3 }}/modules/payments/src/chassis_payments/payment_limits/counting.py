from prometheus_client import CollectorRegistry, Counter

LIMIT = "limit"
"""What refuses those who ask too often; anything else is the name of a rule."""


def counter_of(registry: CollectorRegistry) -> Counter:
    """Make the counter of what was refused."""
    return Counter(
        "provider_payments_refused",
        "Payments and refunds that were not asked of a provider.",
        ["act", "by"],
        registry=registry,
    )
