import tracemalloc

import numpy as np
import pytest
from gensim.models import FastText
from gensim.models.fasttext import ft_ngram_hashes
from gensim.models.fasttext_inner import compute_ngrams, ft_hash_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from wvcli.vectors.murmur import murmur
from wvcli.vectors.subwords import Subwords, add_rows, bucket_rows, floret_rows, ngram_hash, ngrams
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

WORDS = [
    "a",
    "ab",
    "cat",
    "don't",
    "Straße",
    "ñandú",
    "猫",
    "猫喜欢",
    "日本語",
    "हिन्दी",
    "كِتَاب",
    "😀",
    "👨‍👩‍👧",
    "<",
    "<a>",
    "a b",
]
LENGTHS = [(1, 1), (1, 2), (2, 3), (3, 3), (3, 6), (5, 5), (1, 20), (30, 40)]

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@pytest.fixture(scope="module")
def fasttext() -> FastText:
    rng = np.random.default_rng(3)
    words = ["cat", "cats", "dog", "猫", "猫咪", "naïve", "été", "x", "😀😀"]
    sentences = [rng.choice(words, 8).tolist() for _ in range(200)]
    return FastText(
        sentences, vector_size=13, min_count=1, epochs=2, bucket=101, min_n=2, max_n=4, seed=1, workers=1
    )


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("猫", ["<猫", "<猫>", "猫", "猫>"]),
        ("ab", ["<a", "<ab", "a", "ab", "ab>", "b", "b>"]),
        ("", ["<>"]),
    ],
)
def test_ngrams_stand_in_fasttexts_order(word: str, expected: list[str]) -> None:
    assert ngrams(word, 1, 3) == expected


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("word", WORDS)
def test_a_word_falls_into_the_same_buckets_as_in_gensim(word: str, lengths: tuple[int, int]) -> None:
    for size in (1, 7, 10_000, 2_000_000):
        subwords = Subwords(np.zeros((size, 1), dtype=np.float32), *lengths)
        assert subwords.buckets(word) == list(ft_ngram_hashes(word, *lengths, size))


@given(any_text, st.integers(1, 6), st.integers(0, 5), st.integers(1, 2**31 - 1))
def test_any_word_has_gensims_ngrams_and_hashes(word: str, min_n: int, more: int, size: int) -> None:
    ours = ngrams(word, min_n, min_n + more)
    # Gensim's readable variant keeps the lone < and > that its hashing variant and fastText leave out.
    alone = ["<", ">"] if min_n == 1 else []
    assert sorted(ours + alone) == sorted(compute_ngrams(word, min_n, min_n + more))
    assert [ngram_hash(ngram) % size for ngram in ours] == list(ft_ngram_hashes(word, min_n, min_n + more, size))


@given(any_text)
def test_any_ngram_hashes_as_in_gensim(ngram: str) -> None:
    assert ngram_hash(ngram) == ft_hash_bytes(ngram.encode("utf-8"))


@pytest.mark.parametrize("word", [*WORDS, "unseen", "catdog", "猫猫猫", "Été", "y" * 300])
def test_a_new_word_has_gensims_vector_to_the_last_bit(fasttext: FastText, word: str) -> None:
    ours = Subwords(fasttext.wv.vectors_ngrams, 2, 4).vector(word)
    assert ours is not None
    assert ours.dtype == np.float32
    if word not in fasttext.wv.key_to_index:
        np.testing.assert_array_equal(ours, fasttext.wv.get_vector(word))


@settings(max_examples=50)
@given(any_text.filter(bool))
def test_any_new_word_has_gensims_vector_to_the_last_bit(word: str) -> None:
    matrix = np.random.default_rng(1).normal(size=(11, 5)).astype(np.float32)
    from gensim.models.fasttext import FastTextKeyedVectors

    theirs = FastTextKeyedVectors(vector_size=5, min_n=1, max_n=3, bucket=11)
    theirs.vectors_ngrams = matrix
    ours = Subwords(matrix, 1, 3).vector(word)
    np.testing.assert_array_equal(ours, theirs.get_vector(word))


@pytest.mark.parametrize(("word", "min_n"), [("", 1), ("", 2), ("a", 4), ("猫", 4)])
def test_a_word_too_short_for_an_ngram_has_no_vector(word: str, min_n: int) -> None:
    assert Subwords(np.ones((10, 3), dtype=np.float32), min_n, 6).vector(word) is None


def test_without_buckets_no_new_word_has_a_vector() -> None:
    assert Subwords(np.ones((0, 3), dtype=np.float32), 3, 6).vector("word") is None


def test_a_vector_from_subwords_can_be_changed_without_changing_the_model() -> None:
    matrix = np.ones((10, 3), dtype=np.float32)
    vector = Subwords(matrix, 3, 3).vector("abc")
    assert vector is not None
    vector[:] = 7
    assert (matrix == 1).all()


def test_an_argument_that_is_not_unicode_has_no_vector_and_no_crash() -> None:
    subwords = Subwords(np.ones((10, 3), dtype=np.float32), 3, 6)
    vectors = Vectors(Vocabulary.from_words(["cat"]), np.ones((1, 3), dtype=np.float32), subwords=subwords)
    assert vectors.find("caf\udce9") is None


