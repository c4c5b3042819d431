"""Commands that write, killed: wholly the old or the new file lies under the name, and the next run succeeds.

    python tests/campaigns/kills.py [TRIES] [KIND ...] [--seed N]

SIGKILL comes at a random moment of the whole run, or of the time in which it writes; or, in one of four tries and
where `strace` is installed, at a system call that changes files, any of those that the command makes. Half of the
runs find an old file under the name, the others none. A new run must then make the new one and leave no stray.
"""

import signal
import sys
from pathlib import Path
from random import Random
from time import monotonic, sleep

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.campaigns import system_calls
from tests.campaigns.campaign import PATIENCE, Campaign, Fault, main, text
from tests.campaigns.writing import WRITERS, Stock, in_turn, is_writing, usable


def make_tries(campaign: Campaign) -> None:
    """Kill each kind of command in turn."""
    kinds = campaign.chosen(usable())
    stock = Stock(campaign, kinds)
    ways = ["any time", "writing", "writing", "call" if system_calls.can_trace(campaign) else "any time"]

    def attempt(number: int, random: Random, kind: str, folder: Path) -> str:
        finds_old = random.random() < 0.5
        old = stock.prepare(kind, folder, finds_old)
        way = random.choice(ways)
        if way == "call":
            call = system_calls.choose(stock.calls(kind, finds_old), random)
            arguments = WRITERS[kind].arguments
            code, _, err = system_calls.run_with(campaign, arguments, folder, call, "signal=KILL")
        else:
            code, err = _kill(campaign, stock, kind, folder, random, way == "writing")
        if code not in (0, -signal.SIGKILL):
            raise Fault(f"ended with {code}: {text(err)}")
        found = stock.found(kind, folder, old)
        if code == 0 and found != "new":
            raise Fault("ended with 0, and the new one is not there")
        stock.check_next_run(kind, folder)
        return found if code else "done"

    campaign.run(attempt, in_turn(kinds))


def _kill(
    campaign: Campaign, stock: Stock, kind: str, folder: Path, random: Random, writing: bool
) -> tuple[int, bytes]:
    """Kill a run at a random moment; return its exit code and stderr."""
    outcome = stock.outcomes[kind]
    running = campaign.start(WRITERS[kind].arguments, folder)
    if writing:
        until = monotonic() + PATIENCE
        while not is_writing(folder) and running.is_alive() and monotonic() < until:
            sleep(0.0002)
        sleep(random.uniform(0, 1.1 * outcome.writing))
    else:
        sleep(random.uniform(0, 1.1 * outcome.seconds))
    running.send(signal.SIGKILL)
    code, _, err = running.wait(PATIENCE)
    return code, err


if __name__ == "__main__":
    sys.exit(main(make_tries, __doc__.partition("\n")[0], 500))
