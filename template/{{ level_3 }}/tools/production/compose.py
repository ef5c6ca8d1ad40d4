"""Docker Compose with the files, the release and the values of production."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from tools.common import ToolError

FILE = "docker-compose.prod.yml"
OWN_FILE = "deploy/local/compose.prod.yml"
PINNED = ".deploy/images"
VALUES = ".env.production"
MISSING = "Docker Compose 2.24 or newer is missing: https://docs.docker.com/compose/install/"


def pinned(root: Path, release: str) -> Path:
    """Name the file that says by digest which images a release has; it need not be there."""
    return root / PINNED / f"{release}.yml"


@dataclass(frozen=True)
class Compose:
    """The system in production, as one release of it."""

    root: Path
    release: str
    secrets: Path
    gateway_user: str

    def check(self) -> None:
        """Raise if Docker Compose cannot be used here."""
        if self._run("docker", "compose", "version", capture=True).returncode != 0:
            raise ToolError(MISSING)

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """Everything that the files say, put together and checked by Compose."""
        said = self._run(*self._words("config", "--format", "json"), capture=True)
        if said.returncode != 0:
            raise ToolError(f"the files of production are not right: {said.stderr.strip()}")
        found: dict[str, Any] = json.loads(said.stdout)
        return found

    @property
    def services(self) -> Mapping[str, Any]:
        """The containers by their names, without those of a profile."""
        found: dict[str, Any] = self.configuration["services"]
        return found

    def do(self, *arguments: str) -> None:
        """Run Compose, with its output on the terminal; raise if it fails."""
        if self._run(*self._words(*arguments)).returncode != 0:
            raise ToolError(f"docker compose {' '.join(arguments)} failed, see above")

    def become(self, *arguments: str) -> NoReturn:
        """Let Compose take the place of this process: input, output and exit code are its own."""
        words = self._words(*arguments)
        os.chdir(self.root)
        os.execvpe(words[0], words, {**os.environ, **self._own})  # noqa: S606  # no shell

    def answers(self, container: str, *words: str) -> str | None:
        """Run a command in a container; tell in a line why it fails, or nothing if it does not."""
        done = self._run("docker", "exec", container, *words, capture=True)
        if done.returncode == 0:
            return None
        said = (done.stdout or done.stderr).strip() or f"no answer, exit code {done.returncode}"
        return said.splitlines()[-1]

    def containers(self, service: str) -> list[str]:
        """Find the containers of a service, those that have ended included."""
        words = self._words("ps", "--all", "--quiet", service)
        return self._run(*words, capture=True).stdout.split()

    def docker(self, *arguments: str) -> str:
        """Run docker itself, and return what it prints; raise if it fails.

        Containers say things on both of their outputs.
        """
        done = self._run("docker", *arguments, capture=True)
        if done.returncode != 0:
            raise ToolError(f"docker {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout + (done.stderr if arguments[0] == "logs" else "")

    def has_image(self, image: str) -> bool:
        """Tell whether an image is on this machine."""
        return self._run("docker", "image", "inspect", image, capture=True).returncode == 0

    @property
    def _own(self) -> dict[str, str]:
        return {
            "RELEASE": self.release,
            "SECRETS": str(self.secrets),
            "GATEWAY_USER": self.gateway_user,
        }

    def _words(self, *arguments: str) -> list[str]:
        laid_over = (self.root / OWN_FILE, pinned(self.root, self.release))
        files = [FILE, *(str(file.relative_to(self.root)) for file in laid_over if file.exists())]
        values = VALUES if (self.root / VALUES).exists() else os.devnull
        words = ["docker", "compose", "--env-file", values]
        for file in files:
            words += ["--file", file]
        return [*words, *arguments]

    def _run(self, *words: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(  # noqa: S603  # no shell
                words,
                cwd=self.root,
                env={**os.environ, **self._own},
                check=False,
                capture_output=capture,
                text=True,
            )
        except FileNotFoundError as error:
            raise ToolError(MISSING) from error
