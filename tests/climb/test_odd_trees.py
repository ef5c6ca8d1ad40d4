"""What else may stand in a project: nothing of it is lost, nothing is said that is not so."""

import base64
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import turns
from tests.climb.conftest import Climb
from tests.climb.support import LISTS, copy_of, listed, state
from tests.climb.trees import changed, everything
from tests.support import commit_all, files_of, git

pytestmark = [pytest.mark.usefixtures("quick"), turns.odd_trees]


def first_every_day(*cases: object) -> list[object]:
    """One of each kind every day, its relatives where everything is run."""
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            marks=pytest.mark.long if number else [],
        )
        for number, case in enumerate(cases)
    ]


Tree = Callable[[Path], None]
# A file of level 2 in a folder that level 1 has not, and the folder.
NEW = "chassis/src/chassis/environment/__init__.py"
NEW_FOLDER = "chassis/src/chassis/environment"
KEPT = "every update keeps them"
DATA_API = "services/team_data_postgres_api"


def write(file: Path, content: bytes = b"mine\n") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def ignore(project: Path, pattern: str) -> None:
    write(project / ".git/info/exclude", f"{pattern}\n".encode())


def append(file: Path, content: bytes) -> None:
    file.write_bytes(file.read_bytes() + content)


def outside(project: Path) -> Path:
    """A folder beside the project, with something in it."""
    folder = project.parent / "outside"
    write(folder / "precious.md", b"precious\n")
    return folder


def refused(project: Path, climb: Climb, *arguments: object) -> str:
    """A climb that changes nothing and says why; give the lines below the first."""
    before, around = state(project), files_of(project.parent)
    run = climb(project, *(arguments or ("--to", 2)))
    assert run.code == 1, run.out + run.err
    assert "nothing was changed" in run.err
    assert state(project) == before
    assert files_of(project.parent) == around
    return run.err


def climbed(project: Path, climb: Climb, *arguments: object) -> str:
    """A climb that loses nothing of what is no file of the template's; give what it says."""
    listed_before = git(project, "ls-files", "-s").splitlines()
    before = files_of(project)
    run = climb(project, *(arguments or ("--to", 2)))
    assert run.code == 0, run.out + run.err
    theirs = listed(project, LISTS[1])
    after, staged = files_of(project), git(project, "ls-files", "-s").splitlines()
    for path in before.keys() - theirs - {".env", LISTS[0], "uv.lock"}:
        assert after.get(path) == before[path], path
    for entry in listed_before:
        if entry.partition("\t")[2] not in theirs | {LISTS[0], "uv.lock"}:
            assert entry in staged, entry
    return run.out + run.err


# 1. What git ignores, or overlooks


def _ignored_file_for_a_folder(project: Path) -> None:
    ignore(project, f"/{NEW_FOLDER}")
    write(project / NEW_FOLDER)


def _ignored_link_for_a_folder(project: Path) -> None:
    ignore(project, f"/{NEW_FOLDER}")
    (project / NEW_FOLDER).symlink_to(outside(project))


def _ignored_link_to_nowhere(project: Path) -> None:
    ignore(project, f"/{NEW_FOLDER}")
    (project / NEW_FOLDER).symlink_to("nowhere")


def _ignored_folder_for_a_file(project: Path) -> None:
    ignore(project, f"/{NEW}")
    write(project / NEW / "mine.txt")


def _ignored_file_for_a_file(project: Path) -> None:
    ignore(project, f"/{NEW}")
    write(project / NEW)


def _ignored_repository_around(project: Path) -> None:
    ignore(project, f"/{NEW_FOLDER}")
    (project / NEW_FOLDER).mkdir()
    git(project / NEW_FOLDER, "init", "--quiet")


def _edit_that_git_overlooks(project: Path) -> None:
    git(project, "update-index", "--assume-unchanged", "tools/gates.toml")
    append(project / "tools/gates.toml", b"# mine\n")


def _file_that_git_keeps_out(project: Path) -> None:
    git(project, "update-index", "--skip-worktree", "tools/gates.toml")
    (project / "tools/gates.toml").unlink()


