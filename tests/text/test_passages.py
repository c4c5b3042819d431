"""Words are found in a text as it was written, and stay in sight when it is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wvcli.text.passages import Passage, passage


def marked(found: Passage) -> str:
    """The passage with brackets around its spans."""
    text = found.text
    for start, stop in reversed(found.spans):
        text = f"{text[:start]}[{text[start:stop]}]{text[stop:]}"
    return text


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("The cat sat, the Cat chased it.", ["cat", "chased"], "The cat sat, the [Cat] [chased] it."),
        ("A dog and a catalogue of cats, a cat", ["cat", "dog"], "A [dog] and a catalogue of cats, a [cat]"),
        ("the concatenated dog", ["cat", "dog"], "the con[cat]enated [dog]"),
        ("小猫和狗在追猫。", ["猫", "追"], "小猫和狗在[追][猫]。"),
        ("ແມວ ab ab ab ມັກ, ab ມັກແມວ", ["ແມວ", "ມັກ"], "ແມວ ab ab ab ມັກ, ab [ມັກ][ແມວ]"),
        ("l’été de l’icône", ["l'", "icône"], "l’été de [l’][icône]"),
        ("We left New\tYork in June", ["new_york", "june"], "We left [New York] in [June]"),
        ("She doesn’t sing", ["doesn't", "sing"], "She [doesn’t] [sing]"),
        ("(a+b) is c.d", ["a+b", "c.d"], "([a+b]) is [c.d]"),
        ("nothing of it", ["cat", "dog"], "nothing of it"),
        ("only a cat", ["cat", "dog"], "only a cat"),
    ],
)
def test_finds_the_nearest_places_of_two_words(text: str, words: list[str], shown: str) -> None:
    assert marked(passage(text, words, "_")) == shown


def test_a_word_with_a_joint_is_one_word_where_there_are_no_phrases() -> None:
    assert marked(passage("a b a_b c", ["a_b", "c"])) == "a b [a_b] [c]"


def test_is_cut_around_the_words() -> None:
    found = passage("one two three four cat five dog six seven eight nine", ["cat", "dog"]).cut(24)
    assert marked(found) == "…four [cat] five [dog] six …"
    assert marked(passage("the cat was not at all a dog", ["cat", "dog"]).cut(12)) == "…[cat] was no…"


def test_is_cut_by_the_cells_of_a_terminal() -> None:
    found = passage("一二三四五六猫七狗八九十", ["猫", "狗"]).cut(
        12, lambda text: sum(2 if c > "⺀" else 1 for c in text)
    )
    assert marked(found) == "…六[猫]七[狗]八…"


def test_words_far_apart_are_cut_in_good_time() -> None:
    found = passage(f"the cat {'and so on ' * 200_000} dog", ["cat", "dog"]).cut(30)
    assert marked(found) == "…[cat] and so on and so on and …"


@given(
    st.text(st.sampled_from("ab 猫\n-"), max_size=60),
    st.lists(st.text(st.sampled_from("ab猫"), min_size=1, max_size=3), min_size=2, max_size=2),
    st.integers(2, 70),
)
def test_what_is_cut_is_a_piece_of_the_line_with_its_spans(text: str, words: list[str], width: int) -> None:
    whole = passage(text, words)
    cut = whole.cut(width)
    assert len(cut.text) <= width
    assert cut.text.strip("…") in whole.text
    for (start, stop), (first, last) in zip(cut.spans, whole.spans, strict=False):
        assert 0 <= start <= stop <= len(cut.text)
        assert cut.text[start:stop] == whole.text[first:last][: stop - start]
    assert [whole.text[a:b].lower() for a, b in whole.spans] in ([], words, words[::-1])
