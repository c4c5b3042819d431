"""Labelled texts are read alike from every kind of source, and what is wrong with one is told with its line."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from wvcli.classification.labelled_texts import LabelledTexts, TextsInProgram
from wvcli.errors import InputError, UsageError

ROWS = [("good", "nice, warm soup"), ("bad", 'a "cold" soup'), ("good", "warm\u3000汤")]


def pairs(path: Path, **where: Any) -> list[tuple[tuple[str, ...], str]]:
    return [(each.labels, each.text) for each in LabelledTexts([str(path)], **where)]


def expected() -> list[tuple[tuple[str, ...], str]]:
    return [((label,), text) for label, text in ROWS]


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("a.tsv", "".join(f"{label}\t{text}\n" for label, text in ROWS), {}),
        ("a.txt", "\n".join(f"{label}\t{text}" for label, text in ROWS), {}),
        ("a.tsv", "label\ttext\n" + "".join(f"{label}\t{text}\n" for label, text in ROWS), {}),
        ("a.txt", "".join(f"__label__{label} {text}\n" for label, text in ROWS), {}),
        (
            "a.csv",
            'id,stars,words\n1,good,"nice, warm soup"\n2,bad,"a ""cold"" soup"\n3,good,warm\u3000汤\n',
            {"label_column": "stars", "column": "words"},
        ),
        ("a.jsonl", "".join(json.dumps({"label": label, "text": text}) + "\n" for label, text in ROWS), {}),
        (
            "a.json",
            json.dumps([{"y": {"is": label}, "x": text} for label, text in ROWS]),
            {"label_field": "y.is", "field": "x"},
        ),
    ],
    ids=["tsv", "text", "headed", "fasttext", "csv", "jsonl", "json"],
)
def test_a_source_of_any_kind_holds_the_same(tmp_path: Path, name: str, text: str, where: dict[str, Any]) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert pairs(path, **where) == expected()
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert pairs(packed, **where) == expected()


def test_parquet_with_numbers_for_labels_and_a_weight(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.table({"label": [1, 0], "text": ["a", None], "w": [0.5, 2.0], "id": [7, 8]})
    parquet.write_table(table, tmp_path / "a.parquet")
    found = list(LabelledTexts([str(tmp_path / "a.parquet")], weight_column="w", keep=["id"]))
    assert [(each.labels, each.text, each.weight, each.values) for each in found] == [
        (("1",), "a", 0.5, ("7",)),
        (("0",), "", 2.0, ("8",)),
    ]


def test_a_folder_for_each_label(tmp_path: Path) -> None:
    for label, name, text in (("pos", "1.txt", "good\nsoup"), ("neg", "1.txt", "bad"), ("neg", "2.txt", "worse")):
        (tmp_path / label).mkdir(exist_ok=True)
        (tmp_path / label / name).write_text(text)
    assert pairs(tmp_path) == [(("neg",), "bad"), (("neg",), "worse"), (("pos",), "good\nsoup")]


def test_several_labels_of_a_text(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"label": ["a", "b c", "a"], "text": "x"}\n')
    assert pairs(path) == [(("a", "b c"), "x")]
    (tmp_path / "a.txt").write_text("__label__a __label__b x y\nz __label__a\n")
    assert pairs(tmp_path / "a.txt") == [(("a", "b"), "x y"), (("a",), "z")]
    (tmp_path / "a.tsv").write_text("a,b\tx\n")
    assert pairs(tmp_path / "a.tsv", label_separator=",") == [(("a", "b"), "x")]


@pytest.mark.parametrize(
    ("name", "text", "where", "told"),
    [
        ("a.txt", "a\tx\njust words\n", {}, "line 2: expected a label, a tab and a text"),
        ("a.tsv", "a\tx\n\ty\n", {}, "line 2: the text has no label"),
        ("a.jsonl", '{"label": "a\\tb", "text": "x"}\n', {}, "line 1: the label 'a\\tb' holds a tab"),
        ("a.jsonl", '{"label": "a"}\n', {}, "line 1: no field 'text' (found: label)"),
        ("a.csv", "label,text\na,x,y\n", {}, "line 2: 3 cells where the heading has 2"),
        ("a.csv", "label,text,w\na,x,nan\n", {"weight_column": "w"}, "expected a weight above 0, found nan"),
    ],
)
def test_a_bad_text_is_told_with_its_line_or_skipped(
    tmp_path: Path, name: str, text: str, where: dict[str, Any], told: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError) as problem:
        pairs(path, **where)
    assert told in problem.value.message
    rows = LabelledTexts([str(path)], skip_bad=True, **where)
    assert len(list(rows)) == text.count("\na\t") + text.startswith("a\t")
    assert rows.skipped == 1


def test_a_table_without_a_column_for_labels_is_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("stars,words\n1,x\n")
    with pytest.raises(UsageError, match="holds a table"):
        pairs(path)
    with pytest.raises(UsageError, match="there is no column 'star'"):
        pairs(path, label_column="star", column="words")


def test_texts_of_a_program() -> None:
    rows = TextsInProgram(["x", "y"], ["a", ["a", "b"]], [1, 2])
    assert [(each.labels, each.text, each.weight) for each in rows] == [(("a",), "x", 1), (("a", "b"), "y", 2)]
    with pytest.raises(UsageError, match="2 texts, 1 labels"):
        TextsInProgram(["x", "y"], ["a"])
    with pytest.raises(UsageError, match="item 1"):
        list(TextsInProgram(["x"], [[]]))
