"""A docker that has one container, that of certbot: the real one, on this machine.

It runs with the words that the container would get, as its user, in the folders that are mounted
there; `CERTBOT_STAND_IN` names a file with them. Called `certbot` it is that program itself.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

RUN = ["run", "--rm", "--no-deps", "--entrypoint", "certbot", "acme"]


def main(name: str, words: list[str]) -> int:
    state = json.loads(Path(os.environ["CERTBOT_STAND_IN"]).read_text())
    if name == "certbot":
        return certbot([*words, *os.environ["CERTBOT_OPTIONS"].split()], state)
    if RUN[0] not in words:
        with Path(state["told"]).open("a") as told:
            told.write(" ".join(words) + "\n")
        return 0
    words = words[words.index(RUN[0]) :]
    if words[: len(RUN)] != RUN:
        sys.exit(f"not known here: {words}")
    return certbot(words[len(RUN) :], state)


def certbot(words: list[str], state: dict[str, Any]) -> int:
    for inside, here in state["mounts"].items():
        words = [word.replace(f"={inside}", f"={here}") for word in words]
    options = [*state["options"], f"--config-dir={state['mounts']['/etc/letsencrypt']}"]
    command = [*as_user(state["user"]), state["certbot"], *words, *options]
    return subprocess.run(command, check=False).returncode


def as_user(user: str) -> list[str]:
    """What root puts before a command for another user, who can still read what root's folders hide."""
    if os.geteuid() != 0:
        return []
    uid, gid = user.split(":")
    able = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", *able]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
