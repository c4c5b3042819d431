"""Chinese words, by the segmenter jieba (dictionary and hidden Markov model, here in its Rust edition)."""

from wvcli.tokenizers import Tokenize, Tokenizer


def _make(argument: str) -> Tokenize:
    import regex
    import rjieba

    cut = rjieba.Jieba().cut
    is_word = regex.compile(r"[\p{L}\p{N}]").search

    def split(text: str) -> list[str]:
        return [word for word in cut(text) if is_word(word)]

    return split


TOKENIZER = Tokenizer("chinese", "Chinese words, and others as they stand between them", _make)
