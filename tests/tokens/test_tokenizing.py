"""However many processes tokenize, the outcome is that of one; and no process is left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conftest import CLONE, clean_environment
from wvcli.errors import InputError, WvcliError
from wvcli.text.settings import TextSettings
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens import batches as batching
from wvcli.tokens import provisional_corpus, tokenizing, tokenizing_workers
from wvcli.tokens.provisional_corpus import ProvisionalCorpus
from wvcli.tokens.tokenizing import batches
from wvcli.training import preparation, reading
from wvcli.training.request import Request
from wvcli.training.settings import TrainSettings

ENGLISH = [
    "The cat's well-known, 3.14 kg mouse -- isn't 1,000 'it'.",
    "A dog barked.",
    "",
    "STRASSE e.g. x_1-a a-1",
]
CHINESE = ["猫是最爱的动物。", "小明硕士毕业于中国科学院计算所", "3.14，是圆周率"]
MIXED = [
    "“It’s” — he said … £5–6",
    "Käse I\u0307 E\u0301te\u0301 co\u00adop",
    "GPT-4 很好 カメラ 한국어",
    "東京へ行きました。학교에 갔다.",
    "a\0b \0 c",
]
TEXTS = ENGLISH + CHINESE + MIXED
TOKENIZERS = [
    TokenizerSettings(),
    TokenizerSettings("unicode", lowercase=False),
    TokenizerSettings("chinese", min_length=2),
    TokenizerSettings("japanese"),
    TokenizerSettings("korean"),
    TokenizerSettings("whitespace"),
    TokenizerSettings("regex:[a-z]+ [a-z]+|\\n|\\0|[^ ]+"),
    TokenizerSettings("unicode", stopwords=("the", "a", "it's"), min_length=2),
]
IN_PROCESSES = TokenizerSettings(r"regex:\w+")  # its text is never scanned in threads
by_tokenizer = pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=lambda tokenizer: tokenizer.name[:10])
Outcome = tuple[list[str], list[int], int, int, list[bytes]]


def outcome(raw: ProvisionalCorpus) -> Outcome:
    """All that an encoding says and has put on disk."""
    return raw.words, raw.counts.tolist(), raw.texts, raw.tokens_read, [path.read_bytes() for path in raw.shards]


def plainly(texts: list[str], tokenizer: TokenizerSettings, folder: Path) -> Outcome:
    """What comes of it text by text."""
    return outcome(ProvisionalCorpus.of(texts, tokenizer.tokenize(), folder))


def in_batches(texts: list[str], tokenizer: TokenizerSettings, processes: int, folder: Path) -> Outcome:
    """What comes of it in batches, and in other processes if there are two or more."""
    with closing(batches(iter(texts), tokenizer, processes, tokenizing._LARGE)) as some:
        return outcome(ProvisionalCorpus.of_batches(some, folder))


def children() -> set[int]:
    """The processes that this one has started and that are not gone."""
    return {
        int(number)
        for path in Path("/proc/self/task").glob("*/children")
        for number in path.read_text(encoding="ascii").split()
    }


def is_running(process: int) -> bool:
    """Whether a process exists and is not merely waiting to be looked after."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def heeds_no_interrupt(process: int) -> bool:
    """Whether a process has come so far as to ignore SIGINT."""
    [line] = [
        line
        for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
        if line.startswith("SigIgn")
    ]
    return bool(int(line.split()[1], 16) >> (signal.SIGINT - 1) & 1)


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether it comes true in time."""
    end = monotonic() + seconds
    while not (now := condition()) and monotonic() < end:
        sleep(0.02)
    return now


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Every test ends with the processes that it began with."""
    before = children()
    yield
    assert children() == before


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="tells processes by /proc")

characters = st.sampled_from("aB9_'-.,’“—… \t\n\r\x1c\0éÉ\u0301\u00ad猫犬カー한,٣·") | st.characters()
any_texts = st.lists(st.text(characters, max_size=25) | st.sampled_from(TEXTS), max_size=25)


