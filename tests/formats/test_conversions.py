"""From each format to each other and back; what is kept on the way is told by `keeps` and `dtypes`."""

import tracemalloc
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from tests.campaigns.mutations import kinds, mutations, outcome
from tests.clients import marks
from tests.formats import slow
from tests.formats.test_formats import MEMBERS, ODD_WORDS, WRITTEN, is_preserved, remove, word_after
from wvcli import formats
from wvcli.errors import UsageError, WvcliError
from wvcli.formats import Format, Kept, Writing, registry
from wvcli.models import exporting
from wvcli.vectors.selection import Selection
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

PAIRS = [
    pytest.param(first, second, id=f"{first.name}-{second.name}", marks=marks(first, second))
    for first, second in permutations([param.values[0] for param in MEMBERS], 2)
]


def sample(words: list[str]) -> Vectors:
    rng = np.random.default_rng(len(words))
    matrix = (rng.normal(0, 1, (len(words), 5)) * 10.0 ** rng.integers(-6, 6, (len(words), 1))).astype(np.float32)
    return Vectors(Vocabulary.from_words(words), matrix, np.arange(len(words), 0, -1, dtype=np.int64) * 3)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_there_and_back_nothing_is_lost_that_both_keep(first: Format, second: Format, tmp_path: Path) -> None:
    words = [*ODD_WORDS, "new york", "a\tb"]
    whole = sample(words)
    one, two = tmp_path / "one", tmp_path / "two"
    exporting.export(whole, one, name=first.name)
    exporting.export(formats.read(one, first.name), two, name=second.name)
    remove(one)
    exporting.export(formats.read(two, second.name), one, name=first.name)
    found = formats.read(one, first.name)
    assert list(found) == [word_after(second, word_after(first, word)) for word in words]
    assert is_preserved(first if Kept.EXACT_VECTORS in second.keeps else second, found.matrix[:], whole.matrix)
    if Kept.COUNTS in first.keeps & second.keeps:
        assert found.counts is not None
        assert whole.counts is not None
        assert found.counts.tolist() == whole.counts.tolist()
    else:
        assert found.counts is None


@pytest.mark.parametrize("member", MEMBERS)
def test_smaller_numbers_are_the_nearest_there_are(member: Format, tmp_path: Path) -> None:
    whole = sample(["a", "b", "c"])
    whole.matrix[:] = np.random.default_rng(1).normal(0, 1, (3, 5))
    for dtype in member.dtypes:
        remove(tmp_path / "file")
        exporting.export(whole, tmp_path / "file", name=member.name, dtype=dtype)
        found = formats.read(tmp_path / "file", member.name).matrix[:]
        assert found.dtype == np.float32
        if dtype == "float32":
            assert is_preserved(member, found, whole.matrix)
        elif dtype == "float16":
            assert (found == whole.matrix.astype(np.float16)).all()
        else:
            assert np.abs(found - whole.matrix).max() <= np.abs(whole.matrix).max() / 127


@pytest.mark.parametrize("member", WRITTEN)
def test_special_words_are_the_first_rows_or_refused(member: Format, tmp_path: Path) -> None:
    chosen = Selection(pad=True, unknown="mean", words=["c", "a"])
    whole = sample(["a", "b", "c"])
    if not member.special:
        with pytest.raises(UsageError, match=f"{member.name} has no special words"):
            exporting.export(whole, tmp_path / "file", name=member.name, selection=chosen)
        assert list(tmp_path.iterdir()) == []
        return
    exporting.export(whole, tmp_path / "file", name=member.name, selection=chosen)
    if member.read:
        found = formats.read(tmp_path / "file", member.name)
        assert list(found) == ["<pad>", "<unk>", "c", "a"]
        assert not found.matrix[0].any()


@pytest.mark.parametrize("member", WRITTEN)
def test_rows_are_asked_for_in_blocks(member: Format, tmp_path: Path) -> None:
    class Guarded:
        """A matrix that is never asked for more than a part of its rows."""

        dtype = np.dtype(np.float32)
        ndim = 2

        def __init__(self, matrix: np.ndarray) -> None:
            self.matrix, self.shape, self.nbytes, self.size = matrix, matrix.shape, matrix.nbytes, matrix.size

        def __len__(self) -> int:
            return len(self.matrix)

        def __getitem__(self, key: slice) -> np.ndarray:
            assert isinstance(key, slice)
            found = self.matrix[key]
            assert found.nbytes < self.nbytes / 2
            return found.copy()

    matrix = np.random.default_rng(1).normal(size=(10_000, 500)).astype(np.float32)  # 20 MB
    words = Vocabulary.from_words([f"word{number}" for number in range(len(matrix))])
    assert member.write
    member.write(Vectors(words, Guarded(matrix)), tmp_path / "file", Writing())  # type: ignore[arg-type]


@pytest.mark.parametrize("member", MEMBERS)
def test_broken_files_are_refused_or_read_as_they_stand(member: Format, tmp_path: Path) -> None:
    seen = []
    exporting.export(sample(["a"]), tmp_path / "first", name=member.name)  # what is imported counts only once
    remove(tmp_path / "first")
    tracemalloc.start()
    for path in mutations(member, tmp_path, 200):
        seen.append(outcome(member, path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(seen) == 200
    assert "refused" in seen
    assert peak < 50e6


@pytest.mark.filterwarnings("ignore::UserWarning")  # spaCy's, of a PyTorch that it does not need
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param(name, kind, marks=[pytest.mark.client] if name in slow.CLIENTS else [])
        for name in sorted(slow.READERS)
        for kind in kinds(registry.get(name))
    ],
)
def test_what_is_read_of_a_broken_file_is_what_a_plain_reader_reads(name: str, kind: str, tmp_path: Path) -> None:
    read = 0
    for path in mutations(registry.get(name), tmp_path, 60, kind):
        try:
            found = formats.read(path, name)
        except WvcliError:
            continue
        slow.check(name, path, found)
        read += 1
    assert read
