"""Where free text comes out: the same project with plain words tells which text belongs where.

Every free text of the answers is exchanged for a word of its own. Wherever that word stands in a
project made from the exchanged answers, the very text has to stand in the real one.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

from tests.matrix import contents
from tests.matrix.renderer import Rendered

WORD = re.compile(r"Qz\d+Z")
# Answers that are no free text: names of packages, choices, and the data model.
PLAIN = frozenset({"context", "domain", "function", "license", "level", "modules", "entities"})
FIXED = frozenset({"id", "priority", "impact", "operations"})
PROSE = (".md", ".txt")
SHOWN = 80
# A hash of the answers, which is another one for other answers.
UNCOMPARED = ".ferrata/answers.sha256"


def exchanged(answers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Exchange every free text for a word, and tell which word stands for which text."""
    texts: dict[str, str] = {}

    def change(value: Any) -> Any:
        match value:
            case str():
                word = f"Qz{len(texts)}Z"
                texts[word] = value
                return word
            case list():
                return [change(item) for item in value]
            case dict():
                return {k: v if k in FIXED else change(v) for k, v in value.items()}
            case _:
                return value

    words = {key: value if key in PLAIN else change(value) for key, value in answers.items()}
    email = words["author_email"]
    words["author_email"] = f"{email}@example.com"
    texts[words["author_email"]] = texts.pop(email)
    return words, texts


def faults(
    real: Rendered, plain: Rendered, texts: Mapping[str, str], rules: ModuleType
) -> Iterator[str]:
    """Say where a text did not come out as that very text."""
    if real.files.keys() != plain.files.keys():
        yield f"other files: {sorted(real.files.keys() ^ plain.files.keys())}"
        return
    echo = Echo(texts, rules)
    for path, content in plain.files.items():
        if path != UNCOMPARED and (WORD.search(content.decode()) or content != real.files[path]):
            try:
                echo.compare(path, content.decode(), real.text(path))
            except (ValueError, SyntaxError, RecursionError) as error:
                yield f"{path}: {type(error).__name__}: {error}"


class Echo:
    """Compares what was made with words with what was made with texts."""

    def __init__(self, texts: Mapping[str, str], rules: ModuleType) -> None:
        """Know the text of each word."""
        self.texts = texts
        self.rules = rules
        known = sorted(texts, key=len, reverse=True)
        self._word = re.compile("|".join(map(re.escape, known)))

    def compare(self, path: str, plain: str, real: str) -> None:
        """Raise ValueError if a file does not hold the texts where it should hold them."""
        for suffix, parse in READERS.items():
            if path.endswith(suffix):
                self._values(parse(plain), parse(real), "")
                return
        if path.endswith(PROSE):
            self._prose(plain, real)
            return
        raise ValueError("nobody knows how a text has to be written in such a file")

    def _values(self, plain: Any, real: Any, where: str) -> None:
        """Compare what two files say."""
        wanted: Any = plain
        match plain, real:
            case dict(), dict() if [self._text(key) for key in plain] == [_bare(k) for k in real]:
                for key, one, other in zip(plain, plain.values(), real.values(), strict=True):
                    self._values(one, other, f"{where}.{key}")
                return
            case list(), list() if len(plain) == len(real):
                for place, (one, other) in enumerate(zip(plain, real, strict=True)):
                    self._values(one, other, f"{where}[{place}]")
                return
            case str(), str():
                wanted, real = self._text(plain), _bare(real)
        if wanted != real:
            raise ValueError(f"{where} should be {shown(wanted)}, is {shown(real)}")

    def _prose(self, plain: str, real: str) -> None:
        """Compare Markdown: a text may stand there as it is, in a table or in a list."""
        first, *parts = self._word.split(plain)
        place = _follows(first, real, 0)
        for word, after in zip(self._word.findall(plain), parts, strict=True):
            found = [
                place + len(form)
                for form in self._forms(word)
                if real.startswith(form, place) and real.startswith(after, place + len(form))
            ]
            if not found:
                wanted = shown(self.texts[word] + after)
                raise ValueError(f"{word} should be {wanted}, is {shown(real[place:])}")
            place = found[0] + len(after)
        if real[place:].strip():
            raise ValueError(f"should have ended before {shown(real[place:])}")

    def _forms(self, word: str) -> list[str]:
        """How a text may be written, the longest first; white space around it may be left out."""
        text = self.texts[word]
        around = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        inner = {text.strip(), self.rules.cell(text), self.rules.item(text)}
        edges = [[edge, "", self.rules.cell(f"x{edge}x")[1:-1]] for edge in around]
        forms = {
            f"{left}{form}{right}" for form in inner for left in edges[0] for right in edges[1]
        }
        return sorted(forms, key=len, reverse=True)

    def _text(self, plain: str) -> str:
        """The text that stands for a word; white space around it may be left out."""
        return str(_bare(self._word.sub(lambda found: self.texts[found[0]], plain)))


def _follows(wanted: str, real: str, place: int) -> int:
    if not real.startswith(wanted, place):
        raise ValueError(f"{shown(wanted)} should follow, is {shown(real[place:])}")
    return place + len(wanted)


def _bare(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def shown(value: object) -> str:
    """A value, cut where it is long."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _strings(source: str) -> list[str]:
    """The shape of a module, with its texts."""
    return [
        node.value
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        else type(node).__name__
        for node in ast.walk(ast.parse(source))
    ]


READERS: dict[str, Callable[[str], Any]] = {**contents.PARSERS, ".py": _strings}
