"""The text read once, split into words and numbered; and advice where another tokenizer would do better."""

from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wvcli.errors import install_line
from wvcli.reporting import OnNote, OnProgress, ReadingProgress
from wvcli.system.parallel import processors
from wvcli.text.characters import count_in_words, share_in_no_word
from wvcli.text.corpus import Corpus
from wvcli.text.settings import TextSettings
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens import kept_text
from wvcli.tokens.kept_text import KeptText
from wvcli.tokens.provisional_corpus import ProvisionalCorpus, require_words
from wvcli.tokens.tokenizing import batches


@dataclass(frozen=True)
class _Advice:
    """Words that another tokenizer than the given one finds better.

    Attributes:
        pattern: of what is in them.
        what: what these words do.
        language: which they are likely to be of.
        tokenizer: the better one.
        extra: that installs it, or an empty string.
        given: the tokenizers beside which it is named.
    """

    pattern: str
    what: str
    language: str
    tokenizer: str
    extra: str = ""
    given: tuple[str, ...] = ("auto",)


# Common characters of traditional Chinese that neither simplified Chinese nor Japanese writes so.
_TRADITIONAL = "們這說會國來對學經點麼樣從灣臺發當實變戰應裡與"
_BETTER_TOKENIZERS = (
    _Advice(r"[\p{Hiragana}\p{Katakana}]", "contain kana", "Japanese", "japanese", "ja"),
    _Advice(r"\p{Hangul}", "contain Hangul", "Korean", "korean", "ko"),
    _Advice(
        r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]",
        "are of a script without spaces between words",
        "Thai, Lao, Khmer and Burmese",
        "icu",
        "icu",
    ),
    _Advice(
        f"[{_TRADITIONAL}]",
        "contain traditional characters",
        "traditional Chinese",
        "icu",
        "icu",
        given=("auto", "chinese"),
    ),
    _Advice(
        r"^(?:[cdjlmnst]|qu|un|[dns]?[aeu]ll)'[aeiouhàáâèéêëìíîïòóôùúûœ]",
        "begin with an elided word, as in l'arte",
        "French, Italian or Catalan",
        "romance",
    ),
)
_ADVICE_SHARE = 0.01  # of the tokens, from which on advice is given
_MUCH_IN_NO_WORD = 0.2  # of the characters; in English prose it is 0.03 to 0.06


@dataclass(frozen=True)
class ReadingRecord:
    """What is recorded of reading a text.

    Attributes:
        fingerprint: SHA-256 of the text, in hexadecimal digits.
        skipped: lines and records that could not be read and were skipped.
        characters: of the text, without white space; None where text was kept that does not say.
        characters_in_words: how many of them are in words; None where the tokenizer writes words in other letters.
        parts: in which the text was read; of several, the fingerprint is that of their fingerprints, in
            hexadecimal digits with a line feed between two.
    """

    fingerprint: str
    skipped: int
    characters: int | None = None
    characters_in_words: int | None = None
    parts: int = 1

    def checksum(self) -> dict[str, str | int]:
        """Return how a manifest records the fingerprint; that of parts depends on where these end."""
        if self.parts == 1:
            return {"sha256": self.fingerprint}
        return {"sha256_of_parts": self.fingerprint, "parts": self.parts}


def read_text(
    text: TextSettings,
    source: Corpus | KeptText,
    folder: Path,
    on_progress: OnProgress,
    on_note: OnNote,
    keep_in: Path | None = None,
) -> tuple[ProvisionalCorpus, ReadingRecord]:
    """Read and number a text, or take one that was kept.

    Args:
        text: which text, and how it is read and split into words.
        source: the same text, opened.
        folder: where the numbers are written.
        on_progress: called with the bytes read.
        on_note: called with what must be compiled first, and with the name of a better tokenizer.
        keep_in: a folder in which the text is kept as it was read, for further models.

    Raises:
        InputError: a source cannot be read, or has no words.
        UsageError: there is no such tokenizer; or `keep_in` holds something else.
    """
    if isinstance(source, KeptText):
        corpus = source.provisional_corpus(folder)
        require_words(corpus.tokens_read, text)
        return corpus, ReadingRecord(**source.about["read"])
    source.on_note = on_note
    source.on_bytes = ReadingProgress(on_progress, source.size()).add
    with (
        nullcontext() if keep_in is None else kept_text.new_folder(keep_in),
        closing(batches(source.blocks(), text.tokenizer, processors(), source.size(), on_note)) as tokenized,
    ):
        corpus = ProvisionalCorpus.of_batches(tokenized, keep_in or folder)
        is_verbatim = text.tokenizer.kind.verbatim
        record = ReadingRecord(
            fingerprint=source.fingerprint(),
            skipped=source.skipped,
            characters=source.characters(),
            characters_in_words=count_in_words(corpus.words, corpus.counts) if is_verbatim else None,
        )
        require_words(corpus.tokens_read, text, record.characters or 0, record.skipped)
        if keep_in is not None:
            kept_text.save(corpus, keep_in, {"text": text.to_json(), "read": asdict(record)})
    if keep_in is not None:
        corpus.move_to(folder)
    advise(corpus.words, corpus.counts, corpus.tokens_read, record, text.tokenizer, on_note)
    return corpus, record


def advise(
    words: Sequence[str],
    counts: npt.NDArray[np.int64],
    tokens_read: int,
    record: ReadingRecord,
    tokenizer: TokenizerSettings,
    on_note: OnNote,
) -> None:
    """Note where another tokenizer would do better.

    Args:
        words: distinct words of the text.
        counts: int64 [words], their occurrences.
        tokens_read: how many there are in all.
        record: of reading the text.
        tokenizer: how it was split into words.
        on_note: called with each note.
    """
    _recommend_tokenizer(words, counts, tokens_read, tokenizer.name, on_note)
    _tell_what_is_in_no_word(record, tokenizer, on_note)


def _recommend_tokenizer(
    words: Sequence[str], counts: npt.NDArray[np.int64], tokens_read: int, given: str, on_note: OnNote
) -> None:
    """Name the tokenizers that split the text better than the given one, where it has some words that show it."""
    import regex

    possible = [advice for advice in _BETTER_TOKENIZERS if given in advice.given]
    if not possible:
        return
    others = [number for number, word in enumerate(words) if "'" in word or not word.isascii()]
    lines = "\n".join(words[number] for number in others)  # one search there is faster than one a word
    for advice in possible:
        is_such = regex.compile(advice.pattern, regex.I | regex.M).search
        if not is_such(lines):
            continue
        tokens = int(counts[[number for number in others if is_such(words[number])]].sum())
        if tokens and tokens >= _ADVICE_SHARE * tokens_read:
            install = f" ({install_line(advice.extra)})" if advice.extra else ""
            on_note(
                f"{tokens / tokens_read:.0%} of the tokens {advice.what}; to split {advice.language} "
                f"better, train with `tokenizer={advice.tokenizer}`{install}"
            )


def _tell_what_is_in_no_word(record: ReadingRecord, tokenizer: TokenizerSettings, on_note: OnNote) -> None:
    """Say so where much of a text is in no word, unless it was the user who said what a word is."""
    share = share_in_no_word(record.characters, record.characters_in_words)
    if share is None or share < _MUCH_IN_NO_WORD or tokenizer.kind.literal or tokenizer.is_wanted() is not None:
        return
    on_note(
        f"{share:.0%} of the characters are in no word: punctuation, symbols or emoji; "
        "`tokenizer=whitespace` keeps whatever stands between spaces"
    )
