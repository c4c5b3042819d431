import unicodedata
from functools import lru_cache

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wvcli.errors import UsageError
from wvcli.text import tokenizers
from wvcli.text.tokenizers import Tokenize, TokenizerSettings

ALL = [name if name != "regex" else r"regex:\w+" for name in tokenizers.registry.names()]

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
worded_text = st.lists(
    st.sampled_from(
        # every kind of letter, joiner and blank
        [
            "don't",
            "l’été",
            "well-known",
            "e\u0301",
            "猫",
            "是最爱的动物",
            "。",
            "らーめん",
            "カタカナ",
            "한국어",
            "हिन्दी",
            "كِتَابٌ",
            "3.14",
            "1,000",
            "U.S.",
            "❤\ufe0f",
            "👨\u200d👩",
            "İ",
            "ΣΑΣ",
            "J\u030c",
            "ß",
            "-",
            "'",
            " ",
            "\u3000",
            "\u00a0",
            "\n",
            "a_b",
            "ﬁ",
            "½",
            "٣٫١٤",
            "\u00ad",
            "\u200d",
            "\u0301",
            "葛\U000e0100",
            "ｶﾞ",
        ]
    ),
    max_size=12,
).map("".join)


@lru_cache
def tokenizer_of(name: str, lowercase: bool) -> Tokenize:
    return TokenizerSettings(name, lowercase).tokenize()


def split(text: str, name: str = "auto", lowercase: bool = True) -> list[str]:
    return tokenizer_of(name, lowercase)(text)


SPELLINGS = [("cafe\u0301", "café"), ("\u1112\u1161\u11ab", "한"), ("J\u030c", "ǰ"), ("T\u0308", "ẗ")]

CASES = {
    "Chinese": ("猫是最爱的动物。", ["猫", "是", "最", "爱", "的", "动物"]),
    "Chinese in the traditional script": ("貓是動物", None),
    "English": ("The cat sat, on the mat!", ["the", "cat", "sat", "on", "the", "mat"]),
    "a plain apostrophe": ("don't o'clock rock'n'roll", ["don't", "o'clock", "rock'n'roll"]),
    "a typographic apostrophe": ("don’t l’été", ["don't", "l'été"]),
    "quotation marks": ("'tis 'quoted' dogs' “so” «là» ‘x’", ["tis", "quoted", "dogs", "so", "là", "x"]),
    "hyphens": ("well-known -- e-mail-address a-1 -x- ", ["well-known", "e-mail-address", "a", "1", "x"]),
    "numbers": (
        "3.14 1,000 2,000,000.50 v2.0 10. ,5 1.a",
        ["3.14", "1,000", "2,000,000.50", "v2.0", "10", "5", "1", "a"],
    ),
    "underscores": ("new_york #tag @you", ["new_york", "tag", "you"]),
    "German": ("Größe straße ÄÖÜ", ["größe", "straße", "äöü"]),
    "French": ("Aujourd’hui, l'œuvre naïve", ["aujourd'hui", "l'œuvre", "naïve"]),
    "Catalan": ("col·legi", ["col·legi"]),
    "Russian": ("Кошка — любимое животное.", ["кошка", "любимое", "животное"]),
    "Turkish": ("İyi iyi İSTANBUL I\u0307yi", ["iyi", "iyi", "istanbul", "iyi"]),
    "Greek": ("Η ΓΑΤΑ ΤΗΣ", ["η", "γατα", "της"]),
    "Hindi": ("बिल्ली मेरा पसंदीदा जानवर है।", ["बिल्ली", "मेरा", "पसंदीदा", "जानवर", "है"]),
    "Arabic with vowels": ("كِتَابٌ جَمِيلٌ، نعم؟", ["كِتَابٌ", "جَمِيلٌ", "نعم"]),
    "Hebrew": ("צה״ל חתול", ["צה״ל", "חתול"]),
    "Hebrew as it is typed": (
        'ארה"ב וצה"ל, ג׳ירפה ג\'ירפה "חתול" "a"',
        ['ארה"ב', 'וצה"ל', "ג׳ירפה", "ג'ירפה", "חתול", "a"],
    ),
    "quotation marks beside Hebrew": (
        'ב"a a"ב 1"ב ב"1 ב""ב ב"',
        ["ב", "a", "a", "ב", "1", "ב", "ב", "1", "ב", "ב", "ב"],
    ),
    "Persian with its joiner": ("می\u200cخواهم", ["می\u200cخواهم"]),
    "Thai": ("แมว", ["แมว"]),
    "Korean": ("고양이는 제일 좋아하는 동물입니다.", ["고양이는", "제일", "좋아하는", "동물입니다"]),
    "Japanese": ("東京へ行きました。", ["東京", "へ", "行", "きました"]),
    "a long vowel in Katakana": ("ラーメン・コーヒー", ["ラーメン", "コーヒー"]),
    "a long vowel in Hiragana": ("らーめん", ["らーめん"]),
    "Katakana of half width": ("ｶﾞｽ", ["ｶﾞｽ"]),
    "a Chinese character with its variant": ("葛\U000e0100城", None),
    "Chinese and Latin": ("手机iPhone和Wi-Fi。", ["手机", "iphone", "和", "wi-fi"]),
    "Chinese and numbers": ("2024年3.5元", ["2024", "年", "3.5", "元"]),
    "Chinese and English": ("I love 动物 a lot", ["i", "love", "动物", "a", "lot"]),
    "blanks of every kind": ("a\u3000b\u00a0c\u2003d\te\u2028f\r\ng", ["a", "b", "c", "d", "e", "f", "g"]),
    "a soft hyphen": ("Donau\u00addampf", ["donaudampf"]),
    "an accent of its own": ("cafe\u0301", ["café"]),
    "pictures": ("I ❤\ufe0f you 😀 👨\u200d👩\u200d👧 👍🏽", ["i", "you"]),
    "nothing": ("", []),
    "punctuation": ("... --- ''' ,;:!? 。，、！", []),
}


