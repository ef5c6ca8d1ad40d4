"""The files of a project, and who owns each."""

from .owners import SEEDS_FILE, TEMPLATE_FILE, owner, paths_of
from .paths import expanded
from .recorded import FINGERPRINT_FILE, fingerprint

__all__ = [
    "FINGERPRINT_FILE",
    "SEEDS_FILE",
    "TEMPLATE_FILE",
    "expanded",
    "fingerprint",
    "owner",
    "paths_of",
]
