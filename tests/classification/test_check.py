"""Labels that are probably wrong are found, and repeats with them."""

from pathlib import Path

from tests.conftest import CLONE
from wvcli.classification.check import check

REVIEWS = (CLONE / "sample_corpora" / "reviews.tsv").read_text(encoding="utf-8").splitlines()


def test_flipped_labels_are_the_first_suspects(tmp_path: Path) -> None:
    flipped = range(10, 610, 30)
    rows = list(REVIEWS)
    for line in flipped:
        label, text = rows[line - 1].split("\t")
        rows[line - 1] = f"{'negative' if label == 'positive' else 'positive'}\t{text}"
    path = tmp_path / "a.tsv"
    path.write_text("\n".join([*rows, rows[0], "negative\t...", f"mixed\t{rows[1].split(chr(9))[1]}"]) + "\n")
    suspects = check(str(path))
    wrong = [each for each in suspects if each.kind == "mislabelled"][: len(flipped)]
    assert len({each.line for each in wrong} & set(flipped)) >= 0.7 * len(flipped)
    assert all(each.p_suggested > each.p_given for each in wrong)  # type: ignore[operator]
    assert [(each.line, each.like) for each in suspects if each.kind == "duplicate"] == [(601, 1)]
    assert [each.line for each in suspects if each.kind == "empty"] == [602]
    assert [(each.line, each.given, each.like) for each in suspects if each.kind == "contradiction"] == [
        (603, "mixed", 2)
    ]
