import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.against_gensim import vectors_of
from wvcli.vectors.near_spellings import near_spellings


@given(st.text(max_size=8), st.integers(0, 4))
def test_any_missing_word_gets_at_most_so_many_suggestions_from_the_vocabulary(word: str, most: int) -> None:
    vectors = vectors_of(np.eye(4), ["cat", "Cat", "猫猫", "cats"])
    found = near_spellings(vectors.vocabulary, word, most) if most else []
    assert len(found) <= most
    assert len(set(found)) == len(found)
    assert set(found) <= set(vectors)
