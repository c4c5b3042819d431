import numpy as np
import pytest

from wvcli.vectors.substitutes import substitute_vector


@pytest.mark.parametrize("kind", ["null", "random"])
@pytest.mark.parametrize("word", ["cat", "", "猫", "caf\udce9"])
def test_it_is_always_the_same_and_no_larger_than_an_untrained_vector(kind: str, word: str) -> None:
    drawn = substitute_vector(word, kind, 50)
    assert drawn.shape == (50,)
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(drawn, substitute_vector(word, kind, 50))
    assert np.abs(drawn).max() <= 0.5 / 50
    assert drawn.any() == (kind == "random")


def test_those_of_different_words_differ() -> None:
    assert len({substitute_vector(f"w{n}", "random", 50).tobytes() for n in range(1000)}) == 1000
