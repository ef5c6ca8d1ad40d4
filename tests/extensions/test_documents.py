"""Texts of the answers keep their place in Markdown documents."""

import pytest

from tests.support import extension


@pytest.mark.parametrize(
    ("text", "prose", "item"),
    [
        (" a\n- b ", "a\n- b", "a\n  - b"),
        ("- a", "- a", "\\- a"),
        ("- * - a", "\\- * - a", "\\- * - a"),
        ("# a\n#b", "\\# a\n#b", "\\# a\n  #b"),
        ("a\n---\nb", "a\n\\---\nb", "a\n  \\---\n  b"),
        ("```\ncode", "\\```\ncode", "\\```\n  code"),
        ("a <b>\n <!-- c", "a <b>\n \\<!-- c", "a <b>\n   \\<!-- c"),
    ],
)
def test_a_text_does_not_take_the_document_over(text: str, prose: str, item: str) -> None:
    assert extension().prose(text) == prose
    assert extension().item(text) == item


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a", "a."),
        (" a. ", "a."),
        ("why?", "why?"),
        ('he said "no."', 'he said "no."'),
        ("50 %", "50 %."),
    ],
)
def test_another_sentence_may_follow_a_text(text: str, sentence: str) -> None:
    assert extension().sentence(text) == sentence
