"""Which classifier is meant, and how it is opened."""

import os
from pathlib import Path

from wvcli.classification.classifier import CLASSIFIER, Classifier
from wvcli.classification.fasttext_model import FastTextClassifier, is_fasttext_classifier
from wvcli.classification.judging import Labeller
from wvcli.errors import InputError
from wvcli.models import model_file, opening
from wvcli.models.model_file import ModelFile
from wvcli.reporting import OnNote, ignore_note

VARIABLE = "WVCLI_CLASSIFIER"


def resolve(
    given: str | os.PathLike[str] | None, on_note: OnNote = ignore_note, argument: str = "path"
) -> tuple[Path, bool]:
    """Return the file of the classifier to use, and whether it was guessed.

    It is the one given, else the one in the variable WVCLI_CLASSIFIER, else the newest in the current folder.

    Args:
        given: what the user named, if anything.
        on_note: called with a line for each newer file that was passed over because it cannot be opened.
        argument: what the hint calls the argument by which the user names a classifier.

    Raises:
        InputError: there is none.
    """
    chosen = given or os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen), False
    problems: list[InputError] = []
    others: list[ModelFile] = []
    for _ in opening.find(Path(), problems.append, others.append):
        pass  # of all models in the folder, only those are of interest that are no word vectors
    found = next((file for file in others if file.manifest[model_file.KIND] == CLASSIFIER), None)
    if found is not None:
        return found.path, True
    for problem in problems:
        on_note(f"passed over a file: {problem.message}")
    raise InputError(
        "there is no classifier in this folder",
        f"train one with wvcli classify train SOURCE, or name one with `{argument}=FILE`",
    )


def open_labeller(path: Path) -> Labeller:
    """Open a classifier, wvcli's own or one of fastText's.

    Raises:
        InputError: the file is missing, damaged or no classifier.
    """
    if is_fasttext_classifier(path):
        return FastTextClassifier.open(path)
    return Classifier.open(path)


def load_classifier(path: str | os.PathLike[str] | None = None) -> Labeller:
    """Open a classifier, wvcli's own or one of fastText's.

    Args:
        path: its file; None for the newest classifier in the current folder.

    Raises:
        InputError: the file is missing, damaged or no classifier.

    Example:
        >>> import wvcli
        >>> texts = ["good food", "good room", "bad food", "bad room"] * 3
        >>> wvcli.train_classifier(texts, "reviews.safetensors", labels=["good", "good", "bad", "bad"] * 3)
        <Classifier: 2 labels, 56 features>
        >>> wvcli.load_classifier("reviews.safetensors").labels
        ('bad', 'good')
    """
    return open_labeller(resolve(path)[0])
