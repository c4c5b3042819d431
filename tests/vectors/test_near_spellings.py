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


def test_traditional_and_simplified_chinese_are_near_each_other() -> None:
    simplified = vectors_of(np.eye(6), ["中", "中央", "中国", "中华", "国家", "经济"]).vocabulary
    assert near_spellings(simplified, "中國") == ["中国", "中华"]
    assert near_spellings(simplified, "國家") == ["国家"]
    assert near_spellings(simplified, "經濟") == []  # no character in common, and nothing to tell it by
    assert near_spellings(simplified, "中心") == ["中"]
    traditional = vectors_of(np.eye(3), ["中", "中國", "國家"]).vocabulary
    assert near_spellings(traditional, "中国") == ["中國"]
    assert near_spellings(traditional, "学家") == ["國家"]