@pytest.mark.parametrize(("text", "words"), CASES.values(), ids=CASES)
def test_text_is_split_into_words(text: str, words: list[str] | None) -> None:
    got = split(text)
    if words is not None:
        assert got == words
    assert all(any(unicodedata.category(character)[0] in "LN" for character in word) for word in got)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("whitespace", "The  cat's\u3000well-known. \t猫\u00a0", ["the", "cat's", "well-known.", "猫"]),
        ("unicode", "猫是 cat", ["猫是", "cat"]),
        ("chinese", "猫是最爱的动物。cat, dog", ["猫", "是", "最", "爱", "的", "动物", "cat", "dog"]),
        ("chinese", "动物 кошка café 动物", ["动物", "кошка", "café", "动物"]),
        ("japanese", "東京へ行きました。GPT-4", ["東京", "へ", "行き", "まし", "た", "gpt", "4"]),
        ("japanese", "ラーメン・コーヒー、ｶﾞｽ", ["ラーメン", "コーヒー", "ｶﾞｽ"]),
        ("japanese", "well-known 3.14 café 葛\U000e0100城", ["well-known", "3.14", "café", "葛城"]),
        ("korean", "학교에 갔다.", ["학교", "에", "가다", "었", "다"]),
        ("korean", "동물입니다", ["동물", "이다", "ㅂ니다"]),
        ("korean", "GPT를 3.5원에 #한국", ["gpt", "를", "3.5", "원", "에", "한국"]),
        ("korean", "😀 well-known 한국 カメラ", ["well-known", "한국", "カメラ"]),
        (
            "romance",
            "L’icône d'une page n'est qu'ouverte, aujourd'hui.",
            ["l'", "icône", "d'", "une", "page", "n'", "est", "qu'", "ouverte", "aujourd'hui"],
        ),
        (
            "romance",
            "c'qu'il jusqu'à quelqu'un prud'homme",
            ["c'", "qu'", "il", "jusqu'", "à", "quelqu'un", "prud'homme"],
        ),
        (
            "romance",
            "dell'arte un'altra c'è po' d'accordo",
            ["dell'", "arte", "un'", "altra", "c'", "è", "po", "d'", "accordo"],
        ),
        ("romance", "l'escola d'en Pere, col·legi", ["l'", "escola", "d'", "en", "pere", "col·legi"]),
        ("romance", "Dona’m-la, està't! posa'ns-hi", ["dona", "'m", "la", "està", "'t", "posa", "'ns", "hi"]),
        (
            "romance",
            "donar-te'n me'ls l'anar-se'n dona-li'n",
            ["donar-te", "'n", "me", "'ls", "l'", "anar-se", "'n", "dona-li", "'n"],
        ),
        (
            "romance",
            "veure's posi's donar-m'ho va-t'en",
            ["veure", "'s", "posi", "'s", "donar", "m'", "ho", "va", "t'", "en"],
        ),
        ("romance", "she's here's Maria's can't we're", ["she's", "here's", "maria's", "can't", "we're"]),
        ("romance", "don't o'clock rock'n'roll I'm 3.14", ["don't", "o'clock", "rock'n'roll", "i'm", "3.14"]),
        ("auto", "don't c'mon d'you o'clock l'été", ["don't", "c'mon", "d'you", "o'clock", "l'été"]),
        (
            "icu",
            "แมวกินข้าว 3.5 iPhone ຂ້ອຍມັກແມວ",
            ["แมว", "กิน", "ข้าว", "3.5", "iphone", "ຂ້ອຍ", "ມັກ", "ແມວ"],
        ),
        ("icu", "ខ្ញុំចូលចិត្តឆ្មា ကြောင်ကိုကြိုက်တယ်", ["ខ្ញុំ", "ចូលចិត្ត", "ឆ្មា", "ကြောင်", "ကို", "ကြိုက်", "တယ်"]),
        ("icu", "臺灣的狗喜歡學習。我们学习", ["臺灣", "的", "狗", "喜歡", "學習", "我们", "学习"]),
        (r"regex:[a-z]+", "a1B,猫c", ["a", "b", "c"]),
        (r"regex:\p{Han}", "a猫狗", ["猫", "狗"]),
        (r"regex:(a)(b)?", "ab a", ["ab", "a"]),
        (r"regex:x*", "axxb", ["xx"]),
        ("regex::+", "a::b:", ["::", ":"]),
    ],
)
def test_a_tokenizer_splits_as_its_name_says(name: str, text: str, words: list[str]) -> None:
    assert split(text, name) == words


