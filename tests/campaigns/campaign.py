"""What campaigns share: their arguments, tries drawn from a seed, the program under test, and the tally."""

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic

from tests.forking import Forking, Running

_ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds; a command that takes longer hangs


class Fault(Exception):
    """What wvcli did is not what it promises."""


@dataclass
class Tally:
    """How often each kind of try ended how.

    Attributes:
        seen: the number of tries by kind and outcome.
        faults: a line for each fault.
    """

    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def count(self, kind: str, outcome: str) -> None:
        """Count a try that ended well."""
        self.seen[kind, outcome] += 1

    def fault(self, number: int, kind: str, what: object) -> None:
        """Count a try that found a fault, and print it."""
        line = f"  try {number}, {kind}: {what}"
        self.seen[kind, "FAULT"] += 1
        self.faults.append(line)
        print(line, flush=True)

    def table(self) -> str:
        """Return a row for each kind and a column for each outcome."""
        kinds = list(dict.fromkeys(kind for kind, _ in self.seen))
        outcomes = sorted({outcome for _, outcome in self.seen}, key=lambda outcome: (outcome == "FAULT", outcome))
        width = max(map(len, [*kinds, "all"]), default=0)
        head = " " * width + "".join(f"  {name:>5}" for name in ["tries", *outcomes])
        lines = [head]
        for kind in [*sorted(kinds), "all"]:
            counts = [
                sum(
                    number
                    for (one, ended), number in self.seen.items()
                    if kind in (one, "all") and outcome in (ended, "tries")
                )
                for outcome in ["tries", *outcomes]
            ]
            cells = (
                f"{count or '':>{max(5, len(name)) + 2}}"
                for name, count in zip(["tries", *outcomes], counts, strict=True)
            )
            lines.append(f"{kind:{width}}" + "".join(cells))
        return "\n".join(lines)


@dataclass
class Campaign:
    """The tries of a campaign.

    Attributes:
        tries: how many.
        seed: what chances are drawn from; each try draws from a generator of its own.
        names: the kinds of tries to make; none means all of them.
        forking: starts the program.
        folder: an empty folder, for what the tries need.
        uses_strace: whether system calls fail, too, where `strace` is installed.
        tally: what became of them.
    """

    tries: int
    seed: int
    names: Sequence[str]
    forking: Forking
    folder: Path
    uses_strace: bool = True
    tally: Tally = field(default_factory=Tally)

    def chosen(self, kinds: Sequence[str]) -> list[str]:
        """Return which of these kinds are meant: those with one of the `names` in theirs."""
        found = [kind for kind in kinds if not self.names or any(name in kind for name in self.names)]
        if not found:
            sys.exit(f"no kind of try is called so; there are {', '.join(kinds)}")
        return found

    def run(self, attempt: Callable[[int, Random, str, Path], str], kinds: Sequence[str]) -> None:
        """Make the tries, of each kind as often, each in a folder of its own.

        Args:
            attempt: makes one; given its number, its generator, its kind and its folder. It returns the outcome in
                a word or raises a `Fault`.
            kinds: all kinds that there are.
        """
        chosen = self.chosen(kinds)
        for number in range(self.tries):
            kind = chosen[number % len(chosen)]
            folder = self.folder / "try"
            folder.mkdir()
            try:
                self.tally.count(kind, attempt(number, Random(f"{self.seed} {number}"), kind, folder))
            except Fault as fault:
                self.tally.fault(number, kind, fault)
            except TimeoutError as still:
                self.tally.fault(number, kind, f"still ran after {PATIENCE} seconds; {still}")
            finally:
                shutil.rmtree(folder)

    def start(
        self,
        arguments: Sequence[str],
        folder: Path,
        given: bytes = b"",
        limits: Mapping[str, int] | None = None,
        ignored: Sequence[int] = (),
    ) -> Running:
        """Start wvcli in a folder; its temporary files are in `temporary_files` in that of the campaign."""
        return self.forking.start(arguments, folder, self.environment(), given, limits=limits, ignored=ignored)

    def environment(self) -> dict[str, str]:
        """Return the variables that the program is started with."""
        return self.forking.environment | {"TMPDIR": str(self.temporary_files)}

    @property
    def temporary_files(self) -> Path:
        """The folder that the program has for temporary files."""
        folder = self.folder / "tmp"
        folder.mkdir(exist_ok=True)
        return folder

    def check_done(self, arguments: Sequence[str], folder: Path) -> bytes:
        """Run wvcli and return its stdout.

        Raises:
            Fault: it failed.
        """
        code, out, err = self.start(arguments, folder).wait(PATIENCE)
        if code:
            raise Fault(f"`wvcli {' '.join(arguments)}` ended with {code}: {text(err)}")
        return out


def text(err: bytes) -> str:
    """Return the start of what was written to stderr, for a message."""
    return repr(err.decode(errors="replace")[:300])


def check_error(err: bytes) -> None:
    """Check that stderr has one line, not longer than a screen.

    Raises:
        Fault: there is more, or less, or a traceback.
    """
    lines = err.decode(errors="replace").splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    others = [line for line in lines if not line.startswith(("error: ", "note: "))]
    if len(errors) != 1 or others or len(errors[0]) > 2000:
        raise Fault(f"stderr is not one line: {text(err)}")


def environment() -> dict[str, str]:
    """Return the variables for a campaign: without what would change what the program does."""
    dropped = ("WVCLI_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    paths = [str(_ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    return kept | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}


@contextlib.contextmanager
def _program() -> Iterator[tuple[Forking, Path]]:
    with tempfile.TemporaryDirectory(prefix="campaign-") as name:
        folder = Path(name, "work")
        folder.mkdir()
        with Forking(Path(name), environment()) as forking:
            yield forking, folder


def main(make_tries: Callable[[Campaign], None], description: str, tries: int) -> int:
    """Run a campaign as the command line says, print its tally, and return its exit code: 1 if there was a fault.

    Args:
        make_tries: makes the tries and tells the tally.
        description: what it is, for --help.
        tries: how many there are unless told otherwise.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("tries", nargs="?", type=int, default=tries, help=f"how many; {tries} unless given")
    parser.add_argument(
        "kinds", nargs="*", metavar="kind", help="make only tries with this in the name of their kind"
    )
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    start = monotonic()
    with _program() as (forking, folder):
        campaign = Campaign(given.tries, given.seed, given.kinds, forking, folder)
        make_tries(campaign)
    tally = campaign.tally
    print(tally.table())
    made = sum(tally.seen.values())
    print(f"{made} tries, {len(tally.faults)} faults, seed {given.seed}, {monotonic() - start:.0f} s")
    return 1 if tally.faults else 0
