from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tokens.corpora import number_texts, sentences
from wvcli.errors import WvcliError
from wvcli.tokens.provisional_corpus import LONGEST_TEXT
from wvcli.tokens.shards import TEXT_END

Texts = list[list[str]]
words = st.sampled_from(["a", "b", "c", "猫", "", "😀", "d e"])
texts_of_words = st.lists(st.lists(words, max_size=15), max_size=15)
SAME_FOLDER = [HealthCheck.function_scoped_fixture]  # each example overwrites the last one's files


def vocabulary(texts: Texts, min_count: int, max_vocab: int | None) -> dict[str, int]:
    """What the vocabulary must be: Counter keeps equally frequent words in the order of first occurrence."""
    ranked = Counter(word for text in texts for word in text).most_common()
    return dict([pair for pair in ranked if pair[1] >= min_count][:max_vocab])


@settings(max_examples=100, deadline=None, suppress_health_check=SAME_FOLDER)
@given(texts_of_words, st.integers(1, 6), st.none() | st.integers(1, 6), st.integers(1, 20), st.integers(1, 20))
def test_what_is_kept_is_what_was_read_in_order_and_counted_right(
    tmp_path: Path, texts: Texts, min_count: int, max_vocab: int | None, shard: int, longest: int
) -> None:
    raw = number_texts(texts, tmp_path, shard_ids=shard, longest_text=longest)
    plain = Counter(word for text in texts for word in text)
    assert dict(zip(raw.words, raw.counts.tolist(), strict=True)) == plain
    assert raw.words == list(plain)
    assert raw.tokens_read == plain.total()
    encoded = raw.trimmed(min_count, max_vocab)
    kept = vocabulary(texts, min_count, max_vocab)
    assert list(zip(encoded.words, encoded.counts.tolist(), strict=True)) == list(kept.items())
    assert encoded.tokens_read == plain.total()
    assert encoded.tokens_kept == sum(kept.values())
    pieces = [text[start : start + longest] for text in texts for start in range(0, len(text), longest)]
    assert encoded.texts == len(pieces)
    left = [[word for word in piece if word in kept] for piece in pieces]
    expected = [piece for piece in left if piece]
    assert list(sentences(encoded)) == expected
    assert list(sentences(encoded)) == expected  # a second epoch is the same
    on_disk = np.concatenate([np.fromfile(path, dtype="<u4") for path in encoded.shards])
    assert np.count_nonzero(on_disk == TEXT_END) == len(pieces)


def test_equally_frequent_words_stand_as_they_first_occur(tmp_path: Path) -> None:
    encoded = number_texts([["z", "m", "a"], ["a", "m", "z", "q", "q", "q", "b"]], tmp_path).trimmed(1)
    assert encoded.words == ["q", "z", "m", "a", "b"]


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5, 100])
def test_the_vocabulary_has_exactly_the_size_asked_for_even_among_ties(tmp_path: Path, most: int) -> None:
    encoded = number_texts([["a", "b", "c", "d", "e"] * 2], tmp_path).trimmed(1, most)
    assert encoded.words == ["a", "b", "c", "d", "e"][:most]
    assert encoded.tokens_kept == 2 * min(most, 5)


def test_a_hundred_thousand_words_are_kept_exactly_to_the_limit(tmp_path: Path) -> None:
    words = [f"w{number}" for number in range(100_000)]
    raw = number_texts([words, words[:50_000]], tmp_path)
    encoded = raw.trimmed(1, 60_000)
    assert encoded.words == words[:60_000]
    assert encoded.tokens_kept == 110_000


@pytest.mark.parametrize("tokens", [LONGEST_TEXT - 1, LONGEST_TEXT, LONGEST_TEXT + 1, 2 * LONGEST_TEXT, 200_000])
def test_a_long_text_is_split_into_lengths_that_gensim_takes_and_loses_nothing(
    tmp_path: Path, tokens: int
) -> None:
    words = [f"w{number % 999}" for number in range(tokens)]
    encoded = number_texts([words], tmp_path).trimmed(1)
    pieces = list(sentences(encoded))
    assert max(map(len, pieces)) <= LONGEST_TEXT
    assert [word for piece in pieces for word in piece] == words
    assert encoded.tokens_kept == encoded.tokens_read == tokens
    assert encoded.texts == -(-tokens // LONGEST_TEXT)


@pytest.mark.parametrize("texts", [[], [[]], [[], [], []]])
def test_a_corpus_without_words_is_encoded_as_such(tmp_path: Path, texts: Texts) -> None:
    encoded = number_texts(texts, tmp_path).trimmed(1)
    assert (encoded.words, encoded.texts, encoded.tokens_read, encoded.tokens_kept) == ([], 0, 0, 0)
    assert list(sentences(encoded)) == []


def test_a_threshold_above_every_count_leaves_no_sentence(tmp_path: Path) -> None:
    encoded = number_texts([["a", "b"], ["a"]], tmp_path).trimmed(3)
    assert encoded.words == []
    assert encoded.tokens_kept == 0
    assert encoded.tokens_read == 3
    assert list(sentences(encoded)) == []


def test_a_corpus_that_ends_with_a_full_shard_is_whole(tmp_path: Path) -> None:
    encoded = number_texts([["a", "b"], ["a", "c"]], tmp_path, shard_ids=3).trimmed(1)
    assert list(sentences(encoded)) == [["a", "b"], ["a", "c"]]
    assert len(encoded.shards) >= 2


def test_a_folder_that_takes_no_files_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "gone"
    with pytest.raises(WvcliError, match="cannot write") as caught:
        number_texts([["a", "b"]], missing)
    assert str(missing) in caught.value.message
    assert "TMPDIR" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:8]), "6 tokens were counted, but 2 are on disk"),
        (Path.unlink, "cannot read the token ids in .*: no such file"),
    ],
    ids=["cut short", "deleted"],
)
def test_encoded_text_that_is_lost_is_an_error_and_no_smaller_corpus(
    tmp_path: Path, change: Callable[[Path], object], said: str
) -> None:
    raw = number_texts(["abcdef"], tmp_path)
    [shard] = tmp_path.iterdir()
    change(shard)
    with pytest.raises(WvcliError, match=said):
        raw.trimmed(1)
