"""The text read once, split into words and numbered; and advice where another tokenizer would do better."""

from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from wvcli.errors import install_line
from wvcli.reporting import OnNote, OnProgress, ReadingProgress
from wvcli.system.parallel import processors
from wvcli.text.corpus import Corpus
from wvcli.text.settings import TextSettings
from wvcli.tokens import kept_text
from wvcli.tokens.kept_text import KeptText
from wvcli.tokens.provisional_corpus import ProvisionalCorpus, require_words
from wvcli.tokens.tokenizing import batches

# Characters in words that another tokenizer than `auto` finds better: their pattern and name, the language, the
# tokenizer, and the extra that installs it.
_BETTER_TOKENIZERS = (
    (r"[\p{Hiragana}\p{Katakana}]", "kana", "Japanese", "japanese", "ja"),
    (r"\p{Hangul}", "Hangul", "Korean", "korean", "ko"),
)
_ADVICE_SHARE = 0.01  # of the tokens, from which on advice is given


@dataclass(frozen=True)
class ReadingRecord:
    """What is recorded of reading a text.

    Attributes:
        fingerprint: SHA-256 of the text, in hexadecimal digits.
        skipped: lines and records that could not be read and were skipped.
    """

    fingerprint: str
    skipped: int


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
        require_words(corpus, text)
        return corpus, ReadingRecord(**source.about["read"])
    source.on_note = on_note
    source.on_bytes = ReadingProgress(on_progress, source.size()).add
    with (
        nullcontext() if keep_in is None else kept_text.new_folder(keep_in),
        closing(batches(source.blocks(), text.tokenizer, processors(), source.size(), on_note)) as tokenized,
    ):
        corpus = ProvisionalCorpus.of_batches(tokenized, keep_in or folder)
        require_words(corpus, text)
        record = ReadingRecord(source.fingerprint(), source.skipped)
        if keep_in is not None:
            kept_text.save(corpus, keep_in, {"text": text.to_json(), "read": asdict(record)})
    if keep_in is not None:
        corpus.move_to(folder)
    if text.tokenizer.name == "auto":
        _recommend_tokenizer(corpus, on_note)
    return corpus, record


def _recommend_tokenizer(corpus: ProvisionalCorpus, on_note: OnNote) -> None:
    """Name the tokenizer that splits Japanese or Korean better than `auto`, if the text has some of it."""
    import regex

    others = [number for number, word in enumerate(corpus.words) if not word.isascii()]
    for characters, script, language, tokenizer, extra in _BETTER_TOKENIZERS:
        is_written_so = regex.compile(characters).search
        tokens = int(corpus.counts[[number for number in others if is_written_so(corpus.words[number])]].sum())
        if tokens and tokens >= _ADVICE_SHARE * corpus.tokens_read:
            on_note(
                f"{tokens / corpus.tokens_read:.0%} of the tokens contain {script}; to split {language} better, "
                f"train with `tokenizer={tokenizer}` ({install_line(extra)})"
            )
