"""Signals that ask a program to end."""

import signal
from typing import Any

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


def handle(number: signal.Signals, handler: Any) -> Any:
    """Handle a signal, unless it is ignored: then whoever started the program wants it to outlive the signal.

    `nohup` ignores SIGHUP so, and a shell without job control SIGINT for what it runs in the background.

    Returns:
        The handler before, with which this function restores it.
    """
    before = signal.getsignal(number)
    if before is not signal.SIG_IGN and handler is not None:  # None was set by no Python program
        signal.signal(number, handler)
    return before
