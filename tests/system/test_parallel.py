"""Work divided among threads gives what it gives in one."""

import signal
import subprocess
import sys
import threading

import pytest

from tests.against_gensim import clustered, vectors_of
from tests.conftest import clean_environment
from wvcli.system import parallel


@pytest.fixture
def three_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setattr(parallel, "processors", lambda: 3)


def test_parts_are_done_at_the_same_time_and_come_in_order(three_threads: None) -> None:
    together = threading.Barrier(3, timeout=30)

    def square(number: int) -> int:
        together.wait()
        return number * number

    assert parallel.parallel_map(square, range(9)) == [number * number for number in range(9)]


def test_where_blas_has_threads_there_is_one_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    here = threading.get_ident()
    assert parallel.parallel_map(lambda part: threading.get_ident(), range(4)) == [here] * 4


def test_a_failure_in_a_thread_is_ours(three_threads: None) -> None:
    with pytest.raises(ZeroDivisionError):
        parallel.parallel_map(lambda number: 1 // number, range(3))


@pytest.mark.parametrize("queries", [1, 2, 5, 40, 700])
def test_neighbours_do_not_depend_on_threads(three_threads: None, queries: int) -> None:
    vectors = vectors_of(clustered(700, 9, seed=queries))
    asked = [vectors.look_up(word) for word in vectors.vocabulary[:queries]]
    assert vectors.nearest(asked, 6) == [vectors.nearest([word], 6)[0] for word in asked]


def test_work_within_divided_work_is_not_divided_again(three_threads: None) -> None:
    def inner(part: int) -> int:
        return threading.get_ident()

    for _ in range(2):  # and the first work of all is divided again
        together = threading.Barrier(3, timeout=30)

        def outer(part: int, together: threading.Barrier = together) -> bool:
            together.wait()
            return parallel.parallel_map(inner, range(4)) == [threading.get_ident()] * 4

        assert parallel.parallel_map(outer, range(3)) == [True] * 3


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signal can be sent to a thread here")
def test_no_further_part_is_begun_when_the_wait_is_broken_off(three_threads: None) -> None:
    """A signal comes while the others are waited for, as Ctrl-C does."""
    goes_on, begun = threading.Event(), []

    def work(part: int) -> None:
        begun.append(part)
        if part % 3 == 0:
            return
        if part == 1:
            timer.start()
        goes_on.wait(10)

    main = threading.main_thread().ident
    timer = threading.Timer(0.2, lambda: signal.pthread_kill(main or 0, signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        parallel.parallel_map(work, range(9))
    others = [thread for thread in threading.enumerate() if thread is not threading.current_thread()]
    goes_on.set()
    for thread in others:
        thread.join(10)
    assert sorted(begun) == [0, 1, 2, 3, 6]  # of three threads, ours has every third part


@pytest.mark.parametrize(
    ("command", "given", "threads"),
    [
        ("similar", None, "1"),
        ("index", None, "1"),
        ("similar", "4", "4"),
        ("train", None, "None"),
        ("evaluate", None, "1"),
        ("compare", None, "None"),
        ("shell", None, "None"),
    ],
)
def test_blas_starts_no_threads_for_a_question(command: str, given: str | None, threads: str) -> None:
    environment = clean_environment() | ({"OPENBLAS_NUM_THREADS": given} if given else {})
    if given is None:
        environment.pop("OPENBLAS_NUM_THREADS", None)
    code = (
        "import os, sys; from wvcli.cli.main import run; run([sys.argv[1], '--help']); "
        "print(os.environ.get('OPENBLAS_NUM_THREADS'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, command], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.split()[-1] == threads
