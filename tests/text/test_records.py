"""Text in records: JSON Lines, JSON, CSV, TSV and Parquet, whole and broken."""

import csv
import gc
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

import wvcli
from tests.conftest import Run
from wvcli.analysis.shared_contexts import shared_contexts
from wvcli.errors import InputError, UsageError
from wvcli.text.corpus import Corpus
from wvcli.text.tokenizers import TokenizerSettings

TEXTS = ["the cat", 'a "quoted", comma', "two\nlines", "猫是最爱的动物。", "tab\there", ""]
SAME_FOLDER = [HealthCheck.function_scoped_fixture]


def texts(path: Path, **options: Any) -> list[str]:
    return list(Corpus([str(path)], **options).texts())


def table(rows: list[list[str]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("name", ["data.jsonl", "data.ndjson", "data", "data.json"])
def test_a_field_of_json_lines(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("".join(json.dumps({"n": 1, "doc": {"text": text}}) + "\n" for text in TEXTS) + "\n")
    assert texts(path, field="doc.text") == TEXTS


def test_a_json_array_and_lists_of_texts(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text(json.dumps([{"text": text} for text in TEXTS], indent=1), encoding="utf-8")
    assert texts(path, field="text") == TEXTS


def test_a_list_of_strings_is_one_text_of_these_tokens(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    baskets = [["whole milk", "rolls/buns"], [], ["soda"], None]
    path.write_text("".join(json.dumps({"basket": basket}) + "\n" for basket in baskets))
    found = texts(path, field="basket")
    assert found == ["whole milk\nrolls/buns", "", "soda"]
    assert [TokenizerSettings().tokenize()(text) for text in found] == [
        ["whole", "milk", "rolls", "buns"],
        [],
        ["soda"],
    ]
    whole = TokenizerSettings(r"regex:[^\n]+").tokenize()
    assert [whole(text) for text in found] == [["whole milk", "rolls/buns"], [], ["soda"]]


@pytest.mark.parametrize(("name", "delimiter"), [("d.csv", ","), ("d.tsv", "\t"), ("d", ","), ("d.dat", "\t")])
@pytest.mark.parametrize("column", ["text", "2"])
def test_a_column_by_name_or_number(tmp_path: Path, name: str, delimiter: str, column: str) -> None:
    path = tmp_path / name
    if delimiter == ",":
        kept = TEXTS
        path.write_text(table([["id", "text"], *([str(n), text] for n, text in enumerate(kept))]))
    else:  # where a quote is a character like any other
        kept = ["the cat", '"Hello," he said', 'a "quoted", comma', '"open', "猫是最爱的动物。", "end"]
        path.write_text("id\ttext\n" + "".join(f"{n}\t{text}\n" for n, text in enumerate(kept)))
    expected = ["text", *kept] if column == "2" else kept
    assert texts(path, column=column) == expected


@settings(max_examples=60, deadline=None, suppress_health_check=SAME_FOLDER)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=20), min_size=1))
def test_any_texts_come_back_from_csv_and_json(tmp_path: Path, given_texts: list[str]) -> None:
    path = tmp_path / "data.csv"
    path.write_text(table([["id", "text"], *(["x", text] for text in given_texts)]), encoding="utf-8", newline="")
    assert texts(path, column="text") == given_texts
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in given_texts), encoding="utf-8")
    assert texts(path, field="text") == given_texts


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    parquet.write_table(pyarrow.table({"text": [*TEXTS, None], "n": list(range(len(TEXTS) + 1))}), path)
    assert texts(path, column="text") == TEXTS
    assert texts(path.rename(tmp_path / "renamed"), column="text") == TEXTS
    with pytest.raises(UsageError, match="no column 'txt'"):
        texts(tmp_path / "renamed", column="txt")
    with pytest.raises(UsageError, match="table"):
        texts(tmp_path / "renamed")
    with pytest.raises(InputError, match="renamed, row 1: the column 'n' is not text but 0"):
        texts(tmp_path / "renamed", column="n")


