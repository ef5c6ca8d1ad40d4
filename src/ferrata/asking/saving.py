"""Writing completed answers: what was there stays as it was written, with its comments."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ferrata.answers import Loader


class _Dumper(yaml.SafeDumper):
    """YAML as people write it: lists are indented, texts of several lines are blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    if not text.replace("\n", "").isprintable():
        # In other styles YAML folds some of these characters.
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def completed_text(original: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """The original text with the answers that changed put in their places, new ones at the end.

    A comment is lost only inside of an answer that changed.
    """
    changed = {key: value for key, value in after.items() if before.get(key, _Nothing) != value}
    text = "".join(_spliced(original, changed))
    # A text that is laid out in an unforeseen way is written anew rather than wrongly.
    return text if _says(text, after) else _dumped(after)


class _Nothing:
    """What equals no answer."""


def _spliced(original: str, changed: Mapping[str, Any]) -> Iterator[str]:
    root = yaml.compose(original, Loader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    starts = [key.start_mark.index for key, _ in pairs]
    yield original[: starts[0]] if starts else original
    ends = itertools.pairwise([*starts, len(original)])
    for (key, _), (start, end) in zip(pairs, ends, strict=True):
        block = original[start:end]
        if key.value in changed:
            yield _dumped({key.value: changed[key.value]})
            yield _gap_below(block)
        else:
            yield block if block.endswith("\n") else f"{block}\n"
    there = {key.value for key, _ in pairs}
    if added := {key: value for key, value in changed.items() if key not in there}:
        yield "\n" + _dumped(added)


def _gap_below(block: str) -> str:
    """The blank lines and comments at the end of a block: they belong to what follows."""
    lines = block.splitlines(keepends=True)
    kept: list[str] = []
    while lines and (not lines[-1].strip() or lines[-1].startswith("#")):
        kept.insert(0, lines.pop())
    return "".join(kept)


def _says(text: str, answers: Mapping[str, Any]) -> bool:
    try:
        return bool(yaml.load(text, Loader) == dict(answers))  # noqa: S506  (a SafeLoader)
    except yaml.YAMLError:
        return False


def _dumped(answers: Mapping[str, Any]) -> str:
    return yaml.dump(
        dict(answers),
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        default_flow_style=False,
        width=100,
    )
