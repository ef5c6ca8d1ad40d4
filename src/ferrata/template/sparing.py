"""What Copier does again and again, and need do only once.

Each of these leaves a Copier alone that works in another way: it is slower then, and as right.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def answers_listed_once() -> Iterator[None]:
    """Spare a tenth of the time: Copier lists the answers anew for each part of each path.

    They do not change while files are written.
    """
    from copier import _main  # noqa: PLC0415  (slow to import; only here it is needed)

    worker = _main.Worker
    write = getattr(worker, "_render_template", None)
    answers = getattr(worker, "_answers_to_remember", None)
    if not (write and answers):
        yield
        return
    listed: list[dict[str, Any]] = []

    def writing(self: Any) -> None:
        listed.append(answers(self))
        try:
            write(self)
        finally:
            listed.pop()

    with _replaced(
        worker,
        _render_template=writing,
        _answers_to_remember=lambda self: {**listed[-1]} if listed else answers(self),
    ):
        yield


@contextmanager
def modes_are_kept() -> Iterator[None]:
    """Spare a git process for each file: Copier asks whether a repository keeps file modes.

    What is written aside is in none.
    """
    from copier import _main  # noqa: PLC0415

    name = "_sync_git_index_executable_bit"
    if getattr(_main.Worker, name, None) is None:
        yield
        return
    with _replaced(_main.Worker, **{name: lambda *_: None}):
        yield


@contextmanager
def cloned_once() -> Iterator[None]:
    """Spare three clones of the template: Copier makes one for each of the steps of an update.

    What is cloned here lies in the scratch folder of the climb and goes with it.
    """
    from copier import _template  # noqa: PLC0415

    clone = getattr(_template, "clone", None)
    if clone is None:
        yield
        return
    made: dict[tuple[str, str], str] = {}

    def once(url: str, ref: str = "HEAD", location: str | None = None) -> str:  # noqa: ARG001
        if (url, ref) not in made:
            made[url, ref] = clone(url, ref)
        return made[url, ref]

    with _replaced(_template, clone=once):
        yield


@contextmanager
def _replaced(owner: Any, **attributes: Any) -> Iterator[None]:
    before = {name: getattr(owner, name) for name in attributes}
    for name, value in attributes.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(owner, name, value)
