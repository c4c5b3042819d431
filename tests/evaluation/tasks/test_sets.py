"""Every usual form of a test set is recognised by its content, and what is none is refused with its line."""

import gzip
from pathlib import Path

import pytest

from wvcli.errors import InputError
from wvcli.evaluation import tasks
from wvcli.evaluation.tasks import ItemSet, registry

FORMS = {
    "pairs": [
        "love\tsex\t6.77\ntiger\tcat\t7.35\n",
        "# a comment\n# Word 1\tWord 2\tHuman (mean)\nlove\tsex\t6.77\ntiger\tcat\t7.35\n",
        "Word 1,Word 2,Human (mean)\nlove,sex,6.77\ntiger,cat,7.35\n",
        'one;two;score\n"love";sex;6.77\ntiger;cat;7.35\n',
        "love sex 6.77\ntiger   cat 7.35\r\n",
        "word1\tword2\tPOS\tscore\tsd\nlove\tsex\tN\t6.77\t2.1\ntiger\tcat\tN\t7.35\t1.2\n",
        "1\tlove\tsex\t6.77\n2\ttiger\tcat\t7.35\n",
        "\n\nlove\tsex\t6.77\n\ntiger\tcat\t7.35",
    ],
    "analogies": [
        ": capitals\nAthens Greece Paris France\n: plural\ncat cats dog dogs\n",
        "Athens Greece Paris France\ncat cats dog dogs\n",
        ": capitals\n: empty\nAthens\tGreece\tNew York\tUSA\n",
    ],
    "odd-one-out": [
        "cat\tdog\thorse\t*car\n*plum\tbus\ttram\n",
        "cat dog *car horse\n",
        "cat\ndog\nhorse\n\ncar\nplum\n",
        "cat\ndog\nguinea pig\n\n\ncar\n\nplum\n",
    ],
    "categories": [
        "cat\tanimal\ndog\tanimal\ncar\tvehicle\n",
        "word,category\ncat,animal\ndog,animal\ncar,vehicle\n",
        "cat animal\ndog animal\ncar vehicle\n",
    ],
}
CASES = [(kind, text) for kind, texts in FORMS.items() for text in texts]


def loaded(folder: Path, text: str | bytes, name: str = "a set.tsv") -> ItemSet:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return tasks.load(file)


def test_every_kind_is_shown_here() -> None:
    assert sorted([*FORMS, "translations"]) == registry.names()  # which have the form of categories


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_a_set_is_recognised_by_its_content(kind: str, text: str, tmp_path: Path) -> None:
    one = loaded(tmp_path, text)
    assert (one.task.name, one.name) == (kind, "a set")
    fitting = [task.name for task in registry if task.recognises(tasks.read(str(tmp_path / "a set.tsv")))]
    assert fitting == [kind]


@pytest.mark.parametrize("text", FORMS["pairs"])
def test_every_form_of_pairs_means_the_same(text: str, tmp_path: Path) -> None:
    items = loaded(tmp_path, text).items
    assert [(item.words, item.expected) for item in items] == [(("love", "sex"), 6.77), (("tiger", "cat"), 7.35)]


def test_analogies_have_the_sections_above_them(tmp_path: Path) -> None:
    one = loaded(tmp_path, "a b c d\n: first\ne f g h\n: empty\n: second\ni j k l\n")
    assert [item.section for item in one.items] == ["", "first", "second"]
    assert one.sections == ["first", "second"]
    assert one.members("").tolist() == [0, 1, 2]
    assert one.members("second").tolist() == [2]


def test_the_odd_word_stands_last(tmp_path: Path) -> None:
    assert [item.words for item in loaded(tmp_path, "cat dog *car horse\n*a b c").items] == [
        ("cat", "dog", "horse", "car"),
        ("b", "c", "a"),
    ]
    assert [item.words for item in loaded(tmp_path, "cat\ndog\n\ncar\nplum\n").items] == [
        ("cat", "dog", "car"),
        ("cat", "dog", "plum"),
    ]