@pytest.mark.parametrize(
    ("tree", "path", "said"),
    first_every_day(
        (_ignored_file_for_a_folder, NEW_FOLDER, "git ignores this file of yours"),
        (_ignored_link_for_a_folder, NEW_FOLDER, "git ignores this link of yours"),
        (_ignored_link_to_nowhere, NEW_FOLDER, "git ignores this link of yours"),
        (_ignored_folder_for_a_file, NEW, "git ignores this folder of yours"),
        (_ignored_file_for_a_file, NEW, "git ignores this file of yours"),
        (_ignored_repository_around, NEW_FOLDER, "a repository of its own"),
        (_edit_that_git_overlooks, "tools/gates.toml", "git was told to overlook"),
        (_file_that_git_keeps_out, "tools/gates.toml", "git was told to overlook"),
    ),
)
def test_what_git_does_not_show_is_in_the_way(
    tree: Tree, path: str, said: str, project: Path, climb: Climb
) -> None:
    tree(project)
    commit_all(project, "edited")

    told = refused(project, climb)

    assert f"{path}: " in told
    assert said in told
    # It is not among the conflicts that could be kept.
    assert "--keep-conflicts" not in told
    assert refused(project, climb, "--to", 2, "--keep-conflicts") == told


@pytest.mark.long
def test_ignored_files_beside_are_not(project: Path, climb: Climb) -> None:
    ignore(project, "*.mine")
    write(project / NEW_FOLDER / "notes.mine")

    climbed(project, climb)

    assert (project / NEW).exists()


# 2. Bytes that are no UTF-8


@pytest.mark.parametrize(
    "text",
    first_every_day(
        b"caf\xe9\n", "日本\n".encode("shift-jis"), b"\x80\xff\n", b"mine\r\n", b"no line end"
    ),
    ids=["latin-1", "shift-jis", "no-text", "windows", "no-end"],
)
def test_any_bytes_that_can_be_merged_are(text: bytes, project: Path, climb: Climb) -> None:
    append(project / "AGENTS.md", text)
    append(project / ".gitignore", text)
    commit_all(project, "edited")
    before = (project / "AGENTS.md").read_bytes()
    # The project has git keep its line ends; everything else is kept as it is.
    kept = text.replace(b"\r\n", b"\n")

    climbed(project, climb)

    after = (project / "AGENTS.md").read_bytes()
    assert after.endswith(kept)
    assert after != before
    assert (project / ".gitignore").read_bytes().endswith((text, kept))


@pytest.mark.long
def test_line_ends_that_git_keeps_are_kept(project: Path, climb: Climb) -> None:
    append(project / ".gitattributes", b"* -text\n")
    append(project / "AGENTS.md", b"mine\r\n")
    commit_all(project, "edited")

    climbed(project, climb)

    assert (project / "AGENTS.md").read_bytes().endswith(b"mine\r\n")


@pytest.mark.parametrize("encoding", first_every_day("utf-16", "utf-32"))
def test_what_cannot_be_merged_is_a_conflict(encoding: str, project: Path, climb: Climb) -> None:
    text = (project / "AGENTS.md").read_text("utf-8") + "Mine\n"
    (project / "AGENTS.md").write_text(text, encoding)
    commit_all(project, "edited")

    assert "AGENTS.md: you and the template changed it, and it is no text" in refused(
        project, climb
    )

    run = climb(project, "--to", 2, "--keep-conflicts")
    assert run.code == 1
    assert (project / "AGENTS.md").read_text(encoding) == text
    assert "1 file kept as yours, the template's is left out; mend them, `git add`" in run.err
    assert "markers" not in run.err
    assert git(project, "ls-files", "--unmerged") != ""


@pytest.mark.parametrize(
    "path",
    first_every_day(
        ".ferrata/answers.sha256",
        ".copier-answers.yml",
        ".env",
        ".ferrata/seeds.txt",
        ".ferrata/template.txt",
        ".python-version",
        "pyproject.toml",
        "services/team_data_postgres_api/pyproject.toml",
        "tools/gates.toml",
        "tools/requirements.toml",
    ),
)
def test_what_it_reads_may_be_no_text(path: str, project: Path, climb: Climb) -> None:
    """In one line it says so, or does without; a traceback would be a fault of its own."""
    append(project / path, b"# \xff\xfe\n")
    commit_all(project, "edited")
    before = everything(project)

    for step in (["--to", 2, "--dry-run"], ["--to", 2]):
        run = climb(project, *step)
        assert run.code in {0, 1}, run.err
        assert "Traceback" not in run.err
        if run.code:
            assert changed(before, everything(project)) == []


