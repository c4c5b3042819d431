"""Work divided among threads gives what it gives in one."""

import subprocess
import sys
import threading

import numpy as np
import pytest

from tests.against_gensim import clustered, vectors_of
from tests.conftest import clean_environment
from wvcli import parallel


@pytest.fixture
def three_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setattr(parallel, "processors", lambda: 3)


def test_parts_are_done_at_the_same_time_and_come_in_order(three_threads: None) -> None:
    together = threading.Barrier(3, timeout=30)

    def square(number: int) -> int:
        together.wait()
        return number * number

    assert parallel.each(square, range(9)) == [number * number for number in range(9)]


def test_where_blas_has_threads_there_is_one_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    here = threading.get_ident()
    assert parallel.each(lambda part: threading.get_ident(), range(4)) == [here] * 4


def test_a_failure_in_a_thread_is_ours(three_threads: None) -> None:
    with pytest.raises(ZeroDivisionError):
        parallel.each(lambda number: 1 // number, range(3))


@pytest.mark.parametrize("queries", [1, 2, 5, 40, 700])
def test_neighbours_and_analogies_do_not_depend_on_threads(three_threads: None, queries: int) -> None:
    vectors = vectors_of(clustered(700, 9, seed=queries))
    asked = [vectors.look_up(word) for word in vectors.vocabulary[:queries]]
    assert vectors.nearest(asked, 6) == [vectors.nearest([word], 6)[0] for word in asked]
    questions = np.random.default_rng(queries).integers(0, 700, (queries, 3))
    alone = [vectors.analogy_rows(questions[row : row + 1], 4)[0].tolist() for row in range(queries)]
    assert vectors.analogy_rows(questions, 4).tolist() == alone


@pytest.mark.parametrize(
    ("command", "given", "threads"),
    [
        ("similar", None, "1"),
        ("index", None, "1"),
        ("similar", "4", "4"),
        ("train", None, "None"),
        ("evaluate", None, "None"),
    ],
)
def test_blas_starts_no_threads_for_a_question(command: str, given: str | None, threads: str) -> None:
    environment = clean_environment() | ({"OPENBLAS_NUM_THREADS": given} if given else {})
    if given is None:
        environment.pop("OPENBLAS_NUM_THREADS", None)
    code = "import os, wvcli.cli; print(os.environ.get('OPENBLAS_NUM_THREADS'))"
    done = subprocess.run(
        [sys.executable, "-c", code, command], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == threads
