"""What a new project needs once its files are written: uv.lock, .env, its packages, green gates.

`copier copy --trust` runs this file inside the project; `ferrata new` and `ferrata check` call its
functions. It is one file of the standard library, because it runs in Copier's environment. A step
that cannot run (no uv, no network) is reported as NOT RUN with its reason, never as done.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# What a project has besides the rendered files once the steps ran.
MADE = (".env", "uv.lock")

GREEN, RED, INTERRUPTED = 0, 4, 130
# A list of patterns that somebody ignores everywhere must not leave a part of the project out.
ADD = "git -c core.excludesFile= add --all ."
NO_UV = "uv is missing; install it (`python -m pip install uv`)"
CAUSE = re.compile("cause:|Caused by:")
# A tool needs this long at most to stop their own children.
STOP_GRACE_S = 8.0


class NotRun(Exception):  # noqa: N818  (a result that is reported, not a fault)
    """A step could not run; the message is the reason and the remedy, in one line."""


def lock(project: Path) -> None:
    """Pin every package in uv.lock."""
    _uv(project, "lock", remedy="run `uv lock` in the project")


def locked(project: Path) -> bool:
    """Say whether uv.lock fits what the project asks for; true if nobody can tell."""
    try:
        command = [find_uv(), "lock", "--check", "--offline", "--project", str(project)]
    except NotRun:
        return True
    done = subprocess.run(  # noqa: S603  (made above)
        command, cwd=project, env=_environment(), capture_output=True, check=False
    )
    return done.returncode == 0


def write_env(project: Path, folder: Path | None = None) -> None:
    """Make or complete .env from .env.example, with random secrets; also in another folder."""
    command = [sys.executable, "-m", "tools.env"]
    remedy = "run `uv run python -m tools.env` in the project"
    _run(command, folder or project, remedy, PYTHONPATH=str(project))


def sync(project: Path) -> None:
    """Install the project's packages into its .venv, exactly as locked."""
    frozen = ["--frozen"] if (project / "uv.lock").exists() else []
    _uv(project, "sync", "--all-packages", *frozen, remedy="run `make check` in the project later")


def check(project: Path, arguments: Sequence[str] = (), stdout: int | None = None) -> int:
    """Run the gates of a synced project and give their exit code: 0 green, 4 not."""
    return run_tool(project, "tools.check", arguments, stdout)


def run_tool(
    project: Path,
    module: str,
    arguments: Sequence[str] = (),
    stdout: int | None = None,
    *,
    silent: bool = False,
) -> int:
    """Run one of the tools of a synced project and give its exit code."""
    command = [find_uv(), "run", "--no-sync", "python", "-m", module, *arguments]
    out, err = (subprocess.DEVNULL, subprocess.DEVNULL) if silent else (stdout, None)
    with subprocess.Popen(command, cwd=project, env=_environment(), stdout=out, stderr=err) as tool:  # noqa: S603
        try:
            return tool.wait()
        except KeyboardInterrupt:
            _let_stop(tool)
            raise


def _let_stop(tool: "subprocess.Popen[bytes]") -> None:
    """Wait until a tool stopped; a Ctrl-C at a terminal reached it too."""
    for harder in (tool.terminate, tool.kill):
        try:
            tool.wait(STOP_GRACE_S)
        except subprocess.TimeoutExpired:
            harder()


def _uv(project: Path, *arguments: str, remedy: str) -> None:
    _run([find_uv(), *arguments, "--project", str(project)], project, remedy)


def find_uv() -> str:
    """Find uv beside the running Python first, where it comes as a dependency."""
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    found = shutil.which("uv", path=os.pathsep.join(folders))
    if found is None:
        raise NotRun(NO_UV)
    return found


def _environment() -> dict[str, str]:
    """The environment of the project's commands.

    Its own .venv is used, whichever is active. Pythons that are not on the PATH come last on it, so
    that uv finds them before it fetches one.
    """
    kept = {
        key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "PYTHONHOME"}
    }
    path = os.pathsep.join([kept.get("PATH", os.defpath), *interpreters()])
    return {**kept, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def interpreters() -> list[str]:
    """The folders of the Python that runs this file, and of those that pyenv keeps off the PATH."""
    own = Path(getattr(sys, "_base_executable", sys.executable)).parent
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    return [str(own), *sorted(str(folder) for folder in pyenv.glob("versions/3.*/bin"))]


def _run(command: Sequence[str], folder: Path, remedy: str, **variables: str) -> None:
    done = subprocess.run(  # noqa: S603  (the command is made above, no part comes from a user)
        command,
        cwd=folder,
        env={**_environment(), "NO_COLOR": "1", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise NotRun(f"{_reason(done.stderr, done.returncode)}; {remedy}")


def _reason(output: str, code: int) -> str:
    """What a tool says is wrong, in one line: its error, and the first and last cause of it."""
    lines = [
        re.sub(r"\s+", " ", line).strip(" \u00d7\u2570\u2500\u25b6\u2502")
        for line in output.splitlines()
    ]
    errors = [line for line in lines if line.startswith("error:")] or [
        line for line in lines if line
    ]
    if not errors:
        return f"exit code {code} without a word"
    if errors[0].startswith("Traceback "):
        # Of a program that broke, the last line says why.
        return errors[-1]
    causes = [line for line in lines if CAUSE.match(line)]
    told = dict.fromkeys([errors[0], *causes[:1], *causes[-1:]])
    return ": ".join(re.sub(r"^(error|cause|Caused by): ", "", line) for line in told)


def main() -> int:
    """Run every step and say how it went.

    It ends with 0 even when gates are red: Copier would delete the project that it just made.
    """
    project = Path.cwd()
    try:
        red = _steps(project)
    except KeyboardInterrupt:
        _say("Interrupted: the project is complete, its gates did not run. Run `make check` in it.")
        return GREEN
    if red:
        _say(
            "GATES ARE RED. Look at the lines above, mend them and run `make check` in the project."
        )
    _say(f"Next: {next_steps(project, *sys.argv[1:2])}")
    return GREEN


def next_steps(project: Path, given: str = "") -> str:
    """What to type next; `given` is the folder as it was typed, which may lie deeper than here.

    A project inside another repository belongs to that one.
    """
    own = [] if _is_in_a_repository(project) else ["git init"]
    go = [] if given in {".", "./"} else [f"cd {shlex.quote(given or project.name)}"]
    return "; ".join([*go, *own, ADD, "git commit -m 'Start'", "make dev"])


def _is_in_a_repository(project: Path) -> bool:
    return any((folder / ".git").exists() for folder in (project, *project.parents))


def _steps(project: Path) -> bool:
    """Run the steps; say whether gates are red."""
    for name, step in (("uv.lock", lock), (".env", write_env)):
        try:
            step(project)
        except NotRun as reason:
            _say(f"{name}: NOT RUN: {reason}")
    try:
        sync(project)
        return check(project) != GREEN
    except NotRun as reason:
        _say(f"gates: NOT RUN: {reason}")
        return False


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