@by_tokenizer
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=any_texts, size=st.integers(1, 80), shard=st.integers(1, 30), longest=st.integers(1, 12))
@example(texts=TEXTS * 2, size=40, shard=7, longest=3)
def test_batches_come_to_the_same_as_text_by_text(
    tmp_path: Path, tokenizer: TokenizerSettings, texts: list[str], size: int, shard: int, longest: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(provisional_corpus, "SHARD_IDS", shard)
        patch.setattr(provisional_corpus, "LONGEST_TEXT", longest)
        expected = plainly(texts, tokenizer, tmp_path)
        patch.setattr(batching, "_BATCH", size)
        assert in_batches(texts, tokenizer, 1, tmp_path) == expected
    tokenize = tokenizer.tokenize()
    read = [token for text in texts for token in tokenize(text)]
    assert expected[0] == list(dict.fromkeys(read))
    assert expected[3] == len(read)


@by_tokenizer
@pytest.mark.parametrize(("processes", "is_scanned"), [(2, True), (2, False), (3, True)])
def test_other_processes_come_to_the_same(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tokenizer: TokenizerSettings,
    processes: int,
    is_scanned: bool,
) -> None:
    if not is_scanned:
        monkeypatch.setattr(tokenizing.scanning, "is_possible", lambda settings: False)
    texts = [text * (1 + number % 3) for number, text in enumerate(TEXTS * 30)] + [
        "xyz " * 25_000,
        "\ud83d",
        "\ude00 \0",
    ]
    monkeypatch.setattr(provisional_corpus, "SHARD_IDS", 700)
    expected = plainly(texts, tokenizer, tmp_path)
    monkeypatch.setattr(batching, "_BATCH", 300)
    assert in_batches(texts, tokenizer, processes, tmp_path) == expected
    assert len(expected[4]) > 3


@given(st.lists(st.text(st.characters() | st.sampled_from("\0[=\ud83d\ude00\n"))))
def test_strings_come_through_a_pipe_as_they_are(strings: list[str]) -> None:
    assert tokenizing_workers._unpacked(tokenizing_workers._packed(strings)) == strings


class Started:
    """Counts the processes that are started, and remembers them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []
        start = subprocess.Popen

        def popen(*arguments: object, **options: object) -> "subprocess.Popen[bytes]":
            self.processes.append(start(*arguments, **options))  # type: ignore[call-overload]
            return self.processes[-1]

        monkeypatch.setattr(tokenizing.subprocess, "Popen", popen)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    return Started(monkeypatch)


@pytest.mark.parametrize(
    ("size", "alone", "expected"), [(None, 1e9, 0), (10**9, 1e9, 3), (None, 0.0, 3), (99, 0.0, 3)]
)
def test_a_small_text_starts_no_process_and_a_large_or_slow_one_does(
    monkeypatch: pytest.MonkeyPatch, started: Started, size: int | None, alone: float, expected: int
) -> None:
    monkeypatch.setattr(batching, "_BATCH", 20)
    monkeypatch.setattr(tokenizing, "_ALONE", alone)
    tokens = sum(len(batch.ids) for batch in batches(["some words here again"] * 10, IN_PROCESSES, 3, size))
    assert tokens == 50
    assert len(started.processes) == expected


@pytest.mark.parametrize("alone", [0.0, 1.0])
def test_prepare_is_the_same_with_and_without_other_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: Started, alone: float
) -> None:
    source = tmp_path / "text.txt"
    source.write_text("\n".join(TEXTS[:-1] * 20), encoding="utf-8")
    folder = tmp_path / "encoded"
    folder.mkdir()
    monkeypatch.setattr(batching, "_BATCH", 500)
    monkeypatch.setattr(tokenizing, "_ALONE", alone)
    monkeypatch.setattr(reading, "processors", lambda: 2)
    told: list[int] = []
    text = TextSettings((str(source),), TokenizerSettings())
    request = Request(text, text.corpus(), TrainSettings(min_count=1))
    prepared = preparation.prepare(request, folder, on_progress=lambda progress: told.append(progress.done))
    assert len(started.processes) == (0 if alone else 2)
    assert told
    tokenize = TokenizerSettings().tokenize()
    lines = source.read_bytes().decode().split("\n")
    expected = [tokens for line in lines if (tokens := tokenize(line))]
    assert list(prepared.encoded.sentences()) == expected


@pytest.mark.parametrize("waiting", [0, 1, 5])
def test_a_killed_process_is_one_error_and_ends_the_others(
    monkeypatch: pytest.MonkeyPatch, started: Started, waiting: int
) -> None:
    monkeypatch.setattr(batching, "_BATCH", 100)
    some = batches(["word " * 20] * 1_000, IN_PROCESSES, 2, 10**9)
    for _ in range(waiting + 1):
        next(some)
    started.processes[-1].kill()
    with pytest.raises(WvcliError, match="signal 9") as caught, closing(some):
        list(some)
    assert "memory" in caught.value.hint
    assert [process.poll() for process in started.processes] == [-9, -9]


def test_a_process_that_cannot_start_is_one_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(WvcliError, match="cannot start"):
        list(batches(["a"], IN_PROCESSES, 2, 10**9))


def test_what_a_process_cannot_tokenize_is_one_error_with_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizing, "_packed", lambda texts: b"[this is no list")
    with pytest.raises(WvcliError, match="JSONDecodeError"):
        list(batches(["a"], IN_PROCESSES, 2, 10**9))


def test_an_error_in_reading_passes_through(monkeypatch: pytest.MonkeyPatch, started: Started) -> None:
    def texts() -> Iterator[str]:
        yield from ["some words"] * 20
        raise InputError("line 21 is bad")

    monkeypatch.setattr(batching, "_BATCH", 20)
    with pytest.raises(InputError, match="line 21"):
        list(batches(texts(), IN_PROCESSES, 2, 10**9))
    assert len(started.processes) == 2
    assert all(process.poll() is not None for process in started.processes)


@pytest.mark.parametrize("tokenizer", [TokenizerSettings(), IN_PROCESSES], ids=["scanned", "in processes"])
def test_few_texts_are_read_ahead(monkeypatch: pytest.MonkeyPatch, tokenizer: TokenizerSettings) -> None:
    read = 0

    def texts() -> Iterator[str]:
        nonlocal read
        for _ in range(200):
            read += 1
            yield "word " * 4

    monkeypatch.setattr(batching, "_BATCH", 20)
    ahead = []
    with closing(batches(texts(), tokenizer, 2, 10**9)) as some:
        for taken, batch in enumerate(some, 1):
            assert np.array_equal(batch.ids[:-1], [0] * 4)
            ahead.append(read - taken)
    assert taken == 200
    assert 2 < max(ahead) <= 2 * tokenizing._IN_FLIGHT


SCRIPT = """
import sys
from wvcli.tokens import batches as batching, tokenizing
from wvcli.text.tokenizers import TokenizerSettings
print("main once")
batching._BATCH = 20
texts = ["some words"] * {texts}
some = tokenizing.batches(texts, TokenizerSettings("{tokenizer}"), 2, 10**9)
first = next(some)
if {is_slow}:
    print(*open(f"/proc/self/task/{{__import__('os').getpid()}}/children").read().split(), flush=True)
    __import__("time").sleep(60)
print(len(first.ids) + sum(len(batch.ids) for batch in some))
"""


@pytest.mark.parametrize("way", ["script", "-c", "stdin", "other folder with modules in the way"])
@pytest.mark.parametrize("tokenizer", ["auto", "regex:[a-z]+"])
def test_it_needs_no_main_guard(tmp_path: Path, tokenizer: str, way: str) -> None:
    code = SCRIPT.format(texts=20, is_slow=False, tokenizer=tokenizer)
    script = tmp_path / "script.py"
    script.write_text(code, encoding="utf-8")
    environment = clean_environment() | {"PYTHONPATH": str(CLONE)}
    arguments = {"-c": ["-c", code], "stdin": ["-"]}.get(way, [str(script)])
    if way.startswith("other"):
        (tmp_path / "cwd").mkdir()
        (tmp_path / "cwd" / "json.py").write_text("raise SystemExit(9)", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        input=code if way == "stdin" else "",
        cwd=tmp_path / "cwd" if way.startswith("other") else tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stderr, done.stdout.split("\n")) == ("", ["main once", "60", ""])


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_one_that_started_it(tmp_path: Path, number: signal.Signals) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(texts=5_000, is_slow=True, tokenizer="regex:[a-z]+"), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(script)],
        env=clean_environment() | {"PYTHONPATH": str(CLONE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as main:
        assert main.stdout
        assert main.stdout.readline() == "main once\n"
        workers = [int(word) for word in main.stdout.readline().split()]
        assert len(workers) == 2
        assert wait_until(lambda: all(map(heeds_no_interrupt, workers)))
        for worker in workers:
            assert os.getpgid(worker) != os.getpgid(main.pid)  # Ctrl-C in a terminal goes to a whole group
            os.kill(worker, signal.SIGINT)
        sleep(0.2)
        assert all(map(is_running, workers))
        main.send_signal(number)
        main.wait(10)
    assert main.returncode == -number
    assert wait_until(lambda: not any(map(is_running, workers)))
