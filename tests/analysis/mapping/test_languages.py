"""The words of two aligned models on one map."""

import json
import re
import xml.etree.ElementTree

import numpy as np
import pytest

from tests.analysis.mapping.test_files import data_of
from tests.two_languages import Languages, languages
from wvcli.analysis.mapping import pictures, tables
from wvcli.analysis.mapping.colors import LIGHT
from wvcli.analysis.mapping.languages import words_of_languages
from wvcli.analysis.mapping.page import page
from wvcli.analysis.mapping.word_map import WordMap, make_map
from wvcli.errors import MissingWordError, UsageError
from wvcli.vectors.alignment import orthogonal_map
from wvcli.vectors.bilingual import Alignment, of_maps
from wvcli.vectors.geometry import unit_rows

NAMES = ("en", "fr")


@pytest.fixture(scope="module")
def both() -> Languages:
    return languages(words=120, noise=0.3)


@pytest.fixture(scope="module")
def alignment(both: Languages) -> Alignment:
    found = [both.target.index(f"t{number}") for number in range(120)]
    turned = orthogonal_map(unit_rows(both.source.matrix), unit_rows(both.target.matrix[found]))
    return of_maps(both.source, both.target, turned.astype(np.float32), np.eye(16, dtype=np.float32), {})


@pytest.fixture(scope="module")
def drawn(alignment: Alignment) -> WordMap:
    return make_map(words_of_languages(alignment, NAMES), "en and fr", method="pca", clusters=6)


def test_half_of_the_words_are_of_each_language_the_most_frequent_first(alignment: Alignment) -> None:
    points = words_of_languages(alignment, NAMES, 30)
    source, target = list(alignment.source.vectors)[:15], list(alignment.target.vectors)[:15]
    assert points.labels == [word for pair in zip(source, target, strict=True) for word in pair]
    assert points.columns == {"language": ["en", "fr"] * 15}
    assert points.total == 240
    assert points.languages is not None
    assert points.languages.of.tolist() == [0, 1] * 15
    assert points.counts is not None
    for place, (side, row) in enumerate([(alignment.source, 0), (alignment.target, 0)]):
        assert points.units[place] == pytest.approx(side.map(side.vectors.matrix[:1])[0], abs=1e-6)
        assert points.counts[place] == side.vectors.count(row)
        assert points.languages.hubness[place] == side.hubness[row]


def test_of_few_words_all_are_shown_and_more_of_the_other(alignment: Alignment) -> None:
    listed = words_of_languages(
        alignment, NAMES, 40, words=[f"s{n}" for n in range(9)] + list(alignment.target.vectors)
    )
    assert listed.columns["language"].count("en") == 9
    assert len(listed) == 40
    matching = words_of_languages(alignment, NAMES, grep="^[st]1")
    assert {word[1] for word in matching.labels} == {"1"}


def test_around_a_word_are_its_neighbours_and_its_translations(alignment: Alignment) -> None:
    points = words_of_languages(alignment, NAMES, 20, around=["s7"])
    own = {word for word, _ in alignment.source.vectors.most_similar("s7", 10)}
    others = {found.word for found in alignment.translate("s7", 10)}
    assert set(points.labels) == {"s7"} | own | others
    assert [points.labels[row] for row in points.asked] == ["s7"]
    back = words_of_languages(alignment, NAMES, 20, around=["t7"])
    assert {found.word for found in alignment.reversed.translate("t7", 10)} < set(back.labels)


def test_neighbours_are_the_translations_and_those_of_the_own_language_in_turn(
    alignment: Alignment, drawn: WordMap
) -> None:
    labels = drawn.points.labels
    assert drawn.near.rows.shape == (240, 16)
    for word, way in (("s3", alignment), ("t3", alignment.reversed)):
        row = labels.index(word)
        found = way.translate(word, 8)
        assert [labels[other] for other in drawn.near.rows[row, ::2]] == [one.word for one in found]
        assert drawn.near.cosines[row, ::2] == pytest.approx([one.similarity for one in found], abs=1e-5)
        own = way.source.in_common_space().most_similar(word, 8)
        assert [labels[other] for other in drawn.near.rows[row, 1::2]] == [other for other, _ in own]
        assert drawn.near.cosines[row, 1::2] == pytest.approx([cosine for _, cosine in own], abs=1e-5)


def test_the_nearest_of_both_models_are_found_though_they_are_not_shown(
    alignment: Alignment,
) -> None:
    few = make_map(words_of_languages(alignment, NAMES, 20), method="pca")
    assert few.points.others is not None
    labels = few.points.labels + few.points.others.labels
    for word, way in (("s0", alignment), (next(iter(alignment.target.vectors)), alignment.reversed)):
        near = [labels[other] for other in few.nearest.rows[few.points.labels.index(word)]]
        assert near[::2] == [found.word for found in way.translate(word, 5)]
        assert near[1::2] == [other for other, _ in way.source.in_common_space().most_similar(word, 5)]


def test_a_page_and_tables_say_of_which_language_a_word_is(drawn: WordMap) -> None:
    data = data_of(page([drawn], color="language"))
    assert data["languages"]["names"] == ["en", "fr"]  # type: ignore[index]
    assert data["color"] == "language"
    assert "of the 10 nearest neighbours of each word, half of them of the other language." in str(data["kept"])
    rows = [json.loads(line) for line in tables.jsonl(drawn).splitlines()]
    assert {(row["word"][0], row["language"]) for row in rows} == {("s", "en"), ("t", "fr")}


def test_a_picture_has_circles_squares_and_what_they_mean(drawn: WordMap) -> None:
    text = pictures.svg(drawn, (800, 600), "language")
    root = xml.etree.ElementTree.fromstring(text)
    paths = list(root.iter("{http://www.w3.org/2000/svg}path"))
    squares = [path for path in paths if path.get("stroke-linecap") == "square"]
    many = [sum(path.get("d", "").count("M") for path in some) for some in (paths, squares)]
    assert many == [242, 121]  # a point for each word, and those of the legend
    assert {path.get("stroke") for path in squares} == {LIGHT[1]}
    assert {path.get("stroke") for path in paths if path not in squares} == {LIGHT[9]}
    assert {"en", "fr"} <= {one.text for one in root.iter("{http://www.w3.org/2000/svg}text")}
    by_cluster = pictures.svg(drawn, (800, 600), "cluster")
    assert 'stroke-linecap="square"' in by_cluster


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({"top": 8}, UsageError, "4 words of en are too few for a map of two languages: at least 5 are needed"),
        ({"grep": "^s"}, UsageError, "0 words of fr are too few"),
        ({"around": ["nowhere"]}, MissingWordError, "'nowhere' is not in the vocabulary"),
        ({"words": ["nowhere"]}, MissingWordError, "none of the words is in the vocabulary"),
    ],
    ids=str,
)
def test_what_no_map_of_both_can_be_made_of_is_refused(
    settings: dict[str, object], kind: type[Exception], message: str, alignment: Alignment
) -> None:
    with pytest.raises(kind, match=re.escape(message)):
        words_of_languages(alignment, NAMES, **settings)  # type: ignore[arg-type]