def test_names_that_are_no_utf_8(project: Path, climb: Climb) -> None:
    for name in (b"services/caf\xe9.md", b"docs/\xff\xfe", b"\xe9/\xe8.txt", b"docs/ a\n b "):
        write(Path(os.fsdecode(os.fsencode(project) + b"/" + name)))
    commit_all(project, "edited")

    climbed(project, climb)


# 3. Submodules and links


def _data_service_as_submodule(project: Path) -> None:
    other = outside(project)
    git(other, "init", "--quiet")
    head = commit_all(other, "start")
    git(project, "rm", "-rq", DATA_API)
    git(project, "update-index", "--add", "--cacheinfo", f"160000,{head},{DATA_API}")
    (project / DATA_API).mkdir(parents=True, exist_ok=True)
    commit_staged(project)


def commit_staged(project: Path) -> None:
    author = ["-c", "user.name=Tests", "-c", "user.email=tests@example.com"]
    git(project, *author, "commit", "--quiet", "--message", "edited")


def _renamed_service_with_a_link(project: Path) -> None:
    (project / DATA_API).rename(project / "services/records")
    (project / DATA_API).symlink_to("records")
    commit_all(project, "edited")


def _linked_service(project: Path) -> None:
    target = outside(project) / "records"
    (project / DATA_API).rename(target)
    (project / DATA_API).symlink_to(target)
    commit_all(project, "edited")


def _linked_folder_of_seeds(project: Path) -> None:
    (project / "shared").rename(project / "common")
    (project / "shared").symlink_to("common")
    commit_all(project, "edited")


def _seed_that_is_a_link(project: Path) -> None:
    (project / "README.md").rename(project / "NOTES.md")
    (project / "README.md").symlink_to("NOTES.md")
    commit_all(project, "edited")


@pytest.mark.parametrize(
    "tree",
    first_every_day(
        _data_service_as_submodule,
        _renamed_service_with_a_link,
        _linked_service,
        _linked_folder_of_seeds,
        _seed_that_is_a_link,
    ),
)
def test_links_and_submodules_are_their_owners(tree: Tree, project: Path, climb: Climb) -> None:
    tree(project)
    around = files_of(project.parent / "outside") if (project.parent / "outside").exists() else {}

    told = climbed(project, climb, "--to", 2, "--add", "files")

    if tree is _linked_folder_of_seeds:
        assert "shared: left out, for your link stands there: shared/src/shared/files.py" in told
        assert not (project / "common/src/shared/files.py").exists()
    if around:
        assert files_of(project.parent / "outside") == around
    commit_all(project, "climbed")
    assert "nothing to do" in climb(project, "--to", 2, "--add", "files").out


def test_a_link_where_the_template_has_a_folder(project: Path, climb: Climb) -> None:
    target = outside(project) / "docs"
    (project / "docs").rename(target)
    (project / "docs").symlink_to(target)
    commit_all(project, "edited")

    told = refused(project, climb)

    assert "docs: your link stands where the template has a folder; move it" in told
    assert told.count("docs: ") == 1


def test_a_link_where_the_template_has_its_lists(project: Path, climb: Climb) -> None:
    (project / ".ferrata").rename(project / "shared/ferrata")
    (project / ".ferrata").symlink_to("shared/ferrata")
    commit_all(project, "edited")

    assert ".ferrata: your link stands where the template has a folder" in refused(project, climb)


@pytest.mark.long
def test_a_submodule_where_the_template_has_a_folder(project: Path, climb: Climb) -> None:
    git(project, "rm", "-rq", "docs")
    head = git(project, "rev-parse", "HEAD").strip()
    git(project, "update-index", "--add", "--cacheinfo", f"160000,{head},docs")
    (project / "docs").mkdir()
    commit_staged(project)

    assert "docs: your submodule stands where the template has a folder" in refused(project, climb)


# 4. Kinds that changed


def test_a_file_where_the_template_has_a_folder(project: Path, climb: Climb) -> None:
    git(project, "rm", "-rq", "docs")
    write(project / "docs", b"wiki\n")
    commit_all(project, "edited")

    assert "docs: your file stands where the template has a folder" in refused(project, climb)

    run = climb(project, "--to", 2, "--keep-conflicts")
    assert run.code == 1
    assert (project / "docs").read_text() == "wiki\n"
    assert "docs: your file" in run.err
    assert "1 file kept as yours, the template's is left out; mend them and commit" in run.err
    assert "markers" not in run.err
    assert git(project, "ls-files", "--unmerged") == ""


