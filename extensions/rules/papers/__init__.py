"""What the documents of a project tell of it, from the same data as its code."""

from .system import closing_endpoints, described_endpoints, described_events, infrastructure
from .work import work_list

__all__ = [
    "closing_endpoints",
    "described_endpoints",
    "described_events",
    "infrastructure",
    "work_list",
]
