"""A corpus is halved, and told over the vocabulary of another, without losing a token that is in it."""

from collections import Counter
from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tokens.corpora import number_texts, sentences

texts_of_words = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "猫", "d e"]), min_size=1, max_size=8), min_size=2, max_size=15
)
FOLDERS = count()  # each example writes into one of its own


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts_of_words, st.integers(2, 20))
def test_of_every_two_texts_one_is_in_either_half(tmp_path: Path, texts: list[list[str]], shard: int) -> None:
    folder = tmp_path / str(next(FOLDERS))
    folder.mkdir()
    marked = [[*text, f"text{number}"] for number, text in enumerate(texts)]
    encoded = number_texts(marked, folder, shard_ids=shard).trimmed(1)
    halves = encoded.halves(folder)
    numbers = [[int(text[-1].removeprefix("text")) for text in sentences(half, 3)] for half in halves]
    assert [number // 2 for number in numbers[0]][: len(texts) // 2] == list(range(len(texts) // 2))
    assert sorted(numbers[0] + numbers[1]) == list(range(len(texts)))
    for half, own in zip(halves, numbers, strict=True):
        kept = [marked[number] for number in own]
        words = Counter(word for text in kept for word in text)
        assert dict(zip(half.words, half.counts.tolist(), strict=True)) == dict(words)
        assert half.counts.tolist() == sorted(half.counts.tolist(), reverse=True) == half.frequencies.tolist()
        assert list(sentences(half, 3)) == kept
        assert (half.texts, half.tokens_kept) == (len(kept), words.total())
    first, second = halves
    told = second.over(first, folder / "over")
    assert (told.words, told.frequencies.tolist()) == (first.words, first.counts.tolist())
    known = [[word for word in text if word in first.words] for text in sentences(second)]
    assert list(sentences(told, 3)) == [text for text in known if text]
    assert told.tokens_kept == sum(map(len, known))
