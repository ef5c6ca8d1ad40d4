"""Where free text comes out: the same project with plain words tells which text belongs where.

Every free text of the answers is exchanged for a word of its own. Wherever that word stands in a
project made from the exchanged answers, the very text has to stand in the real one, written as its
place demands: a cell of a table, an item of a list, a paragraph, a value of a Compose file.
"""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any

from markdown_it import MarkdownIt

from tests.matrix import contents
from tests.matrix.renderer import Rendered

WORD = re.compile(r"Qz\d+Z")
# What the schema says of texts that people write as they like.
FREE = frozenset({"#/$defs/text", "#/$defs/line"})
PROSE = (".md", ".txt")
LIST_ITEM = re.compile(r"([-*+]|\d+[.)]) ")
MARKDOWN = MarkdownIt("commonmark").enable("table").disable("inline")
SHOWN = 80
# A hash of the answers, which is another one for other answers.
UNCOMPARED = ".ferrata/answers.sha256"
# What it lists follows from the words of the requirements.
WORK_LIST = "artifacts/plans/implementation-plan.md"


def exchanged(
    answers: Mapping[str, Any], schema: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Exchange every free text for a word, and tell which word stands for which text."""
    exchange = _Exchange(schema)
    return exchange.changed(answers, schema), exchange.texts


class _Exchange:
    """Walks through answers and their schema side by side."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.texts: dict[str, str] = {}
        self._kinds = schema["$defs"]

    def changed(self, value: Any, shape: Mapping[str, Any]) -> Any:
        """The same with words for the free texts."""
        if shape.get("$ref") in FREE:
            return self._word(value)
        if shape.get("format") == "email":
            return self._word(value, "@example.com")
        shape = {**self._kinds.get(shape.get("$ref", "").rpartition("/")[2], {}), **shape}
        match value:
            case list():
                return [self.changed(one, shape["items"]) for one in value]
            case dict():
                words = {
                    key: self.changed(of, shape["properties"][key]) for key, of in value.items()
                }
                # The default of a field is as free as its values.
                if words.get("type") in {"string", "text"} and "default" in words:
                    words["default"] = self._word(words["default"])
                return words
            case _:
                return value

    def _word(self, text: str, end: str = "") -> str:
        word = f"Qz{len(self.texts)}Z{end}"
        self.texts[word] = text
        return word


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
                texts = self.texts
                if contents.COMPOSE.fullmatch(path):
                    # Compose puts a variable in place of what follows a single `$`.
                    texts = {word: text.replace("$", "$$") for word, text in texts.items()}
                said = parse(plain)
                self._in_values(plain, said)
                self._values(said, parse(real), "", texts)
                return
        if path == WORK_LIST:
            self._somewhere(plain, real)
            return
        if path.endswith(PROSE):
            self._prose(plain, real)
            _same_outline(plain, real)
            return
        if path == "LICENSE":
            wanted = self._word.sub(lambda found: self.texts[found[0]], plain)
            if real != wanted:
                raise ValueError(f"should be {shown(wanted)}, is {shown(real)}")
            return
        raise ValueError("nobody knows how a text has to be written in such a file")

    def _in_values(self, plain: str, said: Any) -> None:
        """Every text stands in what the file says, none in a comment."""
        found = Counter(word for text in _said(said) for word in self._word.findall(text))
        lost = Counter(self._word.findall(plain)) - found
        if lost:
            raise ValueError(f"{min(lost)} stands in a comment, where another line would end it")

    def _values(self, plain: Any, real: Any, where: str, texts: Mapping[str, str]) -> None:
        """Compare what two files say."""
        wanted: Any = plain
        match plain, real:
            case dict(), dict() if [self._text(key, texts) for key in plain] == [
                _bare(key) for key in real
            ]:
                for key, one, other in zip(plain, plain.values(), real.values(), strict=True):
                    self._values(one, other, f"{where}.{key}", texts)
                return
            case list(), list() if len(plain) == len(real):
                for place, (one, other) in enumerate(zip(plain, real, strict=True)):
                    self._values(one, other, f"{where}[{place}]", texts)
                return
            case str(), str():
                wanted, real = self._text(plain, texts), _bare(real)
        if wanted != real:
            raise ValueError(f"{where} should be {shown(wanted)}, is {shown(real)}")

    def _prose(self, plain: str, real: str) -> None:
        """Compare Markdown: the line in which a text stands says how it has to be written."""
        first, *parts = self._word.split(plain)
        place = _follows(first, real, 0)
        line = first.rpartition("\n")[2]
        for word, after in zip(self._word.findall(plain), parts, strict=True):
            found = [
                place + len(form)
                for form in self._forms(word, line)
                if real.startswith(form, place) and real.startswith(after, place + len(form))
            ]
            if not found:
                wanted = shown(self._writer(line)(self.texts[word]) + after)
                raise ValueError(f"{word} should be {wanted}, is {shown(real[place:])}")
            place = found[0] + len(after)
            line = f"{line}{word}{after}".rpartition("\n")[2]
        if real[place:].strip():
            raise ValueError(f"should have ended before {shown(real[place:])}")

    def _somewhere(self, plain: str, real: str) -> None:
        """Find each text of Markdown written as it has to be, wherever that is."""
        for line in plain.splitlines():
            for found in self._word.finditer(line):
                if not any(form in real for form in self._forms(found[0], line[: found.start()])):
                    raise ValueError(f"{found[0]} should be there: {shown(self.texts[found[0]])}")

    def _writer(self, line: str) -> Callable[[str], str]:
        """How a text has to be written of which this much of its line stands before it."""
        before = line.lstrip()
        if before.startswith("|"):
            return self.rules.cell
        if LIST_ITEM.match(before):
            return self.rules.item
        return _one_line if before else self.rules.prose

    def _forms(self, word: str, line: str) -> list[str]:
        """How a text may be written there, the longest first.

        White space around it may go, and a full stop may follow, which makes another line of `---`.
        """
        text, write = self.texts[word], self._writer(line)
        around = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        left, right = ({"", write(f"x{edge}x")[1:-1]} for edge in around)
        written = {write(text), write(f"{text.rstrip()}.").removesuffix(".")}
        forms = {f"{one}{form}{other}" for one in left for form in written for other in right}
        return sorted(forms, key=len, reverse=True)

    def _text(self, plain: str, texts: Mapping[str, str]) -> str:
        """The text that stands for a word; white space around it may be left out."""
        return str(_bare(self._word.sub(lambda found: texts[found[0]], plain)))


def _one_line(text: str) -> str:
    """A text in the middle of a line, or of a heading."""
    return text.strip().replace("\n", " ")


def _same_outline(plain: str, real: str) -> None:
    """Whatever the texts are, headings, code and tables of the document are its own."""
    for wanted, found in zip(
        [*_outline(plain), "the end"], [*_outline(real), "the end"], strict=False
    ):
        if wanted != found:
            raise ValueError(f"its outline should go on with {wanted}, goes on with {found}")


@lru_cache(maxsize=16)
def _outline(text: str) -> tuple[str, ...]:
    """The blocks of a document that are in no list and no quotation, in order."""
    found: list[str] = []
    for token in MARKDOWN.parse(text):
        if token.level == 0 and token.type in {"heading_open", "fence", "html_block"}:
            found.append(token.tag or token.type)
        if token.level <= 3 and token.type in {"tr_open", "th_open", "td_open"}:
            found.append(token.tag)
    return tuple(found)


def _said(value: Any) -> Iterator[str]:
    """Every text in what a file says."""
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from _said(one)
        case dict():
            for key, one in value.items():
                yield from _said(key)
                yield from _said(one)


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
