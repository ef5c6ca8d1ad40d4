"""A docker that remembers containers instead of running any; tests say what is wrong with it."""

import json
import os
import sys
from pathlib import Path
from typing import Any

STATE = Path(os.environ["STAND_IN"])
# Options of Compose that come with a value.
VALUED = {"--env-file", "--file", "--profile", "--scale", "--tail", "--signal", "--entrypoint"}


def main(words: list[str]) -> None:
    state = json.loads(STATE.read_text())
    state["calls"].append(" ".join(words))
    STATE.write_text(json.dumps(state))
    if words[0] == "compose":
        plain = without_options(words[1:])
        scale = words[words.index("--scale") + 1] if "--scale" in words else ""
        compose(state, plain[0], plain[1:], scale)
    elif words[0] == "inspect":
        for one in words[3:]:
            say("running", state["health"] if one in state["new"] else "healthy")
    elif words[0] == "exec":
        if words[1] in state["new"] and state["lacks"] is not None:
            say(state["lacks"])
            STATE.write_text(json.dumps(state))
            sys.exit(1)
    elif words[:2] == ["image", "inspect"]:
        sys.exit(0 if words[2] not in state["missing"] else 1)
    elif words[0] == "rm":
        gone = set(words[1:])
        for service, containers in state["containers"].items():
            state["containers"][service] = [one for one in containers if one not in gone]
    STATE.write_text(json.dumps(state))


def compose(state: dict[str, Any], command: str, rest: list[str], scale: str) -> None:
    if command == state["fails"] or set(state["away"]) & set(rest):
        sys.exit(f"{command}: no such luck")
    if command == "config":
        say(json.dumps(state["configuration"]))
    if command == "ps":
        say("\n".join(state["containers"].get(rest[-1], [])))
    if command == "up" and scale:
        service, number = scale.split("=")
        there = state["containers"].setdefault(service, [])
        release = os.environ["RELEASE"]
        known = sum(one.startswith(f"{service}-{release}-") for one in there)
        new = [f"{service}-{release}-{known + n}" for n in range(int(number) - len(there))]
        there += new
        state["new"] = new


def say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")


def without_options(words: list[str]) -> list[str]:
    found, skip = [], False
    for word in words:
        if not skip and not word.startswith("--"):
            found.append(word)
        skip = word in VALUED and not skip
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
