"""Words of one language for words of the other, by two aligned models."""

from collections.abc import Sequence
from os import PathLike
from typing import overload

from wvcli.models.alignment_file import load_alignment
from wvcli.vectors.bilingual import Alignment, By, Translation

Aligned = Alignment | str | PathLike[str] | None


@overload  # a string is a sequence of strings, too
def translate(  # type: ignore[overload-overlap]
    words: str,
    alignment: Aligned = None,
    topn: int = 5,
    *,
    reverse: bool = False,
    by: By = "csls",
    min_count: int = 1,
    mutual: bool = False,
) -> list[Translation]: ...
@overload
def translate(
    words: Sequence[str],
    alignment: Aligned = None,
    topn: int = 5,
    *,
    reverse: bool = False,
    by: By = "csls",
    min_count: int = 1,
    mutual: bool = False,
) -> list[list[Translation]]: ...
def translate(
    words: str | Sequence[str],
    alignment: Aligned = None,
    topn: int = 5,
    *,
    reverse: bool = False,
    by: By = "csls",
    min_count: int = 1,
    mutual: bool = False,
) -> list[Translation] | list[list[Translation]]:
    """Find the translations of a word, or of several words, nearest first.

    Args:
        words: one word, or several.
        alignment: the alignment or its file; None for what the variable WVCLI_ALIGNMENT names, or else the newest
            in the current folder.
        topn: how many translations of each word, at most.
        reverse: translate words of the target.
        by: `csls`, or `cosine`; see `Alignment.translate`.
        min_count: leave out words that occur less often.
        mutual: leave out words to which another word than the one asked about is nearer.

    Returns:
        Translations of the word, or a list of them for each of several words.

    Raises:
        MissingWordError: a word has no vector.
        InputError: the alignment cannot be opened.
        UsageError: `topn` is below 1.

    Example:
        >>> import wvcli
        >>> source, target = wvcli.load("animals.safetensors"), wvcli.load("other.safetensors")
        >>> alignment = wvcli.align(source, target, identical=True)
        >>> wvcli.translate("cat", alignment)[0].word
        'cat'
        >>> [near[0].word for near in wvcli.translate(["cat", "dog"], alignment, reverse=True)]
        ['cat', 'dog']
    """
    opened = alignment if isinstance(alignment, Alignment) else load_alignment(alignment)
    if reverse:
        opened = opened.reversed
    named = [words] if isinstance(words, str) else list(words)
    found = opened.nearest(
        [opened.source.vectors.look_up(word) for word in named], topn, by=by, min_count=min_count, mutual=mutual
    )
    return found[0] if isinstance(words, str) else found
