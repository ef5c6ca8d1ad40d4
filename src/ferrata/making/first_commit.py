"""The repository of a new project and its first commit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ferrata.base import Failure, GitError, git


def commit_all(folder: Path, answers: Mapping[str, Any]) -> None:
    """Make the repository and its first commit, without any configuration or hook of the user."""
    try:
        branch = f"--initial-branch={_default_branch()}"
        git("init", "--quiet", "--template=", branch, at=folder, exact=True)
        git("add", "--all", at=folder, exact=True)
        message = f"Start {answers['project_name']} at level {answers['level']}"
        options = ["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false"]
        git(*options, *_identity(answers), "commit", "--quiet", f"--message={message}", at=folder)
    except GitError as error:
        raise Failure(
            f"git could not make the first commit: {error}; nothing was written"
        ) from None


def _default_branch() -> str:
    try:
        return git("config", "--get", "init.defaultBranch") or "main"
    except GitError:
        return "main"


def _identity(answers: Mapping[str, Any]) -> list[str]:
    """The author of the answers, where git knows no user."""
    try:
        git("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")
        git("-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT")
    except GitError:
        name = "".join(char for char in answers["author_name"] if char not in "<>")
        # git refuses a name of punctuation alone.
        known = name if any(char.isalnum() for char in name) else answers["author_email"]
        return ["-c", f"user.name={known}", "-c", f"user.email={answers['author_email']}"]
    return []
