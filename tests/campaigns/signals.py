"""Commands that are sent a signal: the right exit code, no traceback, nothing half written, no stray.

    python tests/campaigns/signals.py [TRIES] [KIND ...] [--seed N]

SIGINT, SIGTERM, SIGHUP or SIGPIPE comes at a random moment of a run of any command, sometimes twice. In one of
four tries the program was started with the signal ignored: then it must finish its work, as it must with SIGPIPE.
What a command that answers had written is the beginning of its answer; for one that writes, all is checked that
`kills.py` checks.
"""

import shutil
import signal
import sys
from pathlib import Path
from random import Random
from time import monotonic, sleep

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.campaigns.campaign import PATIENCE, Campaign, Fault, main, text
from tests.campaigns.writing import WRITERS, Stock, in_turn, usable
from wvcli.errors import ExitCode

_SIGNALS = (signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE)
_WORDS = "".join(f"word{number}\n" for number in range(1, 200))
_MODEL = ("-m", "in.safetensors", "-q")
_MEASURING = ("dry run", "models")  # their answers have times in them, and are not the same again
_ANSWERING = {  # arguments, and what is given on stdin
    "similar": (("similar", "word1", "word2", *_MODEL), ""),
    "similar -": (("similar", "-", "--missing", "skip", *_MODEL), _WORDS),
    "vector -": (("vector", "-", "--missing", "skip", *_MODEL), _WORDS),
    "analogy": (("analogy", "word1", "word2", "word3", *_MODEL), ""),
    "similarity": (("similarity", "word1", "word2", "--format", "json", *_MODEL), ""),
    "odd-one-out": (("odd-one-out", "word1", "word2", "word3", *_MODEL), ""),
    "vocab": (("vocab", "-n", "300", *_MODEL), ""),
    "shell": (("shell", *_MODEL), "similar word1\nvector word2\nvocab -n 50\n"),
    "evaluate": (("evaluate", *_MODEL), ""),
    "compare": (("compare", "in.safetensors", "in.safetensors", "-n", "5", "-q"), ""),
    "info": (("info", "in.safetensors", "--verify"), ""),
    "models": (("models",), ""),
    "formats": (("formats",), ""),
    "dry run": (("train", "text.txt", "--dry-run", "--workers", "1", "-q"), ""),
    "help": (("train", "--help"), ""),
}


def make_tries(campaign: Campaign) -> None:
    """Send signals to each kind of command in turn."""
    writing = [kind for kind in usable() if not WRITERS[kind].is_slow]
    kinds = campaign.chosen([*_ANSWERING, *writing])
    stock = Stock(campaign, [kind for kind in kinds if kind in WRITERS])
    whole = {kind: _run_whole(campaign, stock, kind) for kind in kinds if kind in _ANSWERING}

    def attempt(number: int, random: Random, kind: str, folder: Path) -> str:
        sent = random.choice(_SIGNALS)
        is_ignored = random.random() < 0.25
        finds_old = random.random() < 0.5
        try:
            if kind in WRITERS:
                outcome = stock.outcomes[kind]
                old = stock.prepare(kind, folder, finds_old)
                moment = random.choice((outcome.seconds, outcome.writing))
                run = (WRITERS[kind].arguments, b"", moment)
                code, out, err = _run(campaign, folder, random, sent, is_ignored, *run)
                _check_end(code, err, sent, is_ignored)
                _check_written(stock, kind, folder, old, code)
            else:
                stock.take_inputs(folder)
                answer, seconds = whole[kind]
                arguments, given = _ANSWERING[kind]
                code, out, err = _run(
                    campaign, folder, random, sent, is_ignored, arguments, given.encode(), seconds
                )
                _check_end(code, err, sent, is_ignored)
                is_right = answer == out if code == 0 else answer.startswith(out)
                if not (is_right or kind in _MEASURING):
                    raise Fault(f"ended with {code}, and its answer is not what it is else: {out[-200:]!r}")
        except Fault as fault:
            raise Fault(f"{sent.name}{' ignored' * is_ignored}: {fault}") from fault
        return "finished" if code == 0 else "interrupted"

    campaign.run(attempt, in_turn(kinds))


def _run_whole(campaign: Campaign, stock: Stock, kind: str) -> tuple[bytes, float]:
    """Return the answer of a command, and how long it takes."""
    arguments, given = _ANSWERING[kind]
    folder = campaign.folder / "whole"
    stock.take_inputs(folder)
    start = monotonic()
    code, out, err = campaign.start(arguments, folder, given.encode()).wait(PATIENCE)
    if code:
        raise Fault(f"`wvcli {' '.join(arguments)}` ended with {code}: {text(err)}")
    shutil.rmtree(folder)
    return out, monotonic() - start


def _run(
    campaign: Campaign,
    folder: Path,
    random: Random,
    sent: signal.Signals,
    is_ignored: bool,
    arguments: tuple[str, ...],
    given: bytes,
    seconds: float,
) -> tuple[int, bytes, bytes]:
    """Run a command and send it a signal; return its exit code and what it wrote."""
    running = campaign.start(arguments, folder, given, ignored=[sent] if is_ignored else [])
    sleep(random.uniform(0, seconds))
    running.send(sent)
    if random.random() < 0.25:
        sleep(random.uniform(0, 0.02))
        running.send(sent)
    return running.wait(PATIENCE)


def _check_end(code: int, err: bytes, sent: signal.Signals, is_ignored: bool) -> None:
    """Check the exit code and stderr of a run that was sent a signal."""
    survives = is_ignored or sent == signal.SIGPIPE
    if code not in ((0,) if survives else (0, ExitCode.INTERRUPTED, -sent)):  # a shell calls -2 130, too
        raise Fault(f"ended with {code}: {text(err)}")
    lines = err.decode(errors="replace").splitlines()
    if any(not line.startswith(("error: interrupted", "note: ")) for line in lines):
        raise Fault(f"stderr has more than a line: {text(err)}")


def _check_written(stock: Stock, kind: str, folder: Path, old: object, code: int) -> None:
    """Check what a run left."""
    found = stock.found(kind, folder, old)
    if code == 0 and found != "new":
        raise Fault("ended with 0, and the new one is not there")
    if code >= 0:
        checkpoint = {f"{WRITERS[kind].output}.checkpoint"} if WRITERS[kind].resumes and code else set()
        stock.check_no_strays(kind, folder, checkpoint)
    stock.check_next_run(kind, folder)


if __name__ == "__main__":
    sys.exit(main(make_tries, __doc__.partition("\n")[0], 200))
