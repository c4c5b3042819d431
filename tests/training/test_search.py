"""The coordinate search goes uphill, tries nothing twice, and ends."""

from collections.abc import Callable, Sequence
from math import log

from wvcli.training.search import SEARCHED, Changes, coordinate_search
from wvcli.training.settings import TrainSettings

FIRST = TrainSettings(
    algorithm="word2vec", architecture="skipgram", dim=100, window=5, epochs=30, min_count=1, workers=1
)


def searched(
    score: Callable[[TrainSettings], float | None], names: Sequence[str] = SEARCHED
) -> tuple[list[Changes], Changes]:
    """What is tried where settings have these scores, and the best of it; None is no trial."""
    search = coordinate_search(FIRST, names)
    tried: list[Changes] = []
    best: Changes = {}
    highest = float("-inf")
    changes = next(search)
    while True:
        tried.append(changes)
        found = score(TrainSettings(**{**FIRST.to_json(), **changes}))
        is_better = found is not None and found > highest
        if is_better and found is not None:
            best, highest = changes, found
        try:
            changes = search.send(is_better)
        except StopIteration:
            return tried, best


def distance(settings: TrainSettings) -> float:
    """How far the settings are from 400 dimensions, 42 epochs, a window of 2 and CBOW, with a minus."""
    places = ((settings.dim or 0, 400), (settings.epochs or 0, 42), (settings.window or 0, 2))
    return -sum(abs(log(number / goal)) for number, goal in places) + (settings.architecture == "cbow")


def test_the_best_is_found_where_there_is_one_hill() -> None:
    tried, best = searched(distance)
    assert best == {"dim": 400, "epochs": 42, "window": 2, "architecture": "cbow"}
    assert tried[:5] == [{}, {"window": 10}, {"window": 2}, {"window": 1}, {"window": 2, "epochs": 60}]
    assert all(changes not in tried[:number] for number, changes in enumerate(tried))
    assert searched(distance) == (tried, best)


def test_only_what_may_be_changed_is_changed() -> None:
    tried, best = searched(distance, ["epochs"])
    assert [changes.keys() for changes in tried] == [set(), *({"epochs"} for _ in tried[1:])]
    assert best == {"epochs": 42}


def test_where_nothing_is_better_it_looks_once_around_the_first_and_ends() -> None:
    tried, best = searched(lambda settings: 0.5)
    assert best == {}
    assert tried == [
        {},
        *({"window": 10}, {"window": 2}, {"epochs": 60}, {"epochs": 15}, {"dim": 200}, {"dim": 50}),
        *({"architecture": "cbow"}, {"algorithm": "fasttext"}),
        *({"window": 7}, {"window": 4}, {"epochs": 42}, {"epochs": 21}, {"dim": 140}, {"dim": 70}),
    ]


def test_what_was_not_tried_is_not_gone_on_from() -> None:
    tried, best = searched(lambda settings: None if (settings.dim or 0) > 200 else distance(settings))
    assert best["dim"] == 200
    assert {"dim": 800} not in [{"dim": changes.get("dim")} for changes in tried]


def test_numbers_stay_within_bounds() -> None:
    assert searched(lambda settings: float(settings.epochs or 0), ["epochs"])[1] == {"epochs": 1_000}
    assert searched(lambda settings: -float(settings.window or 0), ["window"])[1] == {"window": 1}