def test_a_byte_order_mark_and_compression_are_read_over(tmp_path: Path) -> None:
    one = loaded(tmp_path, gzip.compress(b"\xef\xbb\xbf\xe7\x8c\xab\t\xe7\x8b\x97\t7.5\n"), "zh.tsv.gz")
    assert one.name == "zh"
    assert one.items[0].words == ("猫", "狗")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no test items"),
        ("# only this\n\n", "holds no test items"),
        ("some text that is no test\n", "line 1: 'some text that is no test' is not a line of a test set"),
        ("a\tb\t1\nc\td\n", "line 2"),
        ("a\tb\t1\n" * 30 + "c\td\tmuch\n", "line 31: 'c\\td\\tmuch' is not two words and a score"),
        ("a\tb\t1\n" * 30 + "c\td\tnan\n", "line 31"),
        (": s\na b c d\na b c\n", "line 3: 'a b c' is not four words"),
        (": s\n: t\n", "holds no analogies"),
        ("*a b c\na b c\n", "line 2: 'a b c' is not three words or more, one of which begins with *"),
        ("a x\n" * 25 + "b\n", "line 26: 'b' is not a word and its category"),
        ("a x\nb y\n", "a word and a category in each line, but not two categories or more"),
        ("a\tb\n", "not two categories or more, some of several words"),
        ("a x\nb x\n", "not two categories or more, some of several words"),
        (b"a\tb\t1\n\xff\tb\t2\n", "line 2: not UTF-8"),
        (b"\x00\x01\x02\x03" * 9, "is not a line of a test set"),
        ("long " * 100_000, "is not a line of a test set"),
        (f"{'long' * 100_000},a,3\n", "is not a line of a test set"),
    ],
)
def test_what_is_no_set_is_refused_with_its_line(text: str | bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        loaded(tmp_path, text)
    assert said in caught.value.message
    assert "a set.tsv" in caught.value.message


def test_a_folder_of_sets_of_odd_words_is_one_set(tmp_path: Path) -> None:
    folder = tmp_path / "8-8-8"
    folder.mkdir()
    (folder / "animals.txt").write_text("cat\ndog\nhorse\n\ncar\nplum\n")
    (folder / "fruit.txt").write_text("plum\nfig\n\ncat\n")
    one = tasks.load(folder)
    assert (one.name, one.sections) == ("8-8-8", ["animals", "fruit"])
    assert [item.section for item in one.items] == ["animals", "animals", "fruit"]


@pytest.mark.parametrize("texts", [["a\tb\t1\n", "a\tb\t100\n"], ["a b c d\n", "a b *c\n"]])
def test_sets_without_a_common_score_are_not_pooled(texts: list[str], tmp_path: Path) -> None:
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.txt").write_text(text)
    with pytest.raises(InputError, match="names several sets, which have no score in common"):
        tasks.load(tmp_path)


def test_a_missing_file_is_no_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        tasks.load(tmp_path / "nothing.tsv")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "\u00a0love\tse\u3000x\t6.7\ntiger\tcat\u2003\t7\n",
            [("\u00a0love", "se\u3000x"), ("tiger", "cat\u2003")],
        ),
        ("\u00a0love,se\u3000x ,6.7\ntiger, cat\u2003,7\n", [("\u00a0love", "se\u3000x"), ("tiger", "cat\u2003")]),
        ("\u00a0love  sex\u0085 6.7\ntiger\u001c cat 7\n", [("\u00a0love", "sex\u0085"), ("tiger\u001c", "cat")]),
        ("\u00a0a b\u00a0c d e\n\u3000 f g h\n", [("\u00a0a", "b\u00a0c", "d", "e"), ("\u3000", "f", "g", "h")]),
        ("cat dog *\u00a0car\n\u3000 a *b\n", [("cat", "dog", "\u00a0car"), ("\u3000", "a", "b")]),
    ],
)
def test_only_spaces_and_tabs_stand_around_a_word(text: str, words: list[tuple[str, ...]], tmp_path: Path) -> None:
    assert [item.words for item in loaded(tmp_path, text).items] == words


@pytest.mark.parametrize("score", ["NaN", "inf", "-Infinity"])
def test_a_first_score_that_is_not_finite_is_no_heading(score: str, tmp_path: Path) -> None:
    for text in (f"cat\tdog\t{score}\nbread\tsoup\t3\nzebra\tlion\t2\n", f"cat dog {score}\nbread soup 3\n"):
        with pytest.raises(InputError, match=r"line 1: .* is not two words and a score"):
            loaded(tmp_path, text)


def test_an_endless_line_is_refused() -> None:
    with pytest.raises(InputError, match=r"/dev/zero, line 1: longer than 1 MiB"):
        tasks.load("/dev/zero")
