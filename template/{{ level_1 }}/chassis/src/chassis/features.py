"""The features that every service has.

The order matters: features start from the first to the last and stop in reverse, and the
middleware of a later feature wraps that of an earlier one.
"""

from chassis import body_limit, http_client, logs, problems
from chassis.feature import Feature


class FeatureSettings(
    logs.Settings,
    body_limit.Settings,
    http_client.Settings,
):
    """Every setting of the features below, read from the environment."""


FEATURES: list[Feature[FeatureSettings]] = [
    logs,
    problems,
    body_limit,
    http_client,
]
