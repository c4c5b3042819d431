"""However many processes tokenize, the outcome is that of one; and no process is left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conftest import CLONE, clean_environment
from tests.tokens.corpora import number_texts, sentences
from wvcli.errors import InputError, WvcliError
from wvcli.text.corpus import Corpus
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens import tokenizing, tokenizing_workers
from wvcli.tokens.provisional_corpus import ProvisionalCorpus
from wvcli.tokens.tokenizing import batches

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


def text_by_text(texts: list[str], tokenizer: TokenizerSettings, folder: Path, **limits: int) -> Outcome:
    """What comes of it text by text."""
    return outcome(number_texts(map(tokenizer.tokenize(), texts), folder, **limits))


def in_batches(
    texts: list[str],
    tokenizer: TokenizerSettings,
    processes: int,
    folder: Path,
    group_size: int,
    scans: bool = True,
    **limits: int,
) -> Outcome:
    """What comes of it in batches, and in other processes if there are two or more."""
    made = batches(iter(texts), tokenizer, processes, tokenizing.LARGE, group_size=group_size, scans=scans)
    with closing(made) as some:
        return outcome(ProvisionalCorpus.of_batches(some, folder, **limits))


def children() -> set[int]:
    """The processes that this one has started and that are not gone."""
    found: set[int] = set()
    for path in Path("/proc/self/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended since
            found.update(map(int, path.read_text(encoding="ascii").split()))
    return found


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

characters = (
    st.sampled_from("aB9_'-.,’“—… \t\n\r\x1c\0\x01éÉ\u0301\u00ad猫犬〇々⺀\ufe0fカー한,٣·") | st.characters()
)
any_texts = st.lists(st.text(characters, max_size=25) | st.sampled_from(TEXTS), max_size=25)


@by_tokenizer
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=any_texts, size=st.integers(1, 80), shard=st.integers(1, 30), longest=st.integers(1, 12))
@example(texts=TEXTS * 2, size=40, shard=7, longest=3)
def test_batches_come_to_the_same_as_text_by_text(
    tmp_path: Path, tokenizer: TokenizerSettings, texts: list[str], size: int, shard: int, longest: int
) -> None:
    limits = {"shard_ids": shard, "longest_text": longest}
    expected = text_by_text(texts, tokenizer, tmp_path, **limits)
    assert in_batches(texts, tokenizer, 1, tmp_path, size, **limits) == expected
    tokenize = tokenizer.tokenize()
    read = [token for text in texts for token in tokenize(text)]
    assert expected[0] == list(dict.fromkeys(read))
    assert expected[3] == len(read)


@pytest.mark.slow
@by_tokenizer
@pytest.mark.parametrize(("processes", "scans"), [(2, False), (3, True)])
def test_other_processes_come_to_the_same(
    tmp_path: Path, tokenizer: TokenizerSettings, processes: int, scans: bool
) -> None:
    texts = [text * (1 + number % 3) for number, text in enumerate(TEXTS * 30)] + [
        "xyz " * 25_000,
        "\ud83d",
        "\ude00 \0",
    ]
    expected = text_by_text(texts, tokenizer, tmp_path, shard_ids=700)
    assert in_batches(texts, tokenizer, processes, tmp_path, 300, scans, shard_ids=700) == expected
    assert len(expected[4]) > 3


@given(st.lists(st.text(st.characters() | st.sampled_from("\0[=\ud83d\ude00\n"))))
def test_strings_come_through_a_pipe_as_they_are(strings: list[str]) -> None:
    assert tokenizing_workers._unpack(tokenizing_workers._pack(strings)) == strings


class Started:
    """Counts the processes that are started, and remembers them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []
        start = subprocess.Popen

        def popen(*arguments: object, **options: object) -> "subprocess.Popen[bytes]":
            self.processes.append(start(*arguments, **options))  # type: ignore[call-overload]
            return self.processes[-1]

        monkeypatch.setattr(subprocess, "Popen", popen)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    return Started(monkeypatch)


@pytest.mark.parametrize(
    ("size", "seconds_here", "expected"), [(None, 1e9, 0), (10**9, 1e9, 3), (None, 0.0, 3), (99, 0.0, 3)]
)
def test_a_small_text_starts_no_process_and_a_large_or_slow_one_does(
    started: Started, size: int | None, seconds_here: float, expected: int
) -> None:
    texts = ["some words here again"] * 10
    made = batches(texts, IN_PROCESSES, 3, size, group_size=20, seconds_here=seconds_here)
    assert sum(len(batch.ids) for batch in made) == 50
    assert len(started.processes) == expected


@pytest.mark.parametrize(("seconds_here", "expected"), [(0.0, 2), (1e9, 0)])
def test_a_corpus_is_the_same_with_and_without_other_processes(
    tmp_path: Path, started: Started, seconds_here: float, expected: int
) -> None:
    source = tmp_path / "text.txt"
    source.write_text("\n".join(TEXTS[:-1] * 20), encoding="utf-8")
    corpus = Corpus([str(source)])
    made = batches(
        corpus.blocks(), TOKENIZERS[0], 2, corpus.size(), group_size=500, seconds_here=seconds_here, scans=False
    )
    with closing(made) as some:
        encoded = ProvisionalCorpus.of_batches(some, tmp_path).trimmed(1)
    assert len(started.processes) == expected
    tokenize = TOKENIZERS[0].tokenize()
    lines = source.read_bytes().decode().split("\n")
    assert list(sentences(encoded)) == [tokens for line in lines if (tokens := tokenize(line))]


@pytest.mark.parametrize("waiting", [0, 1, 5])
def test_a_killed_process_is_one_error_and_ends_the_others(started: Started, waiting: int) -> None:
    some = batches(["word " * 20] * 1_000, IN_PROCESSES, 2, 10**9, group_size=100)
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


def test_what_a_process_cannot_tokenize_is_one_error_with_the_cause() -> None:
    with pytest.raises(WvcliError, match="could not be tokenized: UnicodeDecodeError"):
        list(batches([b"not \xff UTF-8\n"], IN_PROCESSES, 2, 10**9))


def test_an_error_in_reading_passes_through(started: Started) -> None:
    def texts() -> Iterator[str]:
        yield from ["some words"] * 20
        raise InputError("line 21 is bad")

    with pytest.raises(InputError, match="line 21"):
        list(batches(texts(), IN_PROCESSES, 2, 10**9, group_size=20))
    assert len(started.processes) == 2
    assert all(process.poll() is not None for process in started.processes)


@pytest.mark.parametrize("tokenizer", [TokenizerSettings(), IN_PROCESSES], ids=["scanned", "in processes"])
def test_few_texts_are_read_ahead(tokenizer: TokenizerSettings) -> None:
    read = 0

    def texts() -> Iterator[str]:
        nonlocal read
        for _ in range(200):
            read += 1
            yield "word " * 4

    ahead = []
    with closing(batches(texts(), tokenizer, 2, 10**9, group_size=20)) as some:
        for taken, batch in enumerate(some, 1):
            assert np.array_equal(batch.ids[:-1], [0] * 4)
            ahead.append(read - taken)
    assert taken == 200
    assert 2 < max(ahead) <= 2 * tokenizing._IN_FLIGHT


SCRIPT = """
import sys
from wvcli.tokens import tokenizing
from wvcli.text.tokenizers import TokenizerSettings
print("main once")
texts = ["some words"] * {texts}
some = tokenizing.batches(texts, TokenizerSettings("{tokenizer}"), 2, 10**9, group_size=20)
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