@given(
    st.lists(any_text, min_size=1, max_size=12), st.integers(0, 5), st.integers(0, 4), st.integers(1, 2**31 - 1)
)
def test_many_words_at_once_fall_into_the_buckets_of_each(
    words: list[str], min_n: int, more: int, size: int
) -> None:
    coded = [word.encode() for word in words]
    offsets = np.cumsum([7, *map(len, coded)], dtype=np.int64)  # in the middle of a longer text
    text = np.frombuffer(b"before " + b"".join(coded) + b"after", dtype=np.uint8)
    rows, bounds = bucket_rows(text, offsets, min_n, min_n + more, size)
    for place, word in enumerate(words):
        expected = [ngram_hash(ngram) % size for ngram in ngrams(word, max(1, min_n), min_n + more)]
        assert rows[bounds[place] : bounds[place + 1]].tolist() == expected


def test_ngram_vectors_are_added_in_gensims_order_wherever_they_lie(fasttext: FastText) -> None:
    matrix = fasttext.wv.vectors_ngrams
    unaligned = np.frombuffer(b"x" + matrix.tobytes(), dtype=np.uint8)[1:].view(np.float32).reshape(matrix.shape)
    assert not unaligned.flags.aligned
    words = [*WORDS, "unseen", "catdog", "y" * 300, "", "x"]
    vocabulary = Vocabulary.from_words(list(dict.fromkeys(words)))
    for table in (matrix, unaligned):
        subwords = Subwords(table, 2, 4)
        sums = np.zeros((len(vocabulary), matrix.shape[1]), dtype=np.float32)
        counts = subwords.add_to(sums, vocabulary.text, vocabulary.offsets)
        for word, total, count in zip(vocabulary, sums, counts.tolist(), strict=True):
            alone = subwords.vector(word)
            assert count == len(subwords.buckets(word))
            if alone is not None:
                np.testing.assert_array_equal(total / np.float32(count), alone)


def test_of_a_matrix_with_gaps_only_the_rows_that_are_added_are_copied() -> None:
    matrix = np.arange(200_000 * 12, dtype=np.float32).reshape(-1, 12)[:, :10]
    sums, rows = np.zeros((2, 10), dtype=np.float32), np.array([7, 199_999, 3])
    tracemalloc.start()
    add_rows(sums, matrix, rows, np.array([0, 2, 3]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_array_equal(sums, [matrix[7] + matrix[199_999], matrix[3]])
    assert peak < matrix.nbytes / 10


def test_numbers_that_are_not_finite_give_none_that_is_and_no_warning() -> None:
    for value in (np.nan, np.inf, 3e38):
        vector = Subwords(np.array([[value, 1]] * 3, dtype=np.float32), 1, 6).vector("word")
        assert vector is not None
        assert not np.isfinite(vector[0])
        assert vector[1] == 1


def murmured(*keys: bytes, seed: int = 0) -> list[bytes]:
    ends = np.cumsum([0, *map(len, keys)], dtype=np.int64)
    data = np.frombuffer(b"".join(keys), dtype=np.uint8)
    return [row.tobytes() for row in murmur(data, ends[:-1], ends[1:], seed)]


def test_murmur_gives_its_published_hashes() -> None:
    # Of Appleby's MurmurHash3_x64_128, the two halves as they are usually printed.
    published = {
        b"": "00000000000000000000000000000000",
        b"hello": "cbd8a7b341bd9b025b1e906a48ae1d19",
        b"The quick brown fox jumps over the lazy dog": "e34bbc7bbc071b6c7a433ca9c49a9347",
    }
    for found, expected in zip(murmured(*published), published.values(), strict=True):
        assert (found[7::-1] + found[:7:-1]).hex() == expected


@given(st.lists(st.binary(max_size=70), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_a_key_has_the_same_hash_among_others_as_alone(keys: list[bytes], seed: int) -> None:
    assert murmured(*keys, seed=seed) == [murmured(key, seed=seed)[0] for key in keys]


@given(
    st.lists(any_text, min_size=1, max_size=8),
    st.integers(0, 5),
    st.integers(-1, 4),
    st.integers(1, 2**31 - 1),
    st.integers(1, 4),
)
def test_floret_hashes_the_word_and_then_its_ngrams(
    words: list[str], min_n: int, more: int, size: int, hashes: int
) -> None:
    coded = [word.encode() for word in words]
    offsets = np.cumsum([0, *map(len, coded)], dtype=np.int64)
    rows, bounds = floret_rows(
        np.frombuffer(b"".join(coded), dtype=np.uint8), offsets, min_n, min_n + more, size, hashes
    )
    for place, word in enumerate(words):
        keys = [f"<{word}>", *ngrams(word, max(1, min_n), min_n + more)]
        parts = [np.frombuffer(key, "<u4") for key in murmured(*(key.encode() for key in keys), seed=2166136261)]
        expected = [int(part) % size for key in parts for part in key[:hashes]]
        assert rows[bounds[place] : bounds[place + 1]].tolist() == expected
