"""The stand-in keeps the promises of what it stands in for."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from chassis.problems import NotFound, Outdated
from chassis.schemas import ListQuery
from chassis.testing.memory import MemoryRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNote:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(NewNote):
    id: UUID
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Note):
    version: int


async def test_what_is_added_is_found_changed_and_removed() -> None:
    notes = MemoryRecords(Note)

    note = await notes.add(NewNote(text="first"))
    changed = await notes.change(note.id, {"text": "second"})
    await notes.remove(note.id)

    assert note.text == "first"
    assert changed.text == "second"
    assert changed.updated_at >= note.updated_at
    with pytest.raises(NotFound):
        await notes.get(note.id)


async def test_a_version_is_kept_for_records_that_have_one() -> None:
    drafts = MemoryRecords(Draft)

    draft = await drafts.add(NewNote(text="first"))
    changed = await drafts.change(draft.id, {"text": "second"}, draft.version)

    assert (draft.version, changed.version) == (1, 2)
    assert await drafts.current(draft.id, 2) == changed
    for late in (
        drafts.current(draft.id, 1),
        drafts.change(draft.id, {"text": "third"}, 1),
        drafts.remove(draft.id, 1),
    ):
        with pytest.raises(Outdated):
            await late
    await drafts.remove(draft.id, 2)


async def test_the_newest_come_first() -> None:
    notes = MemoryRecords(Note)
    for text in ("a", "b", "c"):
        await notes.add({"text": text})

    page = await notes.list(ListQuery(limit=2))

    assert [note.text for note in page.items] == ["c", "b"]


async def test_an_unknown_id_is_not_found() -> None:
    with pytest.raises(NotFound):
        await MemoryRecords(Note).remove(uuid4())
