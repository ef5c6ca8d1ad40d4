"""An update of a project: what it would be, whether it can be, and the one step that makes it so.

`ferrata climb` and the hooks of `copier update` use the same. It needs git and nothing else.
"""

from .copier import (
    in_copiers_way,
    need_known_names,
    need_room,
    put_aside,
    put_back,
    take_copier_back,
)
from .journal import LOCK, Journal, Stuck
from .outcome import Outcome, diff, planned
from .reasons import Conflict
from .recovery import exclusive, recover
from .repository import GitError, Repository
from .trees import kind_at
from .ways import in_the_way

__all__ = [
    "LOCK",
    "Conflict",
    "GitError",
    "Journal",
    "Outcome",
    "Repository",
    "Stuck",
    "diff",
    "exclusive",
    "in_copiers_way",
    "in_the_way",
    "kind_at",
    "need_known_names",
    "need_room",
    "planned",
    "put_aside",
    "put_back",
    "recover",
    "take_copier_back",
]