@pytest.mark.parametrize("damage", ["zeros", "cut"])
def test_damaged_parquet_is_refused_by_name(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "data.parquet"
    parquet.write_table(pyarrow.table({"text": TEXTS * 100}), path, compression="gzip", use_dictionary=False)
    whole = path.read_bytes()
    damaged = whole[:-20] if damage == "cut" else whole[:8] + bytes(len(whole) // 2) + whole[8 + len(whole) // 2 :]
    path.write_bytes(damaged)
    with pytest.raises(InputError, match=r"data.parquet is damaged: "):
        texts(path, column="text")


def test_an_item_of_a_json_array_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text('[\n{"text": "a"},\n\n\n{"txt": "b"}]')
    with pytest.raises(InputError, match=r"data.json, item 2: no field 'text'"):
        texts(path, field="text")


def test_the_limit_of_the_csv_module_is_as_it_was_once_tables_are_read(tmp_path: Path) -> None:
    limit = csv.field_size_limit()
    path = tmp_path / "data.csv"
    path.write_text(table([["text"], ["x" * 2 * limit], ["y"]]))
    first, second = Corpus([str(path)], column="text").texts(), Corpus([str(path)], column="text").texts()
    assert len(next(first)) == len(next(second)) == 2 * limit
    assert list(first) == ["y"]
    assert csv.field_size_limit() > limit  # for the other reader
    second.close()
    gc.collect()  # which Python 3.10 needs to close what the reader has open
    assert csv.field_size_limit() == limit


BROKEN = {
    "not json": ("d.jsonl", b'{"text": "a"}\n{text: b}\n{"text": "c"}\n', {"field": "text"}, 2),
    "no field": ("d.jsonl", b'{"text": "a"}\n{"txt": "b"}\n{"text": "c"}\n', {"field": "text"}, 2),
    "a number": ("d.jsonl", b'{"text": "a"}\n{"text": 5}\n{"text": "c"}\n', {"field": "text"}, 2),
    "bad bytes": ("d.jsonl", b'{"text": "a"}\n{"text": "\xff"}\n{"text": "c"}\n', {"field": "text"}, 2),
    "short row": ("d.csv", b"id,text\n1,a\n2\n3,c\n", {"column": "text"}, 3),
    "a comma in a text": ("d.csv", b"id,text\n1,a\n2,b, and more\n3,c\n", {"column": "text"}, 3),
    "a tab in a text": ("d.tsv", b"id\ttext\n1\ta\n2\tb\tand more\n3\tc\n", {"column": "text"}, 3),
    "escaped quotes": ("d.csv", b'id,text,n\n1,a,5\n2,"b \\"yes, b\\" b",5\n3,c,5\n', {"column": "text"}, 3),
    "an open quote at the end": ("d.csv", b'id,text\n1,a\n3,c\n4,"b\n', {"column": "text"}, 4),
    "an open quote": ("d.csv", b'text,n\na,1\n"b,2\nc,3\n', {"column": "text"}, 3),
    "a comma in the row of an open quote": (
        "d.csv",
        b'id,text,n\n1,a,4\n2,"b,5\n3,"c",6\n',
        {"column": "text"},
        3,
    ),
    "bad bytes in csv": ("d.csv", b"id,text\n1,a\n2,\xff\n3,c\n", {"column": "text"}, 3),
    "bad bytes in text": ("d.txt", b"a\n\xff\nc\n", {}, 2),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_bad_record_is_named_with_its_line_or_passed_over(tmp_path: Path, case: str) -> None:
    name, content, options, line = BROKEN[case]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}, line {line}: ") as caught:
        texts(path, **options)
    assert "`skip_bad=True`" in caught.value.hint
    corpus = Corpus([str(path)], **options, skip_bad=True)
    assert list(corpus.texts()) == ["a", "c"]
    assert corpus.skipped == 1


def test_two_quotes_that_swallow_rows_are_told_from_a_cell_of_many_lines(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    rows = [f"{number},small bird {number},neg" for number in range(9)]
    rows[2], rows[7] = '2,"small bird 2,neg', '7,small bird 7",neg'
    path.write_text("\n".join(["id,text,label", *rows]))
    with pytest.raises(InputError, match=r"d.csv, line 4: a quotation mark opens a cell here"):
        texts(path, column="text")
    corpus = Corpus([str(path)], column="text", skip_bad=True)
    expected = [f"small bird {number}" for number in range(9) if number != 2]
    assert [text.rstrip('"') for text in corpus.texts()] == expected
    assert corpus.skipped == 1
    verses = "Tyger, tyger,\nburning bright,\nin the forests,\nof the night, ah\nwhat, what\nand, and"
    path.write_text(table([["id", "text"], ["1", verses], ["2", "end"]]))
    assert texts(path, column="text") == [verses, "end"]


def test_the_quote_that_was_not_closed_is_named_and_not_the_row_it_is_in(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text('note,text\nn,a\n"two\nlines","open\nb\n')
    with pytest.raises(InputError, match=r"d.csv, line 4: a quotation mark opens a cell here"):
        texts(path, column="text")


def test_empty_cells_beyond_the_heading_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("id,text\n1,a,\n2,b,, \n")
    assert texts(path, column="text") == ["a", "b"]


def test_records_without_a_field_are_refused(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text('{"text": "a"}\n')
    with pytest.raises(UsageError, match="JSON records") as caught:
        texts(tmp_path / "d.jsonl")
    assert "`field=NAME`" in caught.value.hint
    (tmp_path / "d.csv").write_text("id,text\n1,a\n")
    with pytest.raises(UsageError, match="table") as caught:
        texts(tmp_path / "d.csv")
    assert "`column=NAME`" in caught.value.hint
    with pytest.raises(UsageError, match=r"no column 'body' \(found: id, text\)"):
        texts(tmp_path / "d.csv", column="body")


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ('{"id": 1, "text": "a b"}\n{"id": 2, "text": "c"}\n', {"field": "text"}),
        ('[\n{"text": "a b"}, {"text": "c"}]\n', {"field": "text"}),
        ("id\ttext\n1\ta b\n2\tc\n", {"column": "text"}),
        ('id,text\n1,"a b"\n2,c\n', {"column": "text"}),
        ("\ufefftext,id\r\na b,1\r\nc,2\r\n", {"column": "text"}),
        ("1\ta b\n2\tc\n", {"column": "2"}),
    ],
)
@pytest.mark.parametrize("beside", [False, True])
def test_records_in_a_file_named_as_plain_text_are_read_as_such(
    tmp_path: Path, content: str, options: dict[str, Any], beside: bool
) -> None:
    (tmp_path / "d.txt").write_text(content, encoding="utf-8")
    (tmp_path / "e.jsonl").write_text('{"text": "e"}\n')
    (tmp_path / "f.csv").write_text("id,text\n3,e\n")
    other = [str(tmp_path / ("e.jsonl" if "field" in options else "f.csv"))] if beside else []
    found = list(Corpus([str(tmp_path / "d.txt"), *other], **options).texts())
    assert found[:2] == ["a b", "c"]
    assert len(found) == (2 if not beside else 4 if options == {"column": "2"} else 3)


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("the cat\n", {"column": "nosuch"}, "`column=nosuch` does not fit"),
        ("the cat, the dog\n", {"column": "2"}, "`column=2` does not fit"),
        ("id\ttext\n1\ta\n", {"column": "body"}, "`column=body` does not fit"),
        ("the cat\n", {"field": "text"}, "`field=text` does not fit"),
        ('{"text": "a"}\n', {"column": "text"}, "`column=text` does not fit"),
    ],
)
def test_a_field_or_column_that_fits_no_source_is_refused(
    tmp_path: Path, content: str, options: dict[str, Any], said: str
) -> None:
    path = tmp_path / "d.txt"
    path.write_text(content)
    with pytest.raises(UsageError) as caught:
        texts(path, **options)
    assert said in caught.value.message
    other = tmp_path / ("e.jsonl" if "field" in options else "e.csv")
    other.write_text('{"text": "e"}\n' if "field" in options else "nosuch,2,body,text\ne,e,e,e\n")
    assert list(Corpus([str(path), str(other)], **options).texts())[:-1][0] == content.splitlines()[0]


def test_a_mix_of_sources_trains_one_model(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "texts" / "deeper"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("the cat sat on the mat\n" * 20)
    (tmp_path / "texts" / "b.txt.gz").write_bytes(gzip.compress(b"the dog sat on the rug\n" * 20))
    (tmp_path / "c.jsonl").write_text('{"text": "the bird sang"}\n{"txt": 1}\n' * 20)
    result = run(
        "train", "texts", "*.jsonl", "--field", "text", "--skip-bad", "-o", "m.safetensors", "--epochs", 2
    )
    assert result.code == 0, result.err
    assert "20 unreadable records" in result.err
    facts = json.loads(run("info").out)
    assert facts["coverage"]["tokens_read"] == 20 * (6 + 6 + 3)


# --- shapes of JSON and Parquet ---

TOKENS = [["whole milk", "soda"], ["rolls/buns"]]
AS_TEXTS = ["whole milk\nsoda", "rolls/buns"]


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("d.json", TOKENS, None, AS_TEXTS),
        ("d.json", ["the cat", "a dog"], None, ["the cat", "a dog"]),
        ("d.json", [[3, 4, -7], [1.5]], None, ["3\n4\n-7", "1.5"]),
        (
            "d.json",
            {"data": [{"text": "the cat"}, {"text": None}, {"text": "a dog"}]},
            "data.text",
            ["the cat", "a dog"],
        ),
        ("d.json", {"data": {"texts": TOKENS}}, "data.texts", AS_TEXTS),
        ("d.json", [{"turns": [{"say": "hi"}, {"say": "ho"}]}, {"turns": []}], "turns.say", ["hi", "ho"]),
        ("d", [{"n": [{"walk": [3, 4]}]}, {"n": [{"walk": [5]}]}], "n.walk", ["3\n4", "5"]),
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_texts_in_any_shape_of_json(
    tmp_path: Path, name: str, value: Any, field: str | None, expected: list[str], indent: int | None
) -> None:
    path = tmp_path / name
    path.write_text(json.dumps(value, indent=indent) + "\n")
    assert texts(path, field=field) == expected


@pytest.mark.parametrize(
    ("lines", "field", "expected"),
    [
        (TOKENS, None, AS_TEXTS),
        (TOKENS[1:], None, AS_TEXTS[1:]),
        (["the cat", "a dog"], None, ["the cat", "a dog"]),
        ([{"walk": [3, 4]}, {"walk": [5]}], "walk", ["3\n4", "5"]),
        ([{"chat": [{"say": "hi"}, {"say": "ho"}]}], "chat.say", ["hi", "ho"]),
    ],
)
def test_texts_in_any_shape_of_json_lines(
    tmp_path: Path, lines: list[Any], field: str | None, expected: list[str]
) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert texts(path, field=field) == expected


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"a": {"c": "x"}}, "no field 'a.b' (found: c)"),
        ({"a": [{"b": "x"}, {"c": "x"}]}, "no field 'a.b' (found: c)"),
        ({"a": {"b": [True]}}, "the field 'a.b' is not text but [true]"),
        ({"a": {"b": [["x"], "y"]}}, 'the field \'a.b\' is not text but [["x"], "y"]'),
        ({"a": {"b": 5}}, "the field 'a.b' is not text but 5"),
    ],
)
def test_json_that_leads_to_no_text_is_refused(tmp_path: Path, record: Any, said: str) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(json.dumps(record) + "\n")
    with pytest.raises(InputError) as caught:
        texts(path, field="a.b")
    assert said in caught.value.message
    assert list(Corpus([str(path)], field="a.b", skip_bad=True).texts()) == (
        ["x"] if "[{" in json.dumps(record) else []
    )


