"""Work that is killed before one of the things it does to files, each in turn."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

_EVENTS = ("os.", "shutil.", "ctypes.")  # of audits by Python: what is done to the names of files, and calls to C


def kills(work: Callable[[], Any]) -> Iterator[int]:
    """Run work again and again, each time killed one event later, until it ends; yield after each kill."""
    for number in count(1):
        child = os.fork()
        if not child:
            _work_until(number, work)
        status = os.waitpid(child, 0)[1]
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0, "the work failed"
            return
        assert os.WTERMSIG(status) == signal.SIGKILL
        yield number


def _work_until(number: int, work: Callable[[], Any]) -> None:
    """Do the work in this process and end it: killed before the event of this number, if there are so many."""
    left = number

    def count_down(event: str, arguments: Any) -> None:
        nonlocal left
        if event.startswith(_EVENTS):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(count_down)
        work()
        left = -1
        os._exit(0)
    except BaseException:
        left = -1
        os._exit(1)
