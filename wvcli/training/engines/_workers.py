"""Threads that share the tasks of a stretch of text."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import TYPE_CHECKING

from wvcli.training.engines import OnTokens
from wvcli.training.engines._predicting import training_error

if TYPE_CHECKING:
    from wvcli.training.engines._layout import CompiledLoop
    from wvcli.training.engines._state import Task


@dataclass
class Workers:
    """Threads that take one task after another until none is left or one of them has failed.

    Attributes:
        loop: what they train with.
        tasks: the tasks, each with the number of tokens that it stands for.
        on_tokens: called with that number after each task, from any thread.
        words: how many words they have trained on.
        failures: what went wrong.
    """

    loop: "CompiledLoop"
    tasks: "Iterator[tuple[Task, int]]"
    on_tokens: OnTokens
    words: int = 0
    failures: list[BaseException] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def run(self, count: int) -> int:
        """Do all tasks with `count` threads, of which this one is the first, and return the words trained on.

        Raises:
            WvcliError: one of them failed.
        """
        others = [Thread(target=self._work, args=(worker,), daemon=True) for worker in range(1, count)]
        try:
            for other in others:
                other.start()
            self._work(0)
            for other in others:
                other.join()
        except BaseException as failure:  # Ctrl-C, mostly: the others must stop as well
            self.failures.append(failure)
            raise
        if self.failures:
            raise training_error(self.failures[0])
        return self.words

    def _work(self, worker: int) -> None:
        try:
            scratch = self.loop.scratch[worker]
            while not self.failures:
                with self._lock:
                    task, tokens = next(self.tasks, (None, 0))
                if task is None:
                    return
                words = self.loop.kernel(task, self.loop.tables, self.loop.weights, scratch)
                with self._lock:
                    self.words += words
                if tokens:
                    self.on_tokens(tokens)
        except Exception as failure:
            self.failures.append(failure)
