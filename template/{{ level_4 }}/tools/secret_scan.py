"""The gate for secrets: nothing that looks like one is in a file that Git has, or would take.

A line that only looks like one gets `# pragma: allowlist secret`, and the reason.
With a file on the command line, the figures of the gate are written to it. Files in which
nothing was found are not looked into again until they, the rules or the scanner change.
"""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

from tools.common import ToolError, say

# What stands for a secret in documents and tests, and what is good for this machine alone.
EXAMPLES = r"^(?i:password|secret|inside|own|p%40ss|for-this-machine-alone.*)$"
# Of bandit, in ruff: somebody has said that it is none.
LOOKED_AT = r"# noqa: (\w+, )*S10[567]\b"
# What Alembic calls a migration, at random.
REVISIONS = r"^(down_)?revision = |^(Revision ID|Revises): "
# Files that hold nothing but secrets, whatever is in them.
KEPT_OUT = re.compile(r"(^|/)(\.env(\.(?!example$)[^/]+)?|[^/]+\.(pem|key|p12))$|^secrets/")
GUESSES = ("Base64HighEntropyString", "HexHighEntropyString")
"""What looks random: in tests that is data."""
ADDRESSES = "IPPublicDetector"
_FILTERS = (
    {"path": "detect_secrets.filters.allowlist.is_line_allowlisted"},
    {"path": "detect_secrets.filters.heuristic.is_indirect_reference"},
    {"path": "detect_secrets.filters.heuristic.is_likely_id_string"},
    {"path": "detect_secrets.filters.heuristic.is_lock_file"},
    {"path": "detect_secrets.filters.heuristic.is_not_alphanumeric_string"},
    {"path": "detect_secrets.filters.heuristic.is_potential_uuid"},
    {"path": "detect_secrets.filters.heuristic.is_prefixed_with_dollar_sign"},
    {"path": "detect_secrets.filters.heuristic.is_sequential_string"},
    {"path": "detect_secrets.filters.heuristic.is_templated_secret"},
    {"path": "detect_secrets.filters.regex.should_exclude_line", "pattern": [LOOKED_AT, REVISIONS]},
    {"path": "detect_secrets.filters.regex.should_exclude_secret", "pattern": [EXAMPLES]},
)
CLEAN = Path(".dev/clean_of_secrets.json")
"""Digests of the files in which nothing was found."""
_LOCK = "uv.lock"
_OTHERS = ("--others", "--exclude-standard")
_OWN = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def main() -> int:
    """Name each finding by its place, never by what it is; return 1 if there is any."""
    root = Path.cwd()
    try:
        files = sorted(_files(root))
        found = [*misplaced(files), *findings(files)]
    except ToolError as error:
        say(str(error), sys.stderr)
        return error.exit_code
    for one in found:
        say(one, sys.stdout)
    say(f"{len(found)} findings in {len(files)} files", sys.stdout)
    for figures in sys.argv[1:]:
        told = {"findings": len(found), "files": len(files)}
        Path(figures).write_text(json.dumps(told), encoding="utf-8")
    return int(bool(found))


def misplaced(files: Iterable[str]) -> Iterator[str]:
    """Find files of secrets."""
    for file in files:
        if KEPT_OUT.search(file):
            yield f"{file}:1: a file of secrets, which Git must not have: add it to .gitignore"


def findings(files: Iterable[str]) -> Iterator[str]:
    """Look into files that were not looked into before, and remember those that are clean."""
    digests = {file: _digest(file) for file in files if file != _LOCK}
    known = _known_as_clean()
    found: list[str] = []
    for file, finding in _looked_into([file for file in digests if digests[file] not in known]):
        found.append(file)
        yield finding
    _remember(digest for file, digest in digests.items() if file not in found)


def _digest(file: str) -> str:
    """Everything that decides what is found in a file: the name says how it is read."""
    rules = f"{metadata.version('detect-secrets')}\0{_OWN}\0{file}\0".encode()
    try:
        return hashlib.sha256(rules + Path(file).read_bytes()).hexdigest()
    except OSError as error:
        raise ToolError(f"{file} cannot be read: {error.strerror}") from error


def _known_as_clean() -> frozenset[str]:
    try:
        return frozenset(json.loads(CLEAN.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return frozenset()  # everything is looked into once more


def _remember(digests: Iterable[str]) -> None:
    CLEAN.parent.mkdir(exist_ok=True)
    new = CLEAN.with_suffix(".new")
    new.write_text(json.dumps(sorted(digests)), encoding="utf-8")
    new.replace(CLEAN)


def _looked_into(text: Iterable[str]) -> Iterator[tuple[str, str]]:
    tests = [file for file in text if "tests" in PurePosixPath(file).parts]
    code = [file for file in text if file not in set(tests)]
    kinds: dict[str, type] = get_mapping_from_secret_type_to_class()
    known = {kind.__name__ for kind in kinds.values()}
    yield from _scanned(code, known - {ADDRESSES})
    yield from _scanned(tests, known - {ADDRESSES, *GUESSES})


def _scanned(files: Iterable[str], plugins: Iterable[str]) -> Iterator[tuple[str, str]]:
    used = [{"name": name} for name in sorted(plugins)]
    secrets = SecretsCollection()
    with transient_settings({"plugins_used": used, "filters_used": list(_FILTERS)}):
        for file in files:
            secrets.scan_file(file)
    for file, one in sorted(secrets, key=lambda pair: (pair[0], pair[1].line_number)):
        yield file, f"{file}:{one.line_number}: {one.type}"


def _files(root: Path) -> list[str]:
    """List what Git has, and what it would take: without a repository, by one that is empty."""
    if (root / ".git").exists():
        names = _git(root, "ls-files", "-z", "--cached", *_OTHERS)
    else:
        with TemporaryDirectory() as folder:
            _git(root, "init", "--quiet", "--bare", folder)
            names = _git(root, f"--git-dir={folder}", "--work-tree=.", "ls-files", "-z", *_OTHERS)
    return [name for name in set(names.split("\0")) if name and (root / name).is_file()]


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True)  # noqa: S603, S607
    except FileNotFoundError as error:
        raise ToolError("git is not installed: it says which files there are") from error
    except subprocess.CalledProcessError as error:
        raise ToolError(f"git: {error.stderr.decode(errors='replace').strip()}") from error
    return done.stdout.decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
