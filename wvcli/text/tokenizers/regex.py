"""Words are whatever a regular expression matches."""

from wvcli.errors import UsageError
from wvcli.system.patterns import Pattern
from wvcli.text.tokenizers import Tokenize, Tokenizer


def _make(pattern: str) -> Tokenize:
    if not pattern:
        raise UsageError("the tokenizer regex needs a pattern", "write it as regex:PATTERN")
    return Pattern(pattern).words


TOKENIZER = Tokenizer("regex", "regex:PATTERN, every match of the pattern is a word", _make, literal=True)
