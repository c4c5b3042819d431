"""Commands that write to a disk with no room left: one line, the old file whole, and nothing else left.

    python tests/campaigns/disk_full.py [TRIES] [KIND ...] [--seed N]

The system refuses files larger than a random size (RLIMIT_FSIZE), from nothing to that of the largest that the
command makes; or, in one of four tries and where `strace` is installed, one system call that changes files fails
for want of room or by an error of the disk. A new run with room must then succeed.
"""

import sys
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.campaigns import system_calls
from tests.campaigns.campaign import PATIENCE, Campaign, Fault, check_error, main, text
from tests.campaigns.system_calls import Call
from tests.campaigns.writing import WRITERS, Stock, in_turn, usable
from wvcli.errors import ExitCode

_BEARABLE = ("unlink", "unlinkat", "rmdir")  # what cannot be removed is told, or left to the next run


def make_tries(campaign: Campaign) -> None:
    """Leave no room for each kind of command in turn."""
    kinds = campaign.chosen(usable())
    stock = Stock(campaign, kinds)

    def attempt(number: int, random: Random, kind: str, folder: Path) -> str:
        finds_old = random.random() < 0.5
        old = stock.prepare(kind, folder, finds_old)
        arguments, call = WRITERS[kind].arguments, None
        if system_calls.can_trace(campaign) and random.random() < 0.25:
            call = system_calls.choose(stock.calls(kind, finds_old), random)
            what = f"error={random.choice(('ENOSPC', 'EIO'))}"
            code, _, err = system_calls.run_with(campaign, arguments, folder, call, what)
        else:
            most = random.randrange(stock.outcomes[kind].largest)
            code, _, err = campaign.start(arguments, folder, limits={"RLIMIT_FSIZE": most}).wait(PATIENCE)
        try:
            return _check(stock, kind, folder, old, code, err, call)
        except Fault as fault:
            raise Fault(f"{fault} ({call or f'at {most} bytes'}; {text(err)})") from fault

    campaign.run(attempt, in_turn(kinds))


def _check(stock: Stock, kind: str, folder: Path, old: object, code: int, err: bytes, call: Call | None) -> str:
    """Check what a run left; return how it ended."""
    found = stock.found(kind, folder, old)
    if code not in (ExitCode.DONE, ExitCode.FAILED):
        raise Fault(f"ended with {code}")
    if code == ExitCode.DONE and found != "new":
        raise Fault("ended with 0, and the new one is not there")
    if code == ExitCode.FAILED:
        check_error(err)
        if found != "old" and (call is None or call.name not in _BEARABLE):
            raise Fault("failed, and yet the new one is there")
    if call is None or call.name not in _BEARABLE:
        checkpoint = {f"{WRITERS[kind].output}.checkpoint"} if WRITERS[kind].resumes and code else set()
        stock.check_no_strays(kind, folder, checkpoint)
    stock.check_next_run(kind, folder)
    return "refused" if code else "done"


if __name__ == "__main__":
    sys.exit(main(make_tries, __doc__.partition("\n")[0], 200))
