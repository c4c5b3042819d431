import numpy as np
import pytest

from tests.against_gensim import vectors_of
from wvcli.vectors.characteristic_words import characteristic_words


@pytest.mark.parametrize("rows", [0, 1, 2, 6, 7, 400])
@pytest.mark.parametrize("fill", ["random", "zero", "equal", "nan", "inf"])
def test_characteristic_words_come_from_any_model(rows: int, fill: str) -> None:
    matrix = np.random.default_rng(4).normal(size=(rows, 5)).astype(np.float32)
    if fill in ("zero", "equal"):
        matrix[:] = fill == "equal"
    elif rows and fill != "random":
        matrix[0, 0] = np.nan if fill == "nan" else np.inf
    vectors = vectors_of(matrix)
    words = characteristic_words(vectors, 3)
    assert len(words) <= 3
    assert bool(words) == bool(rows)
    assert words == [word for word in vectors if word in words]


def test_characteristic_words_are_those_with_meaning() -> None:
    rng = np.random.default_rng(8)
    centres = np.linalg.qr(rng.normal(size=(30, 30)))[0][:3]
    topics = np.repeat(centres, 8, axis=0) + rng.normal(size=(24, 30)) * 0.05
    matrix = np.vstack([rng.normal(size=(40, 30)), topics])
    words = [f"function{n}" for n in range(40)] + [f"topic{n // 8}-{n % 8}" for n in range(24)]
    chosen = characteristic_words(vectors_of(matrix, words), 3)
    assert sorted(word[:6] for word in chosen) == ["topic0", "topic1", "topic2"]
    signs = [f"</s>{word}" if word.startswith("topic1") else word for word in words]
    assert not any(word.startswith("<") for word in characteristic_words(vectors_of(matrix, signs), 3))


def test_short_words_alone_leave_no_characteristic_word() -> None:
    assert characteristic_words(vectors_of(np.eye(3), ["a", "b", "c"]), 3) == []