@pytest.mark.parametrize("path", first_every_day("Makefile", NEW))
def test_a_folder_where_the_template_has_a_file(path: str, project: Path, climb: Climb) -> None:
    (project / path).unlink(missing_ok=True)
    write(project / path / "mine.txt")
    commit_all(project, "edited")

    assert f"{path}: your folder stands where the template has a file" in refused(project, climb)


@pytest.mark.long
def test_other_kinds_in_owners_places_are_theirs(project: Path, climb: Climb) -> None:
    git(project, "rm", "-rq", DATA_API, "deploy/local", "README.md")
    write(project / DATA_API)
    write(project / "deploy/local")
    write(project / "README.md/index.md")
    commit_all(project, "edited")

    climbed(project, climb)


# 5. Names that Python would mix up


def _module_beside_a_new_package(project: Path) -> str:
    write(project / "shared/src/shared/events.py", b"MINE = 1\n")
    return "shared/src/shared/events.py"


def _ignored_module_beside_a_new_package(project: Path) -> str:
    ignore(project, "events.py")
    return _module_beside_a_new_package(project)


def _package_of_the_same_name_elsewhere(project: Path) -> str:
    write(project / "services/own/src/chassis_rabbitmq/__init__.py", b"")
    return "services/own/src/chassis_rabbitmq"


def _module_that_a_new_dependency_hides(project: Path) -> str:
    write(project / "services/team_tasks_api/src/faststream.py", b"MINE = 1\n")
    return "services/team_tasks_api/src/faststream.py"


def _package_that_a_new_dependency_hides(project: Path) -> str:
    ignore(project, "aio_pika/")
    write(project / "shared/src/aio_pika/__init__.py", b"")
    return "shared/src/aio_pika"


TREES_THAT_HIDE = [
    _module_that_a_new_dependency_hides,
    _package_that_a_new_dependency_hides,
    _module_beside_a_new_package,
    _ignored_module_beside_a_new_package,
    _package_of_the_same_name_elsewhere,
]


@pytest.mark.parametrize("tree", first_every_day(*TREES_THAT_HIDE))
def test_a_new_package_hides_nothing(
    tree: Callable[[Path], str], project: Path, climb: Climb
) -> None:
    path = tree(project)
    commit_all(project, "edited")

    told = refused(project, climb, "--add", "rabbitmq")

    assert f"{path}: the template brings " in told
    assert "Python would import only one of the two" in told


@pytest.mark.long
def test_a_new_module_is_not_hidden(project: Path, climb: Climb) -> None:
    write(project / "shared/src/shared/files/__init__.py", b"MINE = 1\n")
    commit_all(project, "edited")

    told = refused(project, climb, "--add", "files")

    assert "shared/src/shared/files: the template brings shared/src/shared/files.py" in told


# 6. and 7. are in test_one_step.py. 8. The surroundings


