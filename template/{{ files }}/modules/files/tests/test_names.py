"""A name is shown, and finds nothing."""

import pytest

from chassis_files.names import LONGEST, safe_name


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("photo.png", "photo.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\report.pdf", "report.pdf"),
        ("a\0b.txt", "ab.txt"),
        ("fdp.\u202egnp.exe", "fdp.gnp.exe"),
        ("line\r\nSet-Cookie: a=b.txt", "lineSet-Cookie: a=b.txt"),
        ("  two   words .txt ", "two words .txt"),
        ("re\u0301sume\u0301.pdf", "r\u00e9sum\u00e9.pdf"),
        ("שלום.pdf", "שלום.pdf"),
        (".htaccess", "htaccess"),
        ("..", "file"),
        ("", "file"),
        ("\ud800", "file"),
    ],
)
def test_a_name_is_made_harmless(sent: str, name: str) -> None:
    assert safe_name(sent) == name


def test_a_long_name_keeps_what_says_its_kind() -> None:
    assert safe_name("a" * 300 + ".pdf") == "a" * (LONGEST - 4) + ".pdf"
    assert safe_name("b" * 300) == "b" * LONGEST
    assert safe_name("c." + "d" * 300) == "c." + "d" * (LONGEST - 2)
