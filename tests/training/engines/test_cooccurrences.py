"""Pairs of words counted in bounded memory, against a plain count."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.engines.runs import encode, make_texts
from wvcli.errors import WvcliError
from wvcli.reporting import Progress, ignore_progress
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.tokens.shards import TEXT_END
from wvcli.training.engines import _cooccurrences
from wvcli.training.engines._cooccurrence_loops import UNIT
from wvcli.training.engines._cooccurrences import BYTES, Cooccurrences, count_cooccurrences, table_bytes

PLENTY = 1 << 24


def count(corpus: EncodedCorpus, folder: Path, **options: Any) -> Cooccurrences:
    folder.mkdir(exist_ok=True)
    how: dict[str, Any] = {"window": 5, "workers": 1, "memory": PLENTY, "on_progress": ignore_progress} | options
    return count_cooccurrences(corpus, folder=folder, **how)


def counted(found: Cooccurrences) -> dict[tuple[int, int], float]:
    pairs, counts = found.pairs(0, len(found))
    listed = [(int(one), int(other)) for one, other in pairs]
    assert len(set(listed)) == len(listed)
    return dict(zip(listed, counts.tolist(), strict=True))


def plain_count(corpus: EncodedCorpus, window: int) -> dict[tuple[int, int], float]:
    found: Counter[tuple[int, int]] = Counter()
    for shard in range(len(corpus.shards)):
        ids = corpus.ids(shard).tolist()
        for position, word in enumerate(ids):
            for distance in range(1, window + 1):
                other = ids[position - distance] if position >= distance else TEXT_END
                if TEXT_END in (word, other):
                    break
                share = round(UNIT / distance)
                found[min(word, other), max(word, other)] += 2 * share if word == other else share
    return {pair: total / UNIT for pair, total in found.items()}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> EncodedCorpus:
    """20,000 tokens in two shards, with more pairs than the smallest table holds."""
    rng = np.random.default_rng(3)
    lengths = rng.integers(1, 40, size=1_000)
    texts = [[f"w{n}" for n in rng.integers(0, 400, size=length)] for length in lengths]
    encoded = encode(texts, tmp_path_factory.mktemp("corpus"), shard_ids=12_000)
    assert len(encoded.shards) == 2
    return encoded


@pytest.mark.parametrize("window", [1, 2, 5, 60])
def test_pairs_are_counted_as_by_a_plain_count(corpus: EncodedCorpus, tmp_path: Path, window: int) -> None:
    assert counted(count(corpus, tmp_path, window=window)) == plain_count(corpus, window)


def test_windows_end_with_the_text_and_a_word_beside_itself_counts_twice(tmp_path: Path) -> None:
    corpus = encode([["a", "b", "a"], ["c", "c"], ["a"], ["b", "c"]], tmp_path)
    a, b, c = (corpus.words.index(word) for word in "abc")
    assert counted(count(corpus, tmp_path)) == {
        (min(a, b), max(a, b)): 2.0,
        (a, a): 1.0,  # two apart: half, from each side
        (c, c): 2.0,
        (min(b, c), max(b, c)): 1.0,
    }


def test_neither_memory_nor_workers_nor_parts_change_counts_or_order(
    corpus: EncodedCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = count(corpus, tmp_path / "whole")
    monkeypatch.setattr(_cooccurrences, "_TOKENS", 3_000)
    monkeypatch.setattr(_cooccurrences, "_PAIRS_OF_PART", 10_000)
    for workers, memory in ((1, 1), (3, 1), (2, PLENTY)):
        other = count(corpus, tmp_path / f"{workers}-{memory}", workers=workers, memory=memory)
        assert len(other.starts) == 17
        np.testing.assert_array_equal(other.cells(0, len(other)), whole.cells(0, len(whole)))
        assert (np.diff(other.starts) > len(other) // 32).all()


def test_runs_are_removed_when_they_are_merged_and_strays_before(corpus: EncodedCorpus, tmp_path: Path) -> None:
    (tmp_path / "cooccurrences.1.run").write_bytes(b"left by a run that was killed")
    (tmp_path / "cooccurrences").write_bytes(b"left by a run that was killed")
    found = count(corpus, tmp_path, memory=1)
    assert [path.name for path in tmp_path.iterdir()] == ["cooccurrences"]
    assert found.path.stat().st_size == BYTES * len(found)
    assert counted(found) == plain_count(corpus, 5)


def test_the_order_of_pairs_is_random(corpus: EncodedCorpus, tmp_path: Path) -> None:
    found = count(corpus, tmp_path)
    pairs, counts = found.pairs(0, len(found))
    position = np.arange(len(pairs))
    for column in (pairs[:, 0], pairs[:, 1], counts):
        assert abs(np.corrcoef(position, column)[0, 1]) < 5 / len(pairs) ** 0.5
        assert abs(np.corrcoef(column[1:], column[:-1])[0, 1]) < 5 / len(pairs) ** 0.5


def test_progress_is_told_while_text_is_counted_and_runs_are_merged(
    corpus: EncodedCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wvcli.reporting._REPORT_SECONDS", 0.0)
    monkeypatch.setattr(_cooccurrences, "_TOKENS", 3_000)
    told: list[Progress] = []
    found = count(corpus, tmp_path, memory=1, on_progress=told.append)
    counting = [progress for progress in told if progress.stage == "counting"]
    assert [progress.done for progress in counting] == sorted(progress.done for progress in counting)
    assert (counting[-1].done, counting[-1].total) == (corpus.tokens_kept, corpus.tokens_kept)
    merging = [progress for progress in told if progress.stage == "merging"]
    assert merging[-1].done == merging[-1].total
    assert (merging[-1].total or 0) > len(found)


def test_the_share_of_pairs_that_occur_once(tmp_path: Path) -> None:
    corpus = encode([["a", "b"], ["a", "b"], ["c", "x", "d"]], tmp_path)
    assert count(corpus, tmp_path).share_of_single(5) == pytest.approx(3 / 4)


def test_tables_stay_within_the_memory_or_what_all_pairs_need() -> None:
    assert table_bytes(10**9, 10**6, 10, workers=2, memory=10**8) == pytest.approx(10**8, rel=0.01)
    assert table_bytes(1_000, 100, 10, workers=1, memory=10**8) < 200_000


def test_damage_and_a_full_disk_are_told(corpus: EncodedCorpus, tmp_path: Path) -> None:
    found = count(corpus, tmp_path)
    found.path.write_bytes(found.path.read_bytes()[:-8])
    with pytest.raises(WvcliError, match="are damaged"):
        found.cells(0, len(found))
    found.path.unlink()
    with pytest.raises(WvcliError, match="cannot read the co-occurrences"):
        found.cells(0, 1)
    with pytest.raises(WvcliError, match="cannot write co-occurrences"):
        count_cooccurrences(
            corpus, 5, workers=2, memory=1, folder=tmp_path / "nowhere", on_progress=ignore_progress
        )


def test_smallest_texts_are_counted(tmp_path: Path) -> None:
    corpus = encode(make_texts(texts=1, words=3, length=2), tmp_path)
    assert len(count(corpus, tmp_path, workers=4)) == 1
