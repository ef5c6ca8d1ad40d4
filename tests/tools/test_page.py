import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tools.check.__main__ import main
from tools.check.html import Markup, joined, table, tag

from tests.tools.plans import gate, gate_of_tests, plan, requirements

HOSTILE = "</td></script><script>alert(1)</script> & \"quoted\" 'x' ${brace} {{ x }} 日本語"
FREE = {"br", "meta", "link", "img", "input", "!doctype"}


class Reader(HTMLParser):
    """Takes a page apart, and minds that what is opened is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in FREE:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def names(self) -> set[str]:
        return {name for name, _ in self.tags}


def page(project: Path) -> Reader:
    reader = Reader((project / "artifacts/reports/index.html").read_text("utf-8"))
    assert reader.open == []
    return reader


@pytest.fixture
def run(project):
    """Run the gates of a project with one requirement of each kind."""

    def run(*gates: str, **given: dict) -> Reader:
        descoped = {"reason": HOSTILE, "approved_by": HOSTILE}
        usual = {
            "FR_001": {"title": HOSTILE, "acceptance": HOSTILE},
            "FR_002": {},
            "FR_003": {"descoped": descoped},
        }
        requirements(project, **(given or usual))
        plan(project, *gates)
        main([])
        return page(project)

    return run


def test_a_green_page_says_so_in_words_signs_and_colour(run):
    found = run(gate_of_tests(("t.py::a", "FR-001", "passed")))

    assert "The gate passed" in found.text
    assert ("header", {"class": "verdict good"}) in found.tags
    assert "✓" in found.text


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        pytest.param(gate_of_tests(exit_code=1), "bad", "1 of 1 gates failed", id="failed"),
        pytest.param(
            gate("tests", "", command=["no-such-tool"]),
            "open",
            "1 of 1 gates did not",
            id="not-run",
        ),
    ],
)
def test_a_page_that_is_not_green(run, text, kind, sentence):
    found = run(text)

    assert sentence in found.text
    assert ("header", {"class": f"verdict {kind}"}) in found.tags


def test_what_did_not_run_is_listed_with_its_reason(run):
    found = run(
        gate("lint", "", command=["no-such-tool"]),
        gate("lock", "print('error: dns error'); exit(2)", cannot_run="dns error"),
        gate_of_tests(("t.py::a", "", "skipped")),
    )

    said = found.text[found.text.index("What was not run") :]
    for words in ("no-such-tool is not installed", "error: dns error", "t.py::a", "skipped: why"):
        assert words in said


def test_texts_come_out_as_they_are_and_never_as_html(run):
    found = run(gate_of_tests((f"t.py::a[{HOSTILE}]", "FR-001", "failed")))

    assert found.text.count(HOSTILE) >= 5
    assert not {"script", "img"} & found.names()


def test_nothing_comes_from_elsewhere(run):
    found = run(gate_of_tests(("a", "FR-001", "passed")))

    assert "script" not in found.names()
    addresses = [
        value for _, own in found.tags for key, value in own.items() if key in {"href", "src"}
    ]
    assert [a for a in addresses if re.match(r"(?!data:)[a-z]+:|//|/", a)] == []
    style = (found.text.split(":root", 1)[1]).split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_every_link_leads_to_a_file(run, project):
    code = (
        "import json, os, sys; w = sys.argv[1] + '/';"
        "json.dump({'tests': []}, open(w + 'outcomes.json', 'w')); os.mkdir(w + 'coverage');"
        "[open(w + n, 'w') for n in ('junit.xml', 'coverage/index.html')]; print('1 done')"
    )
    found = run(
        gate(
            "tests",
            "",
            command=["python", "-c", code, "{work}"],
            reports=["junit.xml", "coverage", "never-written.xml"],
        )
    )

    links = {own["href"] for name, own in found.tags if name == "a"}
    assert links == {"junit.xml", "coverage/index.html", "logs/tests.log", "gates.json"}
    assert all((project / "artifacts/reports" / link).is_file() for link in links)


def test_the_page_is_made_for_screen_readers_and_every_screen(run):
    found = run(gate_of_tests(("a", "FR-001", "passed")))

    assert {"header", "main", "footer", "h1", "h2", "caption", "thead"} <= found.names()
    assert ("html", {"lang": "en"}) in found.tags
    headings = {own["id"] for name, own in found.tags if name == "h2"}
    assert {own["aria-labelledby"] for name, own in found.tags if name == "section"} == headings
    assert all(own["scope"] in {"row", "col"} for name, own in found.tags if name == "th")
    for part in ("prefers-color-scheme: dark", "max-width", "@media print"):
        assert part in found.text


def test_the_colours_are_easy_to_read(level_1):
    style = (level_1 / "tools/check/style.css").read_text()
    light, dark = (dict(re.findall(r"--([a-z-]+): (#\w{6});", part)) for part in _themes(style))
    for theme in (light, dark):
        for text, ground in (("ink", "ground"), ("soft", "card"), ("link", "card")):
            assert contrast(theme[text], theme[ground]) >= 4.5
        for tone in ("good", "bad", "open", "quiet"):
            assert contrast(theme[tone], theme[f"{tone}-tint"]) >= 4.5
            assert contrast(theme[tone], theme["track"]) >= 3
        assert contrast(theme["time"], theme["track"]) >= 3


def _themes(style: str) -> list[str]:
    return [part.split("}", 1)[0] for part in style.split(":root {")[1:3]]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_markup_escapes_everything_but_markup():
    assert tag("p", "<b>", Markup("<i>"), None, 1, title='"&') == (
        '<p title="&quot;&amp;">&lt;b&gt;<i>1</p>'
    )
    assert joined([]) == ""
    assert table("<", ["a", "b"], [["<", "&"]]).count("&lt;") == 2