def test_lists_and_structs_of_parquet(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    columns = {
        "tokens": TOKENS,
        "walk": [[3, 4], [5]],
        "about": [{"text": "the cat", "n": 1}, {"text": "a dog", "n": 2}],
        "chat": [[{"say": "hi"}, {"say": "ho"}], None],
        "dotted.name": ["c", "d"],
    }
    parquet.write_table(pyarrow.table(columns), path)
    assert texts(path, column="tokens") == AS_TEXTS
    assert texts(path, column="walk") == ["3\n4", "5"]
    assert texts(path, column="about.text") == ["the cat", "a dog"]
    assert texts(path, column="chat.say") == ["hi", "ho"]
    assert texts(path, column="dotted.name") == ["c", "d"]
    with pytest.raises(UsageError, match=r"no column 'about\.txt' \(found: .*about, about\.text, about\.n"):
        texts(path, column="about.txt")
    with pytest.raises(InputError, match=r"the column 'about' is not text but \{"):
        texts(path, column="about")


# --- delimiters ---


@pytest.mark.parametrize("delimiter", [";", "|", "\t"])
@pytest.mark.parametrize("name", ["d.csv", "d.dat", "d.txt"])
def test_a_delimiter_is_told_from_the_heading_that_has_the_column(
    tmp_path: Path, name: str, delimiter: str
) -> None:
    path = tmp_path / name
    path.write_text(table([["id", "text"], ["1", "der Hund, der bellt"], ["2", "Ende"]], delimiter))
    assert texts(path, column="text") == ["der Hund, der bellt", "Ende"]


def test_a_delimiter_that_is_not_sure_is_named_in_the_hint(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("id;text\n1;der Hund\n")
    for column in ("2", "txt"):
        with pytest.raises(UsageError, match=f"no column '{column}'") as caught:
            texts(path, column=column)
        assert "`delimiter=';'`" in caught.value.hint
    assert texts(path, column="2", delimiter=";") == ["text", "der Hund"]


@pytest.mark.parametrize("delimiter", ["tab", "\\t", "\t"])
def test_a_tab_can_be_named(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "d.csv"
    path.write_text("a,b\tc\n1,2\t3\n")
    assert texts(path, column="1", delimiter=delimiter) == ["a,b", "1,2"]


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n"])
def test_what_is_no_delimiter_is_refused(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "d.csv"
    path.write_text("a\n")
    with pytest.raises(UsageError, match="`delimiter` must be one character"):
        texts(path, column="a", delimiter=delimiter)


def test_a_delimiter_without_a_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("a;b\n")
    with pytest.raises(UsageError, match="`delimiter` has no effect without `column`"):
        texts(tmp_path / "d.csv", delimiter=";")


def test_a_cell_of_tsv_may_have_several_lines_in_quotation_marks(tmp_path: Path) -> None:
    path = tmp_path / "d.tsv"
    rows = ['1\t"red cat\nsat ""down"", here"', '2\t"open', "3\tplain", '4\t"two\n\nlines"', '5\t"end']
    path.write_text('"id"\t"text"\n' + "\n".join(rows) + "\n")
    assert texts(path, column="text") == ['red cat\nsat "down", here', '"open', "plain", "two\n\nlines", '"end']
    path.write_text("text\tid\n" + '"a\nb"\t1\n"c\t2\n')
    assert texts(path, column="text") == ["a\nb", '"c']


def test_a_mark_in_tsv_that_is_never_closed_swallows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "d.tsv"
    path.write_text('id\ttext\n1\t"a\nb\n3\tc\n')
    with pytest.raises(InputError, match="line 3: 1 columns where 2 are needed"):
        texts(path, column="text")
    corpus = Corpus([str(path)], column="text", skip_bad=True)
    assert list(corpus.texts()) == ['"a', "c"]
    assert corpus.skipped == 1


def test_lines_of_a_table_are_texts_where_the_tokenizer_says_what_a_word_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "baskets.csv").write_text("whole milk,rolls/buns,yogurt\nsoda,whole milk\n" * 20)
    options = ("--epochs", "1", "--dim", "4", "--min-count", "1")
    refused = run("train", "baskets.csv", *options)
    assert refused.code == 2
    assert "--tokenizer regex:PATTERN" in refused.err
    assert run("train", "baskets.csv", "--tokenizer", "regex:[^,]+", *options).code == 0
    assert {row[0] for row in run("vocab").rows} == {"whole milk", "rolls/buns", "yogurt", "soda"}


def test_the_delimiter_is_stored_and_part_of_the_command(run: Run, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("1;der Hund bellt\n2;die Katze schläft\n" * 20)
    options = ("--column", "2", "--delimiter", ";", "--epochs", "1", "--dim", "4")
    assert run("train", "d.csv", *options).code == 0
    assert "--delimiter ';'" in run("info", "--command").out
    hint = run("train", "d.csv", "--column", "2", "-f").err
    assert "add --delimiter ';'" in hint


# --- several fields or columns ---


def test_each_of_several_columns_is_a_text(tmp_path: Path) -> None:
    rows = [
        ["id", "title", "text"],
        ["1", "red cat", "sat here"],
        ["2", "", "a dog"],
        ["3", "end", ""],
        ["4"] + 2 * [""],
    ]
    expected = ["red cat", "sat here", "a dog", "end", ""]
    for name, delimiter in (("d.csv", ","), ("d.tsv", "\t"), ("d.txt", ";")):
        (tmp_path / name).write_text(table(rows, delimiter))
        assert texts(tmp_path / name, column=["title", "text"]) == expected
    assert texts(tmp_path / "d.tsv", column=["3", "title"])[:2] == ["sat here", "red cat"]
    assert texts(tmp_path / "d.tsv", column=["2", "3"])[:2] == ["title", "text"]
    located = Corpus([str(tmp_path / "d.csv")], column=["title", "text"]).located_texts()
    assert [line for _, line, _ in located] == [2, 2, 3, 4, 5]
    with pytest.raises(UsageError, match="no column 'body'"):
        texts(tmp_path / "d.csv", column=["title", "body"])
    with pytest.raises(UsageError, match="`column=title` is given twice"):
        texts(tmp_path / "d.csv", column=["title", "title"])


def test_each_of_several_columns_of_parquet_is_a_text(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    columns = {
        "n": [1, 2, 3],
        "title": ["a", None, None],
        "about": [{"text": "b", "n": 1}, {"text": "c", "n": 2}, None],
    }
    parquet.write_table(pyarrow.table(columns), path)
    assert texts(path, column=["title", "about.text"]) == ["a", "b", "c"]
    with pytest.raises(InputError, match="row 1: the column 'n' is not text but 1"):
        texts(path, column=["title", "n"])


def test_each_of_several_fields_is_a_text(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    records = [
        {"title": "a", "body": [{"text": "b"}, {"text": "c"}]},
        {"title": None, "body": [{"text": "d"}]},
        {"title": None, "body": None},
        {"body": None},
        {"title": "e", "body": 5},
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    corpus = Corpus([str(path)], field=["title", "body.text"], skip_bad=True)
    assert [located[1:] for located in corpus.located_texts()] == [(1, "a"), (1, "b"), (1, "c"), (2, "d")]
    assert corpus.skipped == 2  # whole records
    with pytest.raises(InputError, match="line 4: no field 'title'"):
        texts(path, field=["title", "body.text"])


@pytest.mark.parametrize(
    ("name", "content", "hint"),
    [
        ("d.csv", "title,body\nred,cat\n", "--column title --column body"),
        ("d.tsv", "title\tbody\nred\tcat\n", "--column title --column body"),
        ("d.jsonl", '{"title": "red", "doc": {"body": "cat"}}\n', "--field title --field doc.body"),
        ("e.jsonl", '{"title": "red", "doc": {"body": "cat"}}\n', "--field doc.body --field title"),
    ],
)
def test_a_list_of_columns_or_fields_is_told_to_be_several_options(
    run: Run, tmp_path: Path, name: str, content: str, hint: str
) -> None:
    (tmp_path / name).write_text(content)
    option, *names = hint.split()[0], *hint.split()[1::2]
    refused = run("train", name, option, ",".join(names))
    assert refused.err.startswith("error: ")
    assert f"name each of several by itself: {hint}" in refused.err
    assert "by itself" not in run("train", name, option, "title,nothing").err


def test_the_last_word_of_a_title_is_no_context_of_the_first_word_below_it(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("title,body\n" + "red cat,sat down\n" * 300)
    settings = {"column": ["title", "body"], "dim": 4, "epochs": 1, "min_count": 1, "window": 1, "sample": 0}
    model = wvcli.train(path, tmp_path / "d.safetensors", **settings)
    pairs = [(model.index(a), model.index(b)) for a, b in (("red", "sat"), ("cat", "down"), ("red", "down"))]
    assert shared_contexts(model, pairs) == [[], [], []]  # red is beside cat alone, and sat beside down
    assert model.manifest["coverage"]["tokens_trained"] == 1200


def test_columns_given_twice_are_read_and_recorded(run: Run, tmp_path: Path) -> None:
    (tmp_path / "news.csv").write_text("title,text,day\n" + "the cat,sat down,monday\n" * 30)
    options = ("--epochs", 1, "--dim", 4, "--min-count", 1)
    assert run("train", "news.csv", "--column", "title", "--column", "text", *options).code == 0
    assert {row[0] for row in run("vocab").rows} == {"the", "cat", "sat", "down"}
    assert "--column title --column text" in run("info", "--command").out
    manifest = wvcli.load(tmp_path / "news.safetensors").manifest
    assert manifest["reading"]["column"] == ["title", "text"]
    assert manifest["reading"]["field"] is None
