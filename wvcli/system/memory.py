"""How much memory there is."""

import os
from contextlib import suppress
from pathlib import Path

_KIB = 1024
# For each version of Linux' control groups, which containers have: the limit, what is used of it, and the name of
# the part of that which is a cache of files and can be freed.
_GROUPS = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
)


def available_memory(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return the bytes of memory that programs can still take, or None where the system does not say.

    On Linux this is what is available without swapping, within the limit of the container if there is one;
    elsewhere all the memory that the computer has.

    Args:
        proc: where Linux tells of memory.
        groups: where it tells of limits.
    """
    found = [_available(proc / "meminfo"), *(_left(groups, *names) for names in _GROUPS)]
    known = [size for size in found if size is not None]
    return max(0, min(known)) if known else _physical()


def _available(path: Path) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in path.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return _KIB * int(line.split()[1])
    return None


def _left(groups: Path, limit: str, used: str, cache: str) -> int | None:
    """Return what is left of the limit of a control group; None where it has no limit."""
    try:
        most, taken = (int((groups / name).read_text()) for name in (limit, used))
        lines = (groups / limit).with_name("memory.stat").read_text().splitlines()
        freed = sum(int(line.split()[1]) for line in lines if line.split()[0] == cache)
    except (OSError, ValueError, IndexError):
        return None
    return most - taken + freed


def _physical() -> int | None:
    with suppress(AttributeError, ValueError, OSError):  # not on Windows
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None
