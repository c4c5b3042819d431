"""Parts of a text, read apart, give what is read of the whole."""

import gzip
import io
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from wvcli.errors import InputError, UsageError
from wvcli.text.corpus import Corpus, Part
from wvcli.text.parts import divide
from wvcli.text.settings import TextSettings

LINES = [f"line {number} of a text with a ü and a 猫" * (1 + number % 3) for number in range(60)]
LONG = ["a" * 3000, "words " * 700, "", "short"]
FILES = {
    "plain.txt": "\n".join([*LINES, *LONG, *LINES]).encode(),
    "ended.txt": "\n".join([*LINES, ""]).encode(),
    "windows.txt": ("\ufeff" + "\r\n".join([*LINES, ""])).encode(),
    "marked.txt": "\n".join(["\ufeff" + line for line in LINES]).encode(),
    "records.jsonl": "".join(json.dumps({"text": line + "\n" + line}) + "\n" for line in LINES).encode(),
    "one_line.txt": b"word " * 2000,
}


def texts(blocks: Iterable[str | bytes]) -> list[str]:
    found: list[str] = []
    for block in blocks:
        found += str(block, "utf-8").split("\n")[:-1] if isinstance(block, bytes) else [block]
    return found


def corpus(path: Path, **reading: object) -> Corpus:
    made = TextSettings((str(path),), **{"field": "text" if path.suffix == ".jsonl" else None} | reading).corpus()
    made.longest_piece = 1024
    return made


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("part_bytes", [7, 100, 4000])
def test_parts_hold_the_text_once_and_in_order(name: str, part_bytes: int, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])
    if part_bytes == 7:
        path.write_bytes(b"\n".join(FILES[name].split(b"\n")[:9])[:2000])
    whole = corpus(path)
    expected = texts(whole.blocks())
    groups = divide(whole, part_bytes)
    assert len(groups) > 1
    found: list[str] = []
    for group in groups:
        read = corpus(path)
        found += texts(read.blocks_of_parts(group))
    assert found == expected


def test_latin_1_is_divided_too(tmp_path: Path) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes("\n".join(["été à la plage"] * 50).encode("latin-1"))
    whole = corpus(path, encoding="latin-1")
    groups = divide(whole, 100)
    assert len(groups) > 5
    found = [text for group in groups for text in texts(whole.blocks_of_parts(group))]
    assert found == ["été à la plage"] * 50


@pytest.mark.parametrize(
    ("name", "data", "reading"),
    [
        ("a.txt.gz", gzip.compress("\n".join(LINES).encode()), {}),
        ("a.csv", ("text\n" + "\n".join(LINES)).encode(), {"column": "text"}),
        ("a.json", json.dumps([{"text": line} for line in LINES], indent=1).encode(), {"field": "text"}),
        ("a.txt", "\n".join(LINES).encode("utf-16"), {"encoding": "utf-16"}),
        ("a.txt", "\r".join(LINES).encode(), {}),
    ],
    ids=["compressed", "table", "one value", "wide", "carriage returns"],
)
def test_what_cannot_be_divided_is_one_part(
    name: str, data: bytes, reading: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    whole = corpus(path, **reading)
    assert divide(whole, 50) == [[Part(str(path))]]
    assert texts(whole.blocks_of_parts([Part(str(path))])) == texts(corpus(path, **reading).blocks())


def test_small_files_are_read_together(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"{number}.txt").write_text("some words\n")
    groups = divide(Corpus([str(tmp_path)]), 25)
    assert [len(group) for group in groups] == [2] * 5


def test_an_error_in_a_later_part_names_the_line_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(b"good words\n" * 20 + b"bad \xff word\n" + b"good words\n" * 20)
    whole = corpus(path)
    [bad] = [group for group in divide(whole, 64) if group[0].start <= 220 < (group[0].stop or 0)]
    with pytest.raises(InputError, match=r"bad\.txt, line 21: byte 0xff"):
        texts(whole.blocks_of_parts(bad))
    skipping = corpus(path, skip_bad=True)
    assert all(line == "good words" for line in texts(skipping.blocks_of_parts(bad)))
    assert skipping.skipped == 1


def test_what_other_machines_cannot_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"words\n")))
    with pytest.raises(UsageError, match="text from standard input cannot be read by the machines of a `cluster`"):
        divide(Corpus(["-"]))
    with pytest.raises(UsageError, match="texts in memory"):
        divide(TextSettings.of(iter(["some words"])).corpus())
