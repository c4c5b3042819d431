"""Amounts of time and work as people read them."""

_TIMES = (("day", 86_400), ("h", 3_600), ("min", 60))
_LEAST = 2  # of a unit of time, below which the next smaller one is used


def duration(seconds: float) -> str:
    """Return a time in the unit that people use for so long a time: `40 s`, `12 min`, `3 h`, `2 days`."""
    for unit, length in _TIMES:
        if seconds >= _LEAST * length:
            return f"{round(seconds / length)} {unit}{'s' if unit == 'day' else ''}"
    return f"{round(seconds)} s"


def speed(per_second: float, unit: str) -> str:
    """Return how much is done in a second: `52,300 words/s`, `12.3 MB/s`.

    Args:
        per_second: the number of units.
        unit: what is counted, as `Progress` has it.
    """
    if unit == "bytes":
        return f"{per_second / 1e6:,.1f} MB/s"
    return f"{per_second:,.0f} {'words' if unit == 'tokens' else unit}/s"  # a person reads of words per second
