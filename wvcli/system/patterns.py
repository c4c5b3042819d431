"""Regular expressions that a user wrote, which end in time whatever they are."""

from wvcli.errors import UsageError

_SECONDS = 5  # for one text, and one more for each so many characters of it
_CHARACTERS_PER_SECOND = 100_000
_FEW_STEPS = 10**8  # which take a second at most


class Pattern:
    """A regular expression of the package `regex`.

    To watch the time takes several times as long as to search a word. So it is watched only where there may be
    many steps. Unless a group is repeated there are at most as many as the length of the text to the power of the
    number of repeats and one.

    Args:
        text: the expression.

    Raises:
        UsageError: it is none.
    """

    def __init__(self, text: str) -> None:
        import regex

        try:
            self._compiled = regex.compile(text)
        except regex.error as error:
            raise UsageError(f"the pattern {text!r} is not a regular expression: {error}") from error
        self._text = text
        repeats = len(regex.findall(r"[*+{]", text))
        repeats_groups = regex.search(r"\)[*+{]|\\[1-9gk]|\(\?", text)  # or what groups matched, or themselves
        self._longest_quick = 0 if repeats_groups else int(_FEW_STEPS ** (1 / (repeats + 1)))

    def matches(self, text: str) -> bool:
        """Return whether the expression matches anywhere in a text.

        Raises:
            UsageError: that takes too long to tell.
        """
        if len(text) <= self._longest_quick:
            return self._compiled.search(text) is not None
        limit = self._limit(text)
        try:
            return self._compiled.search(text, timeout=limit) is not None
        except TimeoutError:
            raise self._too_slow(text, limit) from None

    def words(self, text: str) -> list[str]:
        """Return what the expression matches in a text, without what is empty.

        Raises:
            UsageError: that takes too long to find.
        """
        if len(text) <= self._longest_quick:
            return [word for match in self._compiled.finditer(text) if (word := match.group())]
        limit = self._limit(text)
        try:
            return [word for match in self._compiled.finditer(text, timeout=limit) if (word := match.group())]
        except TimeoutError:
            raise self._too_slow(text, limit) from None

    def _limit(self, text: str) -> float:
        return _SECONDS + len(text) / _CHARACTERS_PER_SECOND

    def _too_slow(self, text: str, limit: float) -> UsageError:
        shown = text if len(text) <= 60 else f"{text[:60]}…"
        return UsageError(
            f"the pattern {self._text!r} takes more than {limit:.0f} seconds for {shown!r}",
            "write it so that there are fewer ways in which it can match",
        )
