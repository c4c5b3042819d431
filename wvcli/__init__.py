"""Train word vectors with Gensim, ask them questions, hand them on.

    train, resume, update    text into vectors, which are saved as a model file
    load, Vectors            vectors from a file, and the questions asked of them
    tune                     settings found by trying, and the best model
    embed, TextEncoder       texts into vectors
    search                   the texts nearest to a question
    train_classifier         texts with labels into a classifier; load_classifier, Classifier
    evaluate, compare        how good vectors are, and what differs between two models
    align, translate         two models of two languages in one space; load_alignment opens it again
    import_vectors, export   vectors from and for other systems
    export_clusters          words divided into clusters by their vectors
    TrainSettings, Selection what can be set in training, and chosen in exporting
    WvcliError               the root of all errors

The names load on first use, so that importing wvcli costs nothing. `help(wvcli.train)` describes every argument.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from wvcli.version import __version__

if TYPE_CHECKING:
    from wvcli.analysis.aligning import align as align
    from wvcli.analysis.comparison import compare as compare
    from wvcli.analysis.translating import translate as translate
    from wvcli.classification.classifier import Classifier as Classifier
    from wvcli.classification.opening import load_classifier as load_classifier
    from wvcli.classification.train import train_classifier as train_classifier
    from wvcli.errors import WvcliError as WvcliError
    from wvcli.evaluation.evaluate import evaluate as evaluate
    from wvcli.models.alignment_file import load_alignment as load_alignment
    from wvcli.models.exporting import export as export
    from wvcli.models.importing import import_vectors as import_vectors
    from wvcli.models.opening import load as load
    from wvcli.models.word_clusters import export_clusters as export_clusters
    from wvcli.retrieval.encoding import TextEncoder as TextEncoder
    from wvcli.retrieval.encoding import embed as embed
    from wvcli.retrieval.search import search as search
    from wvcli.training.settings import TrainSettings as TrainSettings
    from wvcli.training.train import resume as resume
    from wvcli.training.train import train as train
    from wvcli.training.train import update as update
    from wvcli.training.tune import tune as tune
    from wvcli.vectors.bilingual import Alignment as Alignment
    from wvcli.vectors.selection import Selection as Selection
    from wvcli.vectors.word_vectors import Vectors as Vectors

_HOMES = {
    "Alignment": "wvcli.vectors.bilingual",
    "Classifier": "wvcli.classification.classifier",
    "Selection": "wvcli.vectors.selection",
    "TextEncoder": "wvcli.retrieval.encoding",
    "TrainSettings": "wvcli.training.settings",
    "Vectors": "wvcli.vectors.word_vectors",
    "WvcliError": "wvcli.errors",
    "align": "wvcli.analysis.aligning",
    "compare": "wvcli.analysis.comparison",
    "embed": "wvcli.retrieval.encoding",
    "evaluate": "wvcli.evaluation.evaluate",
    "export": "wvcli.models.exporting",
    "export_clusters": "wvcli.models.word_clusters",
    "import_vectors": "wvcli.models.importing",
    "load": "wvcli.models.opening",
    "load_alignment": "wvcli.models.alignment_file",
    "load_classifier": "wvcli.classification.opening",
    "resume": "wvcli.training.train",
    "search": "wvcli.retrieval.search",
    "train": "wvcli.training.train",
    "translate": "wvcli.analysis.translating",
    "train_classifier": "wvcli.classification.train",
    "tune": "wvcli.training.tune",
    "update": "wvcli.training.train",
}

__all__ = [
    "Alignment",
    "Classifier",
    "Selection",
    "TextEncoder",
    "TrainSettings",
    "Vectors",
    "WvcliError",
    "__version__",
    "align",
    "compare",
    "embed",
    "evaluate",
    "export",
    "export_clusters",
    "import_vectors",
    "load",
    "load_alignment",
    "load_classifier",
    "resume",
    "search",
    "train",
    "train_classifier",
    "translate",
    "tune",
    "update",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'wvcli' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
