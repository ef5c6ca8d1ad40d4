"""What has to be sure before Copier updates a project: that it can destroy nothing.

`copier update --trust` runs this file inside the project before it writes anything. Copier
overwrites what git ignores and writes through links, and no later step could bring that back. Which
answers will be given is not known yet, so every path counts that any level or module would have;
`ferrata climb` looks at those alone that it needs.
"""

import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

GREEN, FAILURE = 0, 1
BY_HAND = (
    "was edited by hand since the last update, which does nothing; "
    "take the edit back and give the answer with --data"
)


def _after_update() -> ModuleType:
    file = Path(__file__).with_name("after_update.py")
    spec = importlib.util.spec_from_file_location("ferrata_after_update", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python module")
    loaded = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def main() -> int:
    """Look, and say what is in the way."""
    after = _after_update()
    if os.environ.get(after.STEPS) == after.OFF:
        return GREEN
    try:
        with tempfile.TemporaryDirectory(prefix="ferrata.", ignore_cleanup_errors=True) as scratch:
            lines = _in_the_way(after, Path.cwd(), Path(scratch))
    except Exception as error:  # noqa: BLE001  (it is told in one line, whatever it is)
        why = after.why(error)
        sys.stderr.write(f"The update cannot be worked out: {why}; nothing was changed\n")
        return FAILURE
    if lines:
        sys.stderr.write("The update could lose something of yours; nothing was changed:\n")
        sys.stderr.writelines(f"  {line}\n" for line in lines)
        sys.stderr.write("`ferrata climb` may know better: it looks at what it needs alone.\n")
    return FAILURE if lines else GREEN


def _in_the_way(after: Any, project: Path, scratch: Path) -> list[str]:
    repository = after.updating().Repository(project, scratch / "git")
    repository.scratch.mkdir()
    _left_by_a_kill(after.updating(), repository)
    after.updating().need_known_names(repository)
    rules = after.load("ferrata_rules", after.TEMPLATE / "extensions" / "answers.py")
    # A migration may have changed the answers in the folder by now.
    last = yaml.safe_load(repository.git("show", f"HEAD:./{after.ANSWERS_FILE}"))
    if _edited_by_hand(repository, rules, last):
        return [f"{after.ANSWERS_FILE} {BY_HAND}"]
    answers = yaml.safe_load((project / after.ANSWERS_FILE).read_bytes())
    outcome = after.updating().planned(
        repository,
        after.render(after.TEMPLATE, str(last["_commit"]), last, scratch / "old"),
        _all_there_can_be(after, answers, rules, scratch),
    )
    machine = after.updating()
    machine.need_room(repository, outcome)
    found = [
        *(conflict for conflict in outcome.conflicts if conflict.stands),
        *machine.in_the_way(repository, outcome),
        *machine.in_copiers_way(repository, outcome),
    ]
    # A migration may edit the answers, and nothing but them. Of several reasons, one is enough.
    lines = {each.path: str(each) for each in reversed(found) if each.path != after.ANSWERS_FILE}
    told = {line.partition(": ")[0]: line for line in outcome.told}
    if not lines and not told:
        machine.put_aside(repository, outcome)
    return list({**told, **dict(reversed(lines.items()))}.values())


def _left_by_a_kill(machine: Any, repository: Any) -> None:
    """Finish or take back an update that was killed before."""
    if done := machine.recover(repository):
        sys.stderr.write(f"{done}\n")
    machine.put_back(repository)


def _edited_by_hand(repository: Any, rules: Any, recorded: dict[str, Any]) -> bool:
    """Compare the answers of the last commit with their fingerprint, if it is there."""
    try:
        written = repository.git("show", f"HEAD:./{rules.FINGERPRINT_FILE}")
    except RuntimeError:
        return False
    return bool(written.strip() != rules.fingerprint(recorded).encode())


def _all_there_can_be(after: Any, answers: dict[str, Any], rules: Any, scratch: Path) -> Path:
    """The highest level with every module and every provider: all paths that there can be."""
    target: Path = scratch / "new"
    for number, chosen in enumerate(_most(rules)):
        given = {**answers, **chosen}
        written = after.render(after.TEMPLATE, "HEAD", given, scratch / f"new-{number}")
        shutil.copytree(written, target, symlinks=True, dirs_exist_ok=True)
    return target


def _most(rules: Any) -> list[dict[str, Any]]:
    """Answers that have, taken together, everything that can be chosen."""
    catalog = rules.catalog()
    ways: dict[str, list[str]] = {}
    for row in catalog["providers"]:
        ways.setdefault(row["of"], []).append(row["name"])
    most = {
        "level": max(row["level"] for row in catalog["levels"] if row["available"]),
        "modules": [row["name"] for row in catalog["modules"] if row["available"]],
    }
    # The last one stands for those that have fewer ways than others.
    rounds = range(max((len(names) for names in ways.values()), default=1))
    return [
        {**most, **{of: names[min(number, len(names) - 1)] for of, names in ways.items()}}
        for number in rounds
    ]


if __name__ == "__main__":
    sys.exit(main())
