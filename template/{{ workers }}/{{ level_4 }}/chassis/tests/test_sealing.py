"""What is sealed can be opened by its keys, and by nothing else."""

import pytest
from pydantic import SecretStr

from chassis.sealing import Sealer, UnreadableError, all_of, checked

OLD, NEW = "old-" * 10, "new-" * 10


def sealer(*keys: str, purpose: str = "seeds", about: str = "names") -> Sealer:
    return Sealer(purpose, about, keys or (NEW,))


@pytest.mark.parametrize("plain", [b"", b"roses", bytes(range(256)), b"x" * 100_000])
def test_what_was_sealed_comes_back(plain: bytes) -> None:
    sealed = sealer().seal(plain)

    assert sealer().open(sealed) == plain
    assert sealer(OLD, NEW).open(sealed) == plain


def test_two_that_are_the_same_do_not_look_the_same() -> None:
    assert sealer().seal(b"roses") != sealer().seal(b"roses")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(sealer(OLD), id="another key"),
        pytest.param(sealer(purpose="beds"), id="another purpose"),
        pytest.param(sealer(about="colours"), id="about something else"),
    ],
)
def test_nothing_else_opens_it(other: Sealer) -> None:
    with pytest.raises(UnreadableError):
        other.open(sealer().seal(b"roses"))


def test_what_was_changed_is_not_believed() -> None:
    sealed = sealer().seal(b"roses")
    changed = [
        f"{sealed[:place]}{sign}{sealed[place + 1 :]}"
        for place in range(len(sealed))
        for sign in "Aa0+/:=\0é"
        if sign != sealed[place]
    ]

    for text in changed:
        with pytest.raises(UnreadableError):
            sealer().open(text)


@pytest.mark.parametrize("text", ["", ":", "nothing", f"{sealer().current}:", "é:é"])
def test_what_was_never_sealed_is_not_believed(text: str) -> None:
    with pytest.raises(UnreadableError):
        sealer().open(text)


def test_keys_are_listed_with_the_one_that_seals_first() -> None:
    assert all_of(SecretStr(NEW), SecretStr(f" {OLD}, ")) == [NEW, OLD]
    assert all_of(None, SecretStr(OLD)) == []
    assert all_of(SecretStr(""), None) == []


def test_a_key_that_can_be_guessed_is_refused() -> None:
    assert checked(SecretStr(f"{NEW},{OLD}")) == SecretStr(f"{NEW},{OLD}")
    with pytest.raises(ValueError, match="32 characters"):
        checked(SecretStr(f"{NEW},short"))