@pytest.mark.parametrize(
    "name", ["regex:(", "regex:[a", "regex:*", r"regex:\p{Nope}", "regex:", "regex", "regex:(?P<a>x)(?P=b)"]
)
def test_a_pattern_that_is_no_pattern_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        TokenizerSettings(name).tokenize()
    assert "pattern" in caught.value.message
    assert name.partition(":")[2] in caught.value.message


@pytest.mark.parametrize(
    ("name", "hint"), [("unicod", "unicode"), ("Autos", "auto"), ("klingon", "known:"), ("", "known:")]
)
def test_an_unknown_tokenizer_is_refused_with_advice(name: str, hint: str) -> None:
    with pytest.raises(UsageError, match="no tokenizer is called") as caught:
        TokenizerSettings(name).tokenize()
    assert hint in caught.value.hint


@pytest.mark.parametrize("name", [name for name in tokenizers.registry.names() if name != "regex"])
def test_an_argument_nobody_takes_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} takes no argument"):
        TokenizerSettings(f"{name}:x").tokenize()


@pytest.mark.parametrize("name", ALL)
def test_upper_case_is_kept_only_when_asked_to(name: str) -> None:
    assert split("Cat DOG", name, lowercase=False) == ["Cat", "DOG"]
    assert split("Cat DOG", name) == ["cat", "dog"]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize(("first", "second"), SPELLINGS)
def test_a_word_is_one_word_however_its_accents_are_written(
    name: str, lowercase: bool, first: str, second: str
) -> None:
    if lowercase or first.lower() == first:
        assert split(first, name, lowercase) == split(second, name, lowercase)


