"""Splits at white space and nowhere else, for text that is tokenized already."""

from wvcli.text.tokenizers import Tokenizer

TOKENIZER = Tokenizer(
    "whitespace", "split at white space only", lambda argument: str.split, literal=True, blanked=lambda text: text
)
