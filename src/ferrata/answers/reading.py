"""Reading the answers: a YAML file, and KEY=VALUE pairs of the command line on top of it."""

from collections.abc import Container, Hashable, Iterable
from pathlib import Path
from typing import Any

import yaml

from ferrata.base import Failure, UsageFailure

# Far above any real answers file, far below what aliases of aliases can blow up to.
MOST_NODES = 100_000
LARGEST_FILE = 5_000_000
MERGE = "tag:yaml.org,2002:merge"


class Loader(yaml.SafeLoader):
    """YAML as usual, but a key given twice is an error, and so are aliases that explode."""

    def get_single_node(self) -> yaml.Node | None:
        """Compose the document and measure it before anything is built from it."""
        node = super().get_single_node()
        if node is not None:
            _measure(node)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Refuse a key that is given twice; plain YAML silently takes the last one."""
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            if key_node.tag == MERGE:
                # What it brings may be given again: that is what a merge is for.
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key!r} is given twice", problem_mark=key_node.start_mark
                )
            if isinstance(key, Hashable):
                seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _measure(root: yaml.Node) -> None:
    """Count the nodes as they would be with every alias written out."""
    ahead, count = [root], 0
    while ahead:
        node = ahead.pop()
        count += 1
        if count > MOST_NODES:
            raise yaml.MarkedYAMLError(
                problem=f"aliases make it grow beyond {MOST_NODES} values",
                problem_mark=node.start_mark,
            )
        if isinstance(node, yaml.SequenceNode):
            ahead.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            ahead.extend(part for pair in node.value for part in pair)


def load(file: Path) -> dict[str, Any]:
    """Read an answers file, or say in one line why it cannot be one."""
    text = text_of(file)
    try:
        loaded = yaml.load(text, Loader)  # noqa: S506  (a SafeLoader, see above)
    except yaml.YAMLError as error:
        raise Failure(
            f"{file}{_place(error)} is not YAML: {_fault(error)}; mend that line"
        ) from None
    except (ValueError, RecursionError) as error:
        raise Failure(
            f"{file} is not YAML: {error or 'nested too deeply'}; mend the value"
        ) from None
    if loaded is None:
        # Nothing is a beginning: everything is missing.
        return {}
    if not isinstance(loaded, dict):
        kind = type(loaded).__name__
        raise Failure(f"{file} must be a mapping of answers (`level: 1`), got a {kind}")
    return {str(key): _unshared(value) for key, value in loaded.items()}


def _unshared(value: Any) -> Any:
    """A copy in which an alias is a value of its own, so that it is written out where it is kept."""
    match value:
        case dict():
            return {key: _unshared(inner) for key, inner in value.items()}
        case list():
            return [_unshared(inner) for inner in value]
        case _:
            return value


def text_of(file: Path) -> str:
    """The text of an answers file, or in one line why there is none."""
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise Failure(
                f"{file} is larger than {LARGEST_FILE} bytes; an answers file is a few kilobytes"
            )
        return file.read_text("utf-8-sig")
    except FileNotFoundError:
        raise Failure(f"{file} does not exist; give the path of an answers file") from None
    except UnicodeDecodeError as error:
        raise Failure(f"{file} is not UTF-8 text: {error.reason} at byte {error.start}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Failure(
            f"{file} cannot be read: {reason}; give the path of an answers file"
        ) from None


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}" if mark else ""


def _fault(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error)


def with_settings(
    answers: dict[str, Any], settings: Iterable[str], texts: Container[str] = ()
) -> dict[str, Any]:
    """Lay KEY=VALUE pairs over the answers; a key may be dotted, a value is YAML.

    What is always text needs no quotes: `texts` names it. An open answer that is given is open no
    more.
    """
    result = dict(answers)
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not all(key.split(".")):
            raise UsageFailure(f"--set must be KEY=VALUE, such as level=1; got: {setting!r}")
        parsed = _value(key, value)
        if key in texts and not isinstance(parsed, str):
            parsed = value
        result = _closed(_placed(result, key.split("."), parsed, key), key.split(".")[0])
    return result


def _closed(answers: dict[str, Any], name: str) -> dict[str, Any]:
    still_open = answers.get("open_answers")
    if not isinstance(still_open, list) or name not in still_open:
        return answers
    return {**answers, "open_answers": [other for other in still_open if other != name]}


def _value(key: str, text: str) -> Any:
    try:
        return yaml.load(text, Loader)  # noqa: S506  (a SafeLoader, see above)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        fault = _fault(error) if isinstance(error, yaml.YAMLError) else error
        raise UsageFailure(f"--set {key}: the value is not YAML: {fault}; quote it") from None


def _placed(there: Any, path: list[str], value: Any, key: str) -> Any:
    """A copy of `there` with the value at the path."""
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(there, list):
        if not head.isdecimal() or int(head) > len(there):
            raise UsageFailure(f"--set {key}: {head!r} is no place in a list of {len(there)}")
        index = int(head)
        inner = there[index] if index < len(there) else {}
        return [*there[:index], _placed(inner, rest, value, key), *there[index + 1 :]]
    if isinstance(there, dict):
        return {**there, head: _placed(there.get(head, {}), rest, value, key)}
    raise UsageFailure(f"--set {key}: there is no mapping or list above {head!r}, but {there!r}")
