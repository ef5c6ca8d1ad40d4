"""A disk that fills up while a climb is written: the old project or the new one, and it is said.

The disk is a real one, in memory; where nothing may be mounted, these tests are skipped and say so,
or fail where everything has to be there.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ferrata.base import one_line
from tests.choosing import missing
from tests.climb.conftest import Climb
from tests.climb.support import LISTS, listed, state, to, update
from tests.climb.test_one_step import MOVES, is_taken_back_at, litter
from tests.climb.trees import changed, everything
from tests.support import git

KB = 1024
# Room that is left, in steps: at first nothing can be written, at last everything.
ROOM_KB = [0, 8, 64, 128, 256, 512, 768, 1024, 1536, 2048, 3072, 4096, 8192]
INODES = [0, 1, 10, 50, 100, 150, 200, 300, 500, 1000]
Limit = Callable[[str], None]


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        missing(f"no disk can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if shutil.which("mount") is None:
        missing("no disk can be mounted here: there is no `mount`")
    mount("-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder))
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def on_disk(level_1: Path, disk: Path) -> Path:
    """A project on it."""
    return shutil.copytree(level_1, disk / "demo", symlinks=True)


@pytest.mark.usefixtures("quick")
def test_a_disk_that_is_full_in_the_middle(
    project: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every day and everywhere, without a disk of its own."""
    is_taken_back_at(MOVES[3], project, climb, monkeypatch)


def leave_room(disk: Path, room_kb: int) -> None:
    there = os.statvfs(disk)
    used = (there.f_blocks - there.f_bfree) * there.f_frsize
    mount("-o", f"remount,size={used + room_kb * KB}", str(disk))


def leave_inodes(disk: Path, inodes: int) -> None:
    there = os.statvfs(disk)
    mount("-o", f"remount,nr_inodes={there.f_files - there.f_ffree + inodes}", str(disk))


@pytest.mark.long
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("leave", "steps"), [(leave_room, ROOM_KB), (leave_inodes, INODES)], ids=["bytes", "files"]
)
def test_a_full_disk(
    leave: Callable[[Path, int], None],
    steps: list[int],
    on_disk: Path,
    disk: Path,
    fresh_2: Path,
    climb: Climb,
) -> None:
    before, all_before = state(on_disk), everything(on_disk)
    codes = []
    for step in steps:
        leave(disk, step)
        run = climb(on_disk, "--to", 2)
        codes.append(run.code)
        if run.code == 0:
            break
        assert run.code == 1, run.err
        assert one_line(run.err).startswith("ferrata: the climb could not be written: ")
        assert "; everything is as before" in run.err
        assert run.err.count("\n") == 1
        assert state(on_disk) == before, step
        assert changed(all_before, everything(on_disk)) == []
        assert litter(on_disk) == []

    assert len(codes) > 3
    assert codes[-1] == 0
    for path in listed(fresh_2, LISTS[1]):
        assert (on_disk / path).read_bytes() == (fresh_2 / path).read_bytes(), path
    assert git(on_disk, "diff", "--name-only") == ""


@pytest.mark.long
@pytest.mark.usefixtures("quick")
def test_a_disk_that_becomes_read_only(on_disk: Path, disk: Path, climb: Climb) -> None:
    before = state(on_disk)
    mount("-o", "remount,ro", str(disk))

    run = climb(on_disk, "--to", 2)

    assert run.code == 1
    assert "Read-only file system; everything is as before" in run.err
    assert run.err.count("\n") == 1
    assert state(on_disk) == before


@pytest.mark.long
def test_no_room_for_temporary_files(project: Path, disk: Path) -> None:
    before = state(project)
    for room in (4, 64, 512, 1024, 2048):
        mount("-o", f"remount,size={room}k", str(disk))
        run = subprocess.run(
            [sys.executable, "-m", "ferrata", "climb", str(project), "--to", "2"],
            env={**os.environ, "TMPDIR": str(disk)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 1, (room, run.stderr)
        assert run.stderr.count("\n") == 1, run.stderr
        assert run.stderr.startswith("ferrata: ")
        assert state(project) == before
        assert list(disk.iterdir()) == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("leave", "room"), [(leave_room, 64), (leave_room, 1024), (leave_inodes, 20)]
)
def test_copier_alone_is_stopped_before_it_writes(
    leave: Callable[[Path, int], None], room: int, on_disk: Path, disk: Path
) -> None:
    leave(disk, room)
    before = everything(on_disk)

    run = update(on_disk, *to(2))

    assert run.returncode == 1
    assert "nothing was changed" in run.stderr
    assert "Traceback" not in run.stderr
    assert changed(before, everything(on_disk)) == []


@pytest.mark.long
def test_copier_alone_needs_room_for_temporary_files(
    project: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It writes there after it has written into the project; what looks before needs more."""
    before = everything(project)
    monkeypatch.setenv("TMPDIR", str(disk))
    codes = []
    for room in range(4, 96, 6):
        mount("-o", f"remount,size={room}m", str(disk))
        codes.append(update(project, *to(2)).returncode)
        if codes[-1] == 0:
            break
        assert changed(before, everything(project)) == [], room

    assert len(codes) > 3
    assert codes[-1] == 0
