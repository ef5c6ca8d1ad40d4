"""An update of a project: what it would be, whether it can be, and the one step that makes it so.

`ferrata climb` and the hooks of `copier update` use the same. It needs git and nothing else.
"""

from .copier import (
    forget_killed,
    in_copiers_way,
    killed,
    need_known_names,
    need_room,
    put_aside,
    put_back,
    take_copier_back,
)
from .journal import LOCK, Journal, Stuck
from .outcome import Outcome, diff, planned
from .reasons import Conflict
from .recovery import exclusive, recover, recover_copier
from .repository import GitError, Repository, back
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
    "back",
    "diff",
    "exclusive",
    "forget_killed",
    "in_copiers_way",
    "in_the_way",
    "killed",
    "kind_at",
    "need_known_names",
    "need_room",
    "planned",
    "put_aside",
    "put_back",
    "recover",
    "recover_copier",
    "take_copier_back",
]
