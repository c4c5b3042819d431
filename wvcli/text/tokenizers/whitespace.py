"""Words are whatever stands between white space, for text that is tokenized already."""

from wvcli.text.tokenizers import Tokenizer

TOKENIZER = Tokenizer(
    "whitespace",
    "split at white space only",
    lambda argument: str.split,
    literal=True,
    spaced=lambda text: text,
    scanned_as="whitespace",
)
