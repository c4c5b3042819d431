"""`wvcli` and `python -m wvcli`."""

import gc
import signal
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # ends the program without a word until it can answer Ctrl-C
    gc.disable()  # imports leave no garbage, and a short run would spend a twentieth of its time looking for it
    from wvcli.cli.main import main as run

    gc.freeze()
    gc.enable()
    run()


if __name__ == "__main__":
    main()