@settings(max_examples=200, deadline=None)
@given(any_text | worded_text)
@example("ǰ J\u030c")
@example("❤\ufe0f")
@example("⺀猫")
@example("가㈀")
@example("㈀")
@pytest.mark.parametrize("name", ["unicode", "auto", "chinese", "japanese", "korean"])
def test_every_word_of_any_text_has_a_letter_or_digit_and_no_blank(name: str, text: str) -> None:
    for word in split(text, name):
        assert word
        assert not any(character.isspace() for character in word)
        # by the regex package's edition of Unicode, which is newer than Python's
        assert regex.search(r"[\p{L}\p{N}_]", word)


@settings(max_examples=200, deadline=None)
@given(any_text | worded_text, st.booleans())
@example("J\u030c", True)
@pytest.mark.parametrize("name", ["unicode", "whitespace"])
def test_words_split_again_are_the_same_words(name: str, text: str, lowercase: bool) -> None:
    words = split(text, name, lowercase)
    assert split(" ".join(words), name, lowercase) == words


@settings(max_examples=100, deadline=None)
@given(any_text | worded_text)
@example("A\u00ad\u0300")  # letter and accent are one once the soft hyphen is gone
@pytest.mark.parametrize("name", ALL)
def test_every_word_of_any_text_is_in_normal_form(name: str, text: str) -> None:
    words = split(text, name, lowercase=False)
    whole = unicodedata.normalize("NFC", text.replace("\u00ad", "")).replace("’", "'")
    for word in words:
        assert word in whole or name != "unicode"
        assert word
    assert words == split(unicodedata.normalize("NFD", text), name, lowercase=False)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(max_codepoint=127), max_size=30))
@pytest.mark.parametrize("name", ["unicode", "auto"])
def test_english_is_split_alike_whatever_stands_next_to_it(name: str, text: str) -> None:
    assert split(text + " é", name) == [*split(text, name), "é"]
    if name == "auto":
        assert split(text + " 猫", name) == [*split(text, name), "猫"]


@settings(max_examples=100, deadline=None)
@given(worded_text)
def test_words_do_not_depend_on_the_kind_of_blank(text: str) -> None:
    expected = split(text.replace("\u3000", " ").replace("\u00a0", " ").replace("\n", " "))
    assert split(text) == expected


@pytest.mark.parametrize("name", ALL)
def test_settings_survive_the_manifest(name: str) -> None:
    for lowercase in (True, False):
        chosen = TokenizerSettings(name, lowercase)
        assert TokenizerSettings.from_json(chosen.to_json()) == chosen


@pytest.mark.parametrize("tokenizer", list(tokenizers.registry), ids=lambda tokenizer: tokenizer.name)
def test_every_tokenizer_has_a_line_of_help(tokenizer: tokenizers.Tokenizer) -> None:
    assert tokenizer.about
    assert "\n" not in tokenizer.about


@pytest.mark.parametrize("name", ALL)
def test_a_megabyte_without_a_blank_is_split_in_good_time(name: str) -> None:
    assert "".join(split("猫" * 100_000, name)) == "猫" * 100_000
    assert len(split("a" * 300_000, name)) == 1
    split("'-'-" * 50_000, name)
    split("1,1." * 50_000, name)


@settings(max_examples=300, deadline=None)
@given(any_text | worded_text, st.sampled_from(ALL), st.booleans())
@example("葛\U000e0100城 ❤\ufe0f", "auto", True)
@example("İstanbul ẞ cafe\u0301 l’été co\u00adop", "unicode", True)
def test_the_quick_test_of_a_text_never_misses_a_word(text: str, name: str, lowercase: bool) -> None:
    tokenizer = TokenizerSettings(name, lowercase)
    for word in tokenizer_of(name, lowercase)(text):
        assert tokenizer.may_find([word])(text)


def test_the_quick_test_of_a_text_sees_that_a_word_is_not_there() -> None:
    may_find = TokenizerSettings().may_find(["cat", "猫"])
    assert [may_find(text) for text in ("A CAT.", "一只小猫", "a dog", "一只狗", "")] == [
        True,
        True,
        False,
        False,
        False,
    ]
