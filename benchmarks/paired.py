"""Timing two things in turn, so that a machine whose speed drifts does so under both."""

import statistics
import subprocess
from collections.abc import Callable, Sequence
from time import perf_counter


def seconds_of(command: Sequence[str]) -> float:
    """Wall-clock seconds of a command as a whole process; its output is thrown away."""
    start = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return perf_counter() - start


def compare(
    label: str, ours: Callable[[], float], theirs: Callable[[], float], pairs: int, warmups: int = 1
) -> float:
    """Time both in turn and print medians and the ratio; the ratio is theirs divided by ours, pair by pair.

    Args:
        label: what is compared.
        ours: runs ours once, gives its seconds.
        theirs: runs theirs once, gives its seconds.
        pairs: counted runs of each.
        warmups: uncounted runs of each, first.
    """
    for _ in range(warmups):
        ours()
        theirs()
    times = [(ours(), theirs()) for _ in range(pairs)]
    ratios = sorted(b / a for a, b in times)
    ratio = statistics.median(ratios)
    mine, other = (statistics.median(column) for column in zip(*times, strict=True))
    print(
        f"{label}: {ratio:.2f} times as fast (pairs {ratios[0]:.2f} to {ratios[-1]:.2f}; "
        f"medians {mine:.3f} s and {other:.3f} s, {pairs} pairs)"
    )
    return ratio
