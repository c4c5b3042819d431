"""System calls that change files: those that a command makes, and runs in which one of them fails or kills.

It takes `strace`.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.campaigns.campaign import PATIENCE, Campaign

_STRACE = shutil.which("strace")
_CALLS = (
    "write,pwrite64,writev,ftruncate,fsync,fdatasync,rename,renameat,renameat2,link,linkat,"
    "unlink,unlinkat,rmdir,mkdir,mkdirat"
)
_LINE = re.compile(r"(\w+)\((.*)")
_STREAMS = re.compile(r"[012],")  # stdin, stdout and stderr


class Call(NamedTuple):
    """A system call: its name, and the how manyth of that name it is."""

    name: str
    ordinal: int


def can_trace(campaign: Campaign) -> bool:
    """Whether a campaign is to use `strace`, and can."""
    return campaign.uses_strace and _STRACE is not None


def calls_of(campaign: Campaign, arguments: Sequence[str], folder: Path) -> list[Call]:
    """Return the system calls by which a run changes files, in their order.

    Args:
        campaign: whose environment it has.
        arguments: of wvcli.
        folder: where it is run.
    """
    log = campaign.folder / "strace"
    _strace(campaign, arguments, folder, log, [])
    seen: Counter[str] = Counter()
    calls = []
    for line in log.read_text(errors="replace").splitlines():
        if found := _LINE.match(line):
            seen[found[1]] += 1
            if not _STREAMS.match(found[2]):
                calls.append(Call(found[1], seen[found[1]]))
    return calls


def run_with(
    campaign: Campaign, arguments: Sequence[str], folder: Path, call: Call, what: str
) -> tuple[int, bytes, bytes]:
    """Run a command in which a system call fails or ends it; return its exit code, stdout and stderr.

    Args:
        campaign: whose environment it has.
        arguments: of wvcli.
        folder: where it is run.
        call: which one.
        what: such as `error=EIO` or `signal=KILL`.
    """
    injected = ["-e", f"inject={call.name}:{what}:when={call.ordinal}"]
    return _strace(campaign, arguments, folder, campaign.folder / "strace", injected)


def _strace(
    campaign: Campaign, arguments: Sequence[str], folder: Path, log: Path, more: Sequence[str]
) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        [
            str(_STRACE),
            "-qq",
            "-o",
            str(log),
            "-e",
            f"trace={_CALLS}",
            *more,
            sys.executable,
            "-m",
            "wvcli",
            *arguments,
        ],
        cwd=folder,
        env=campaign.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
    )
    return done.returncode, done.stdout, done.stderr


def choose(calls: Sequence[Call], random: Random) -> Call:
    """Return one of some calls; those that are made often, such as `write`, are not chosen more often for that."""
    name = random.choice(sorted({call.name for call in calls}))
    return random.choice([call for call in calls if call.name == name])
