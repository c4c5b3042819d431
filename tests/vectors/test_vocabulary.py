from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wvcli.errors import InputError
from wvcli.vectors.vocabulary import Vocabulary

any_word = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
few_letters = st.text("ab猫é😀\x00\x7f\u0080\U0010ffff", max_size=4)
word_lists = st.lists(any_word | few_letters, unique=True, max_size=40)


@given(word_lists, st.lists(any_word | few_letters, max_size=20))
@example([], [""])
@example(["", "a"], ["", "\x00"])
def test_words_are_found_as_in_a_dict(words: list[str], others: list[str]) -> None:
    vocabulary = Vocabulary.from_words(words)
    plain = {word: index for index, word in enumerate(words)}
    assert list(vocabulary) == words
    assert len(vocabulary) == len(words)
    assert [vocabulary[index] for index in range(len(words))] == words
    for word in words + others:
        assert vocabulary.find(word) == plain.get(word)
        assert (word in vocabulary) == (word in plain)


long_words = st.builds(
    lambda start, length, end: start + "x" * length + end, few_letters, st.integers(0, 80), few_letters
)


@given(st.lists(long_words, unique=True, max_size=30))
def test_words_are_ordered_by_all_their_bytes(words: list[str]) -> None:
    order = Vocabulary.from_words(words).order
    assert order.dtype == np.int32
    assert order.tolist() == sorted(range(len(words)), key=lambda index: words[index].encode())


@pytest.mark.parametrize(
    ("text", "offsets"), [(b"ab\xff", [0, 1, 3]), ("é".encode(), [0, 1, 2]), ("aé".encode(), [0, 2, 3])]
)
def test_bytes_that_are_no_words_are_refused(text: bytes, offsets: list[int]) -> None:
    with pytest.raises(InputError, match="not Unicode"):
        Vocabulary.from_text(np.frombuffer(text, dtype=np.uint8), np.array(offsets, dtype=np.int64))


@given(word_lists, few_letters)
@example(["a\U0010ffff", "a", "b"], "a")
def test_words_with_a_prefix_come_in_model_order(words: list[str], prefix: str) -> None:
    found = Vocabulary.from_words(words).starting_with(prefix)
    assert found.tolist() == [index for index, word in enumerate(words) if word.startswith(prefix)]


@given(word_lists.filter(bool), st.data())
def test_a_word_given_twice_is_refused_and_named(words: list[str], data: st.DataObject) -> None:
    twice = data.draw(st.sampled_from(words))
    words.insert(data.draw(st.integers(0, len(words))), twice)
    with pytest.raises(InputError) as caught:
        Vocabulary.from_words(words)
    assert repr(twice) in caught.value.message


def test_words_that_only_look_alike_are_two_words() -> None:
    words = ["é", "e\u0301", "é ", "É"]
    assert [Vocabulary.from_words(words).find(word) for word in words] == [0, 1, 2, 3]


def test_an_empty_vocabulary_answers_every_question() -> None:
    vocabulary = Vocabulary.from_words([])
    assert list(vocabulary) == []
    assert vocabulary.find("") is None
    assert vocabulary.starting_with("").tolist() == []
    with pytest.raises(IndexError):
        vocabulary[0]


@pytest.mark.parametrize("index", [-3, 2, 100])
def test_an_index_outside_is_an_index_error(index: int) -> None:
    with pytest.raises(IndexError):
        Vocabulary.from_words(["a", "b"])[index]


@pytest.mark.parametrize("word", ["\udc80", "a\udcff"])
def test_a_word_that_is_not_unicode_is_simply_not_there(word: str) -> None:
    vocabulary = Vocabulary.from_words(["a", "b"])
    assert vocabulary.find(word) is None
    assert word not in vocabulary
    assert vocabulary.starting_with(word).tolist() == []


def test_words_that_cannot_be_stored_are_refused_and_named() -> None:
    with pytest.raises(InputError, match="udc80"):
        Vocabulary.from_words(["fine", "bad\udc80"])


@pytest.mark.parametrize("thing", [None, 1, b"a", ("a",)])
def test_a_thing_that_is_no_string_is_not_a_word(thing: object) -> None:
    assert thing not in Vocabulary.from_words(["a"])


def test_it_is_a_sequence_with_compact_arrays() -> None:
    vocabulary = Vocabulary.from_words(["猫", "a"])
    assert isinstance(vocabulary, Sequence)
    assert vocabulary.text.tobytes() == "猫a".encode()
    assert vocabulary.offsets.tolist() == [0, 3, 4]
    assert vocabulary.order.tolist() == [1, 0]
    assert (vocabulary.text.dtype, vocabulary.offsets.dtype, vocabulary.order.dtype) == (
        np.uint8,
        np.int64,
        np.int32,
    )
    assert "a" in list(reversed(vocabulary))
    assert vocabulary.index("a") == 1


def test_a_hundred_thousand_words_are_found() -> None:
    words = [f"w{number:x}" for number in np.random.default_rng(0).permutation(100_000)]
    vocabulary = Vocabulary.from_words(words)
    assert all(vocabulary.find(words[index]) == index for index in range(0, 100_000, 997))
    assert vocabulary.find("w-1") is None
