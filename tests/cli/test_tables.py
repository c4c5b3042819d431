"""Tables for people: what they look like, and that many rows are drawn quickly; and rows for programs."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from wvcli.cli.streams import tables
from wvcli.cli.streams.columns import Column
from wvcli.cli.streams.stdout import writer

WORDS = st.one_of(
    st.sampled_from(["猫", "e\u0301", "new york", "", " ", "  indented", "a" * 30, "😀😀", "\u200bx", "\u202ey"]),
    st.text(max_size=12),
)
CELLS = {"words": WORDS, "numbers": st.one_of(st.none(), st.integers(-9, 10**7), st.floats(-2, 2))}


def console(width: int) -> Console:
    return Console(
        width=width, color_system="standard", force_terminal=True, markup=False, emoji=False, highlight=False
    )


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_a_table_is_what_rich_draws(data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(["words", "numbers"]), min_size=1, max_size=4))
    columns = [
        Column(
            data.draw(st.sampled_from(["word", "old_count", "neighbor", "x"])),
            gives_way=data.draw(st.integers(0, 2)),
        )
        for _ in kinds
    ]
    grid = data.draw(st.lists(st.tuples(*(CELLS[kind] for kind in kinds)), min_size=1, max_size=5))
    wide = console(data.draw(st.integers(8, 90)))
    drawn = tables.draw(columns, grid, wide)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "_widths", lambda *_: None)
        assert drawn.splitlines() == tables.draw(columns, grid, wide).splitlines()


def test_a_long_word_is_folded_and_numbers_are_whole() -> None:
    drawn = tables.draw([Column("word"), Column("count")], [("a" * 20, 1234), ("b", 5)], console(22))
    expected = [["a" * 12, "1,234"], ["a" * 8], ["b", "5"], []]
    assert [line.split() for line in drawn.splitlines()[3:]] == expected


def test_the_rows_of_a_long_table_are_not_left_to_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rich takes a third of a millisecond for each row."""
    monkeypatch.setattr(tables, "_table", lambda *_: pytest.fail("Rich draws the rows"))
    grid = [(f"w{place}", place) for place in range(2000)] + [("https://example.org/" + "x" * 200, 1)]
    assert tables.draw([Column("word"), Column("count")], grid, console(80)).count("\n") > 2000


@given(st.lists(st.tuples(WORDS, st.one_of(st.text(max_size=3), st.none()), CELLS["numbers"]), min_size=1))
@settings(deadline=None, max_examples=60)
def test_rows_written_together_are_those_written_one_by_one(grid: list[tuple[object, ...]]) -> None:
    columns = [Column("word"), Column("rank", table_only=True), Column("number")]
    for kind in ("tsv", "csv"):
        written = []
        for rows in ([grid], [[row] for row in grid]):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("sys.stdout", stdout := io.StringIO(newline=""))
                with writer(columns, kind) as out:
                    for some in rows:
                        out.write(iter(some))
                written.append(stdout.getvalue())
        assert written[0] == written[1]
