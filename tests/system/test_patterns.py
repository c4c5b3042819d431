"""Expressions of a user find what `regex` finds, and none takes for ever."""

import re

import pytest

from wvcli.errors import UsageError
from wvcli.system import patterns
from wvcli.system.patterns import Pattern

TEXT = "one two, three-four"


@pytest.mark.parametrize("pattern", [r"\w+", r"[\w-]+|,", r"t\w*|(o|f)+", r"(?<=t)\w", r"x*", r"(\w)\1"])
def test_it_finds_what_the_package_finds(pattern: str) -> None:
    found = Pattern(pattern)
    for text in (TEXT, "", TEXT * 10_000):
        assert found.words(text) == [match.group() for match in re.finditer(pattern, text) if match.group()]
        assert found.matches(text) == bool(re.search(pattern, text))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^(a|aa)+$", "a" * 50 + "b"),
        (r"^(\w|\w\w)+$", "a" * 50 + "-"),
        ("a*a*a*a*a*a*[bc]", "a" * 500),
        ("a*[bc]", "a" * 100_000),
    ],
)
def test_one_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch, pattern: str, text: str) -> None:
    monkeypatch.setattr(patterns, "_SECONDS", 0.02)
    monkeypatch.setattr(patterns, "_CHARACTERS_PER_SECOND", 1e9)
    found = Pattern(pattern)
    for search in (found.matches, found.words):
        with pytest.raises(UsageError, match=r"takes more than 0 seconds for '") as refused:
            search(text)
        assert len(refused.value.message) < 200


def test_what_is_no_expression_is_refused() -> None:
    with pytest.raises(UsageError, match=r"the pattern '\('"):
        Pattern("(")