def _hooks_and_templates(project: Path, home: Path) -> None:
    hook = write(home / "hooks/post-checkout", b"#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    for name in ("pre-commit", "post-index-change", "reference-transaction", "post-commit"):
        write(home / "hooks" / name, hook.read_bytes()).chmod(0o755)
    write(
        home / ".gitconfig",
        f"[core]\nhooksPath={home}/hooks\n[init]\ntemplateDir={home}\n".encode(),
    )


def _required_filter(project: Path, home: Path) -> None:
    write(home / "attributes", b"*.py filter=gone\n*.yml filter=gone\n")
    write(
        home / ".gitconfig",
        f"[core]\nattributesFile={home}/attributes\n"
        '[filter "gone"]\nrequired=true\nclean=cat\nsmudge=cat\n'.encode(),
    )


def _signing_and_line_ends(project: Path, home: Path) -> None:
    write(
        home / ".gitconfig",
        b"[commit]\ngpgSign=true\n[gpg]\nprogram=/nowhere\n[core]\nautocrlf=input\nsafecrlf=true\n"
        b"[merge]\nconflictStyle=diff3\n[diff]\nnoprefix=true\n[status]\nshort=true\n",
    )


def _ignored_everywhere(_project: Path, home: Path) -> None:
    write(home / "ignored", b"tools/\ndocs/\nlocal/\nlogs/\n*.mk\n")
    write(home / ".gitconfig", f"[core]\nexcludesFile={home}/ignored\n".encode())


def _colours_and_diffs(_project: Path, home: Path) -> None:
    colours = b"[color]\nui=always\n[diff]\nexternal=/bin/false\nmnemonicPrefix=true\n"
    write(
        home / ".gitconfig", colours + b"[core]\npager=/bin/false\n[merge]\nconflictStyle=diff3\n"
    )


def with_a_filter(project: Path) -> None:
    """Owners who let git keep pages in another form than the one that they read."""
    git(project, "config", "filter.boxed.clean", "base64")
    git(project, "config", "filter.boxed.smudge", "base64 --decode")
    git(project, "config", "filter.boxed.required", "true")
    append(project / ".gitattributes", b"*.md filter=boxed\n")
    git(project, "add", "--renormalize", ".")
    commit_all(project, "boxed")
    assert git(project, "show", "HEAD:AGENTS.md") != (project / "AGENTS.md").read_text()


def test_a_filter_of_the_projects_own(project: Path, fresh_2: Path, climb: Climb) -> None:
    with_a_filter(project)

    climbed(project, climb)

    assert git(project, "diff", "--name-only") == ""
    for path in listed(fresh_2, LISTS[1]) - {".gitattributes"}:
        assert (project / path).read_bytes() == (fresh_2 / path).read_bytes(), path
    staged = git(project, "show", ":docs/maturity.md").replace("\n", "")
    assert base64.b64decode(staged) == (fresh_2 / "docs/maturity.md").read_bytes()


USERS_OTHER_WORK = [
    _hooks_and_templates,
    _required_filter,
    _signing_and_line_ends,
    _ignored_everywhere,
    _colours_and_diffs,
]


@pytest.mark.parametrize("machine", first_every_day(*USERS_OTHER_WORK))
def test_what_a_user_set_up_for_other_work(
    machine: Callable[[Path, Path], None], project: Path, tmp_path: Path, climb: Climb
) -> None:
    machine(project, tmp_path / "home")

    climbed(project, climb)

    assert git(project, "diff", "--name-only") == ""


@pytest.mark.long
def test_what_git_told_a_hook_is_not_about_this_project(
    project: Path, tmp_path: Path, climb: Climb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever climbs inside a hook of another repository climbs this project."""
    git(tmp_path, "init", "--quiet", "other")
    with monkeypatch.context() as hook:
        hook.setenv("GIT_DIR", str(tmp_path / "other/.git"))
        hook.setenv("GIT_INDEX_FILE", str(tmp_path / "other/.git/index"))
        run = climb(project, "--to", 2)

    assert run.code == 0, run.err
    assert git(project, "diff", "--name-only") == ""
    assert not (tmp_path / "other/.git/index").exists()


@pytest.mark.long
def test_a_filter_that_fails_is_told_in_one_line(
    project: Path, tmp_path: Path, climb: Climb
) -> None:
    _required_filter(project, tmp_path / "home")
    config = tmp_path / "home/.gitconfig"
    fails = config.read_text().replace("=cat", "=/nowhere/filter")
    before = state(project)
    config.write_text(fails)

    run = climb(project, "--to", 2)

    assert run.code == 1
    assert run.err.count("\n") == 1, run.err
    config.unlink()
    assert state(project) == before


def test_a_repository_with_longer_names(level_1: Path, tmp_path: Path, climb: Climb) -> None:
    project = copy_of(level_1, tmp_path / "demo")
    subprocess.run(["rm", "-r", str(project / ".git")], check=True)
    git(project, "init", "--quiet", "--object-format=sha256")
    commit_all(project, "start")

    climbed(project, climb)

    assert git(project, "diff", "--name-only") == ""


ODD_NAMES = ["demo ", " demo", "de\nmo", "demo\n", 'de"m:o', "дом-\\1"]


@pytest.mark.parametrize("name", first_every_day(*ODD_NAMES))
def test_odd_names_of_folders(name: str, level_1: Path, tmp_path: Path, climb: Climb) -> None:
    project = copy_of(level_1, tmp_path / name)

    climbed(project, climb)

    assert git(project, "diff", "--name-only") == ""
    assert (project / NEW).exists()


@pytest.mark.long
@pytest.mark.parametrize("most", [20_000, 400_000])
def test_little_room_for_temporary_files(most: int, project: Path) -> None:
    before = state(project)

    run = subprocess.run(
        [sys.executable, "-m", "ferrata", "climb", str(project), "--to", "2"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1, run.stderr
    assert run.stderr.count("\n") == 1, run.stderr
    assert "nothing was changed" in run.stderr or "cannot be laid out" in run.stderr
    assert state(project) == before
