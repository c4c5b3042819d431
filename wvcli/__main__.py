"""`wvcli` and `python -m wvcli`."""

import gc
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line."""
    gc.disable()  # imports leave no garbage, and a short run would spend a twentieth of its time looking for it
    from wvcli.cli.main import main as run

    gc.freeze()
    gc.enable()
    run()


if __name__ == "__main__":
    main()
