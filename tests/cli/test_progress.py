"""Progress as a person sees it: lines in a log, with the time that is left and the loss."""

import re

import pytest

from wvcli.cli.reports.facts import loss_in_a_line
from wvcli.cli.streams import stderr
from wvcli.cli.streams.units import duration, speed
from wvcli.reporting import Progress


def lines_at(
    moments: dict[float, Progress], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """The lines that a log has of progress reported at these seconds, without the time of day."""
    clock = iter([0.0, *moments])
    monkeypatch.setattr(stderr, "monotonic", lambda: next(clock))
    with stderr.progress_shown() as show:
        for progress in moments.values():
            show(progress)
    lines = capsys.readouterr().err.splitlines()
    assert all(re.match(r"note: \d\d:\d\d:\d\d ", line) for line in lines)
    return [line[len("note: 12:34:56 ") :] for line in lines]


def training(done: int, loss: float | None = None) -> Progress:
    return Progress("training", done, 100_000, epoch=done // 10_000 + 1, epochs=10, unit="tokens", loss=loss)


def test_a_log_has_a_line_every_ten_seconds_and_then_every_minute(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    moments = {float(second): training(100 * second) for second in range(301)}
    lines = lines_at(moments, monkeypatch, capsys)
    assert [re.findall(r"(\d+)%", line)[0] for line in lines] == [*"123456", "12", "18", "24", "30"]
    assert lines[0] == "training 1/10: 1%, 100 words/s, 16 min left"
    assert lines[-1] == "training 4/10: 30%, 100 words/s, 12 min left"


def test_a_log_has_the_loss_of_each_epoch_that_takes_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = lines_at(
        {
            0.0: training(0),
            61.0: training(9_000),
            80.0: training(10_000, 2.5),
            81.0: training(10_001, 2.5),
            100.0: training(12_000, 2.5),
            145.0: training(18_000, 2.5),
        },
        monkeypatch,
        capsys,
    )
    assert [re.sub(r", .*left", "", line) for line in lines] == [
        "training 1/10: 9%",
        "training 2/10: 10%, loss 2.500",
        "training 2/10: 18%, loss 2.500",
    ]


def test_text_of_unknown_size_is_reported_in_megabytes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    moments = {second: Progress("reading", int(second * 2e6), unit="bytes") for second in (0.0, 10.0)}
    assert lines_at(moments, monkeypatch, capsys) == ["reading: 20.0 MB, 2.0 MB/s"]


def test_what_is_waited_for_has_no_speed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = Progress("compiling", subject="the fast engine, once")
    lines = lines_at({0.0: waiting, 10.0: waiting}, monkeypatch, capsys)
    assert lines == ["compiling the fast engine, once: under way"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (119, "119 s"), (150, "2 min"), (7_199, "120 min"), (10_800, "3 h"), (180_000, "2 days")],
)
def test_a_duration_is_told_in_its_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_speed_is_told_in_what_people_count() -> None:
    assert speed(52_300.4, "tokens") == "52,300 words/s"
    assert speed(12_345_678, "bytes") == "12.3 MB/s"


def test_the_loss_of_one_epoch_is_no_line() -> None:
    assert loss_in_a_line([3.1361]) == "3.136"
    assert loss_in_a_line([3.0, 2.0]) == "█▁ from 3.000 to 2.000"
    assert loss_in_a_line([]) == ""
