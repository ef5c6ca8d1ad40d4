"""Where the template is, and one committed state of it laid out in a folder."""

import importlib.metadata
import importlib.util
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from ferrata.errors import Failure
from ferrata.output import note
from ferrata.processes import GitError, git

ANSWERS_FILE = ".copier-answers.yml"
PACKAGED = Path(__file__).parent / "_template"
CHECKOUT = Path(__file__).resolve().parents[2]
BUNDLE = PACKAGED / "template.bundle"

URL = re.compile(r"^(git\+|gh:|gl:|[a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+:)", re.IGNORECASE)
KNOWN_TO_COPIER = re.compile(r"\.git$|^(git@|git://|git\+|gh:|gl:|https://git(hub|lab)\.com/)")
RELEASE = re.compile(r"^v?\d+(\.\d+)*$")
SHORTCUTS = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/", "git+": ""}
NEEDED = (
    "copier.yml",
    "extensions/answers.py",
    "hooks/after_copy.py",
    "hooks/after_update.py",
    "schemas/catalog.yml",
    "template",
)


@dataclass(frozen=True)
class Source:
    """A template's address: what a project records, and where git really reads it."""

    url: str
    repository: str
    ref: str | None = None

    @property
    def address(self) -> str:
        """The recorded address as git knows it, Copier's shortcuts written out."""
        return _expanded(self.url)

    @property
    def remote(self) -> bool:
        """Say whether Copier takes the address for one of another machine."""
        return URL.match(self.url) is not None


@dataclass(frozen=True)
class Template:
    """One commit of a template, laid out in `tree`."""

    source: Source
    commit: str
    tree: Path
    repository: Path

    @property
    def rules(self) -> ModuleType:
        """The checks and the data model of this very commit."""
        return load_module(self.tree / "extensions" / "answers.py")

    @property
    def hooks(self) -> ModuleType:
        """The steps after generating, of this very commit."""
        return load_module(self.tree / "hooks" / "after_copy.py")

    @property
    def updates(self) -> ModuleType:
        """The steps after an update, of this very commit."""
        return load_module(self.tree / "hooks" / "after_update.py")


def repository_url() -> str:
    """The canonical address of the template, from the package's metadata."""
    urls = importlib.metadata.metadata("ferrata").get_all("Project-URL") or []
    addresses = dict(str(entry).split(", ", 1) for entry in urls)
    return addresses["Repository"]


def home() -> Path:
    """The folder with the schemas, the extension and the hooks that came with this ferrata."""
    folder = PACKAGED if PACKAGED.is_dir() else CHECKOUT
    if not (folder / "schemas").is_dir():
        raise Failure(
            f"no template at {folder}: the installation is incomplete; install ferrata again"
        )
    return folder


def rules() -> ModuleType:
    """The checks that came with this ferrata."""
    return load_module(home() / "extensions" / "answers.py")


def hooks() -> ModuleType:
    """The steps after generating that came with this ferrata."""
    return load_module(home() / "hooks" / "after_copy.py")


def load_module(file: Path) -> ModuleType:
    """Load a module by its path, so that each template commit brings its own."""
    name = f"ferrata_template_{file.stem}_{abs(hash(file)):x}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise Failure(f"{file} is no Python module; the template is incomplete")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def built_in(ref: str | None = None) -> Source:
    """The template that came with this ferrata: the wheel's bundle, or the checkout."""
    chosen = "HEAD" if ref is None else ref
    if BUNDLE.is_file():
        return Source(repository_url(), str(BUNDLE), chosen)
    return Source(str(home()), str(home()), chosen)


def find(given: str | None, ref: str | None) -> Source:
    """Turn `--template` and `--ref` into a source."""
    if given is None:
        return built_in(ref)
    if URL.match(given):
        # Copier knows some addresses as git's by themselves, the others by this prefix.
        url = given if KNOWN_TO_COPIER.search(given) else f"git+{given}"
        return Source(url, _expanded(url), ref)
    path = Path(given).expanduser().resolve()
    if not path.exists():
        raise Failure(
            f"--template {given} does not exist; give a folder with a git repository, or a URL"
        )
    return Source(str(path), str(path), "HEAD" if ref is None else ref)


def _expanded(url: str) -> str:
    """Write out Copier's shortcuts."""
    for short, full in SHORTCUTS.items():
        if url.startswith(short):
            return full + url.removeprefix(short)
    return url


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for temporary files; everything made meanwhile goes there, and nothing stays."""
    before = tempfile.tempdir
    folder = Path(tempfile.mkdtemp(prefix="ferrata."))
    tempfile.tempdir = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def opened(source: Source) -> Iterator[Template]:
    """Lay one commit of a template out in a scratch folder."""
    with scratch() as folder:
        repository = _repository(source, folder)
        commit = _commit(source, repository)
        tree = folder / "tree"
        _lay_out(repository, commit, tree)
        if missing := [name for name in NEEDED if not (tree / name).exists()]:
            raise Failure(f"{source.url} is no Ferrata template: it has no {missing[0]}")
        yield Template(source, commit, tree, repository)


def _repository(source: Source, folder: Path) -> Path:
    """The repository on this machine: the folder itself, or a mirror of what is elsewhere."""
    path = Path(source.repository)
    if path.is_dir():
        _refuse_subfolder(source, path)
        return path
    mirror = folder / "mirror.git"
    try:
        git("clone", "--quiet", "--mirror", "--", source.repository, str(mirror))
    except GitError as error:
        raise Failure(
            f"the template {source.url} cannot be read: {error}; check the address and the network"
        ) from None
    return mirror


def _refuse_subfolder(source: Source, path: Path) -> None:
    try:
        top = Path(git("rev-parse", "--show-toplevel", at=path))
    except GitError as error:
        raise Failure(
            f"{source.url} is no git repository ({error}); a template is the root of one"
        ) from None
    if top.resolve() != path.resolve():
        raise Failure(f"{source.url} is inside the repository {top}; give its root as the template")


def _commit(source: Source, repository: Path) -> str:
    """Find the commit of the ref; without one, that of the newest release, as Copier does."""
    ref = source.ref
    if ref is None:
        ref = newest_release(repository) or "HEAD"
    for candidate in (ref, f"refs/remotes/origin/{ref}"):
        try:
            return git(
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                f"{candidate}^{{commit}}",
                at=repository,
            )
        except GitError:
            continue
    tags = ", ".join(releases(repository)[:5]) or "none"
    raise Failure(
        f"{source.url} has no revision {ref!r}; give a tag, branch or commit; newest tags: {tags}"
    )


def releases(repository: Path) -> list[str]:
    """The release tags, newest first."""
    tags = git("tag", "--list", "--sort=-version:refname", at=repository).splitlines()
    return [tag for tag in tags if RELEASE.match(tag)]


def newest_release(repository: Path) -> str | None:
    """The newest release tag, if there is one."""
    return next(iter(releases(repository)), None)


def _lay_out(repository: Path, commit: str, tree: Path) -> None:
    try:
        git("clone", "--quiet", "--shared", "--no-checkout", "--", str(repository), str(tree))
        git("checkout", "--quiet", "--detach", commit, at=tree)
    except GitError as error:
        raise Failure(f"the template cannot be laid out in {tree.parent}: {error}") from None


def warn_if_dirty(source: Source) -> None:
    """Say that uncommitted changes of a template are left out: a project records a commit."""
    path = Path(source.repository)
    if path.is_dir() and git("status", "--porcelain", at=path):
        note(f"ferrata: {path} has uncommitted changes; they are left out, the commit is used")
