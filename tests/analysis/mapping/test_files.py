"""Maps as pages, pictures and tables."""

import base64
import gzip
import hashlib
import json
import re
import xml.etree.ElementTree
from pathlib import Path

import numpy as np
import pytest

from tests.analysis.mapping.conftest import HOSTILE
from tests.clients import package
from wvcli.analysis.mapping import pictures, tables
from wvcli.analysis.mapping.colors import Values, colors_apart, ramp, scale_of
from wvcli.analysis.mapping.page import page
from wvcli.analysis.mapping.pictures import parse_size, svg
from wvcli.analysis.mapping.points import words_of
from wvcli.analysis.mapping.word_map import WordMap, make_map
from wvcli.analysis.mapping.writing import write
from wvcli.errors import InputError, UsageError, WvcliError
from wvcli.vectors.word_vectors import Vectors


def element(text: str, opening: str) -> str:
    """What stands in an element of a page."""
    return text.split(opening, 1)[1].split("</" + opening[1:].split()[0].rstrip(">") + ">", 1)[0]


def data_of(text: str) -> dict[str, object]:
    packed = element(text, '<script type="application/gzip" id="data">')
    found: dict[str, object] = json.loads(gzip.decompress(base64.b64decode(packed)))
    return found


def test_a_page_allows_its_own_script_and_style_and_nothing_else(drawn: WordMap) -> None:
    text = page([drawn])
    policy = re.findall(r'Content-Security-Policy" content="(.*?)"', text)[0]
    hashes = [
        "sha256-" + base64.b64encode(hashlib.sha256(element(text, opening).encode()).digest()).decode()
        for opening in ('<script type="module">', "<style>")
    ]
    assert policy == (
        f"default-src 'none'; script-src '{hashes[0]}'; style-src '{hashes[1]}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )
    assert not re.search(r"(src|href)=\"(?!data:)|https?://|@import|url\(|@[A-Z]+@", text)


def test_hostile_words_stay_data(drawn: WordMap) -> None:
    text = page([drawn])
    assert text.count("</script>") == 2
    assert data_of(text)["words"] == list(drawn.points.labels)
    assert "<title>A &amp; B &lt;1&gt;</title>" in text
    root = xml.etree.ElementTree.fromstring(svg(drawn))
    shown = {one.text for one in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {'</script><b>"', "a\\tb", "\\u202eevil"} & shown


def test_the_data_of_a_page_are_those_of_the_map(drawn: WordMap) -> None:
    data = data_of(page([drawn]))
    [one] = data["maps"]  # type: ignore[misc]
    assert np.reshape(one["places"], (-1, 2)) / 65535 == pytest.approx(drawn.places, abs=1e-5)
    assert np.reshape(one["nearest"], (-1, 10)).tolist() == drawn.near.rows[:, :10].tolist()
    assert np.reshape(one["cosines"], (-1, 10)) / 1000 == pytest.approx(drawn.near.cosines[:, :10], abs=5.1e-4)
    assert one["others"] == []
    assert data["shown"] == "all 300 words"
    assert f"keeps {drawn.kept:.0%} of the 10 nearest neighbours" in str(data["kept"])


def test_words_that_are_not_shown_are_in_a_page_if_they_are_near_to_one_that_is(gathered: Vectors) -> None:
    few = make_map(words_of(gathered, 20), method="pca")
    [one] = data_of(page([few]))["maps"]  # type: ignore[misc]
    words = few.points.labels + one["others"]
    assert len(set(words)) == len(words) < 300
    for row, near in enumerate(np.reshape(one["nearest"], (-1, 10)).tolist()):
        found = gathered.most_similar(few.points.labels[row], 10)
        assert [words[other] for other in near] == [word for word, _ in found]


def test_what_a_map_is_about_is_shown_before_all_else(gathered: Vectors) -> None:
    one = make_map(words_of(gathered, 30, around=["w20"]), method="pca")
    assert data_of(page([one]))["asked"] == [one.points.labels.index("w20")]
    assert ">w20</text>" in svg(one, (200, 200)).split("paint-order", 1)[1].split("\n")[1]


def test_labels_of_a_picture_do_not_overlap_and_lie_within_it(drawn: WordMap) -> None:
    made = pictures.drawing(
        drawn, (800, 600), None, lambda text, size, bold: len(text) * size * 0.6, lambda text: True
    )
    boxes = np.array(
        [
            (
                one.left,
                one.middle - one.size / 2,
                one.left + len(one.text) * one.size * 0.6,
                one.middle + one.size / 2,
            )
            for one in made.labels
        ]
    )
    assert sum(one.is_name for one in made.labels) >= 8
    assert len(boxes) > 30
    assert boxes.min() >= 0
    assert boxes[:, 2].max() <= 800
    assert boxes[:, 3].max() <= 600
    over = (boxes[:, None, :2] < boxes[None, :, 2:]).all(axis=2) & (boxes[:, None, 2:] > boxes[None, :, :2]).all(
        axis=2
    )
    assert over.sum() == len(boxes)  # of each with itself
    assert sum(map(len, made.dots.values())) == 300


def test_colours_of_clusters_differ_from_those_around_and_values_have_their_own() -> None:
    grid = np.stack(np.meshgrid(np.arange(5), np.arange(5)), axis=-1).reshape(-1, 2) / 5
    colors = colors_apart(grid)
    assert set(colors) == set(range(12))
    for row, place in enumerate(grid):
        beside = np.flatnonzero(np.isclose(np.abs(grid - place).sum(axis=1), 0.2))
        assert colors[row] not in {colors[other] for other in beside}
    values = scale_of(["b", "a", "a", ""])
    assert isinstance(values, Values)
    assert (values.names, values.of) == (["a", "b"], [1, 0, 0, -1])
    assert scale_of([str(number) for number in range(20)] + [""]) == [*map(float, range(20)), None]
    many = scale_of([f"v{number}" for number in range(40)])
    assert isinstance(many, Values)
    assert (many.names[-1], len(many.names), many.of[39]) == ("other", 25, 24)
    assert (ramp(0), ramp(1)) == ("#c5d6e2", "#0a2a52")


def test_a_table_gives_the_places_back(drawn: WordMap, gathered: Vectors, tmp_path: Path) -> None:
    write([drawn], tmp_path / "map.tsv")
    places = tables.read_places(tmp_path / "map.tsv")
    assert list(places) == drawn.points.labels
    points, found = tables.placed(words_of(gathered, 100), places, lambda note: None)
    assert found == pytest.approx(drawn.places[:100], abs=1e-5)
    again = make_map(points, places=found)
    assert (again.method, again.places.tolist()) == ("file", found.tolist())
    heading, first, *_ = (tmp_path / "map.tsv").read_text("utf-8").splitlines()
    assert heading == "word\tx\ty\tcluster\tname\tcount"
    assert first.split("\t")[0] == HOSTILE[0]
    write([drawn], tmp_path / "map.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "map.jsonl").read_text("utf-8").splitlines()]
    assert list(rows[0]) == heading.split("\t")
    assert [row["word"] for row in rows] == drawn.points.labels


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tsv", "label\ttext\t1\t2\ngood\tA film\t0.5\t1e-1\nbad\tAnother\t-1\t2\n"),
        ("a.csv", 'label,text,1,2\ngood,"A film",0.5,0.1\nbad,Another,-1,2\n'),
        (
            "a.jsonl",
            '{"label":"good","text":"A film","v":[0.5,0.1]}\n{"label":"bad","text":"Another","v":[-1,2]}\n',
        ),
    ],
)
def test_a_table_of_vectors_is_read(name: str, text: str, tmp_path: Path) -> None:
    heading, rest = text.split("\n", 1) if not name.endswith("l") else ("", text)
    (tmp_path / name).write_text(f"{heading}\n{rest * 4}", encoding="utf-8")
    points = tables.read_points(tmp_path / name)
    assert points.labels == ["good", "bad"] * 4
    assert points.columns == {"text": ["A film", "Another"] * 4}
    assert points.units[:2] == pytest.approx(np.array([[0.98058, 0.19612], [-0.44721, 0.89443]]), abs=1e-5)
    assert tables.read_points(tmp_path / name, "text").labels[:2] == ["A film", "Another"]
    assert tables.read_points(tmp_path / name, "2", top=6).columns == {"label": ["good", "bad"] * 3}
    with pytest.raises(UsageError, match=r"`label` must be one of the columns \(label, text\), not 'x'"):
        tables.read_points(tmp_path / name, "x")


@pytest.mark.parametrize(
    ("read", "name", "text", "message"),
    [
        (tables.read_points, "a.tsv", "a\t1\t2\nb\t1\n", "row 2: expected 2 numbers at the end"),
        (tables.read_points, "a.jsonl", '{"a":"x","v":[1,2]}\n{"a":"y","v":[1]}\n', "line 2: expected an object"),
        (tables.read_points, "a.jsonl", "nonsense\n", "line 1: expected an object with a list of numbers"),
        (tables.read_points, "a.csv", "", "holds no vectors"),
        (tables.read_places, "a.tsv", "word\tx\ty\ncat\t1\tup\n", "line 2: expected a word, x and y"),
        (tables.read_places, "a.tsv", "", "holds no places of words"),
        (tables.read_groups, "a.tsv", "cat\n", "line 1: expected a word, a tab and its group, found 'cat'"),
    ],
)  # fmt: skip
def test_a_table_that_is_none_is_refused_with_the_line(
    read: object, name: str, text: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(message)):
        read(tmp_path / name)  # type: ignore[operator]


def test_a_size_is_two_numbers() -> None:
    assert parse_size("800x600") == (800, 600)
    for text in ("800", "axb", "10x800", "800x99999", "-1x5", "٨٠٠x٦٠٠"):
        with pytest.raises(UsageError, match="`size` must be like 1600x1200"):
            parse_size(text)


@pytest.mark.client
def test_a_png_is_written_with_a_font_that_has_the_letters(drawn: WordMap, tmp_path: Path) -> None:
    image = package("PIL.Image")
    notes: list[str] = []
    write([drawn], tmp_path / "map.png", size=(800, 600), on_note=notes.append)
    with image.open(tmp_path / "map.png") as opened:
        assert opened.size == (800, 600)
        assert len(opened.getcolors(1 << 20)) > 200
    assert all("are not written, since no font has their letters" in note for note in notes)


@pytest.mark.client
def test_a_font_without_the_letters_is_never_used_for_squares(gathered: Vectors, tmp_path: Path) -> None:
    package("PIL.Image")
    from wvcli.analysis.mapping import fonts

    latin = next(
        path
        for folder in fonts.folders()
        for path in folder.rglob("*.ttf")
        if path.stem in ("DejaVuSans", "LiberationSans-Regular")
    )
    assert fonts.Font(latin).has_all("word été")
    assert not fonts.Font(latin).has("猫")
    with (
        pytest.raises(WvcliError, match="has not the letters of most words, such as '猫'"),
        fonts.writing_with(["猫", "狗", "cat"], latin, lambda note: None),
    ):
        pass
    (tmp_path / "no.ttf").write_bytes(b"nothing")
    with pytest.raises(UsageError, match=r"cannot use the font .*: it is no font that FreeType reads"):
        fonts.Font(tmp_path / "no.ttf")
