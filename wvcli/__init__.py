"""Train word vectors with Gensim, ask them questions, hand them on.

The public names load on first use, so that importing wvcli costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from wvcli.comparison import compare as compare
    from wvcli.errors import WvcliError as WvcliError
    from wvcli.evaluation import evaluate as evaluate
    from wvcli.models import load as load
    from wvcli.training import train as train
    from wvcli.training import update as update
    from wvcli.vectors import Vectors as Vectors

_HOMES = {
    "Vectors": "wvcli.vectors",
    "WvcliError": "wvcli.errors",
    "compare": "wvcli.comparison",
    "evaluate": "wvcli.evaluation",
    "load": "wvcli.models",
    "train": "wvcli.training",
    "update": "wvcli.training",
}

__all__ = ["Vectors", "WvcliError", "__version__", "compare", "evaluate", "load", "train", "update"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'wvcli' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
