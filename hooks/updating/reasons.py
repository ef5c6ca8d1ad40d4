"""Why something cannot be, in words."""

from dataclasses import dataclass

SAME_LINES = "you and the template changed the same lines"
SAME_PATH = "you made a file where the template now puts its own"
NO_TEXT = "you and the template changed it, and it is no text that could be merged"
LOST = "your change and the template's cannot be merged without losing a line"
DROPPED = "you edited it, and the template has it no longer; it was kept"
GREW = "your lines stand where new ones belong; put these among them"
GONE = "you moved it or took it out; put these lines where they belong now"
SHADOW = "the template brings {other}, and Python would import only one of the two; rename yours"
IGNORED = "git ignores this {kind} of yours, and the template's would go there; move it"
UNKNOWN = "this {kind} of yours came meanwhile, and the template's would go there; move it"
FOREIGN = "it is a repository of its own, and the template's files would go into it; move it"
HIDDEN = (
    "it is not in your files as the last commit has it, which git was told to overlook "
    "(a sparse checkout, assume-unchanged or skip-worktree); make it visible again"
)
BREAKS = "your {kind} stands there, where Copier itself would fail or write through it"
DELETED = "it was deleted in this repository, and Copier would bring it back; commit that first"
REJECTED = "Copier takes it for the rest of a patch and deletes it; give it another name"
NAMELESS = "its name is no UTF-8, and Copier would stop at it half-way; `ferrata climb` does not"
STANDS = "your {kind} stands where the template has a {wanted}; move it"
TAKEN_OUT = "you took this service out, so nothing was added to it"
UNSAID = "it is left as you wrote it; say there, if you want: {lines}"
LEFT_OUT = "left out, for your {kind} stands there: {paths}"

COMMITTED = (
    "an update was killed half-way and what it had written was committed then; "
    "take the commit back (git reset --soft {head}) and try again"
)
CHANGED_SINCE = (
    "an update was killed half-way and {path} was changed since; move your change away and try "
    "again, what was there before is put back then"
)
UNREADABLE = (
    "an update was cut off and {file} cannot be read; remove {folder} and git's index.lock, then "
    "`git checkout HEAD -- .` brings back what was committed"
)
TAKEN_BACK = "an update was killed half-way; it was taken back first, nothing of it is left"
FINISHED = "an update was killed at its very end; all of it is in your files and staged"
PUT_BACK = "`copier update` ended half-way; what it had taken away is there again: {paths}"


@dataclass(frozen=True)
class Conflict:
    """A path that cannot be both its owner's and the template's, and why."""

    path: str
    reason: str
    # Something of another kind is there: no text that could be merged.
    stands: bool = False
    # What its owner has to add by hand.
    lines: tuple[str, ...] = ()
    # Git does not let it be committed before it was added again.
    unmerged: bool = False

    @property
    def marked(self) -> bool:
        """Say whether both versions stand in it, between conflict markers."""
        return self.unmerged and self.reason not in {NO_TEXT, LOST}

    @property
    def beside(self) -> bool:
        """Say whether both are there, under names that Python would mix up."""
        return self.reason.startswith(SHADOW.partition("{")[0])

    def __str__(self) -> str:
        """Give it as one line."""
        return f"{self.path}: {self.reason}"
