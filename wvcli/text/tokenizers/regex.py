"""Words are whatever a regular expression matches."""

from wvcli.errors import UsageError
from wvcli.text.tokenizers import Tokenize, Tokenizer


def _make(pattern: str) -> Tokenize:
    import regex

    if not pattern:
        raise UsageError("the tokenizer regex needs a pattern", "write it as regex:PATTERN")
    try:
        compiled = regex.compile(pattern)
    except regex.error as error:
        raise UsageError(f"the pattern {pattern!r} is not a regular expression: {error}") from error
    return lambda text: [word for match in compiled.finditer(text) if (word := match.group())]


TOKENIZER = Tokenizer("regex", "regex:PATTERN, every match of the pattern is a word", _make, literal=True)
