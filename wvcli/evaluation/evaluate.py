"""How good word vectors are: their scores on test sets, with intervals and differences."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from os import PathLike, fspath
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError, UsageError
from wvcli.evaluation import tasks
from wvcli.evaluation.tasks import ItemSet, Lexicon, Scores
from wvcli.evaluation.tasks._lexicon import AlignedLexicon
from wvcli.reporting import OnProgress, Progress, ignore_progress
from wvcli.text.sources import STDIN
from wvcli.vectors.bilingual import Alignment
from wvcli.vectors.word_vectors import Vectors

TOP = 300_000  # words of a model that are looked at; word2vec's users and Gensim take the same
BUNDLED = {  # the English sets inside Gensim, by the name of each
    "wordsim353": "wordsim353.tsv",
    "simlex999": "simlex999.txt",
    "questions-words": "questions-words.txt",
}


@dataclass(frozen=True)
class Evaluation:
    """The score of one model on one set, or on one section of it, by one measure.

    Attributes:
        model: the file of the model or alignment as it was named, or its number, from 1, when it has no file.
        set: the name of the set.
        kind: the kind of test: a name of the tasks.
        section: the part of the set; None for the whole.
        measure: what was measured.
        items: items of the set or section.
        covered: items of which every word has a vector; for an analogy the answer is in the vocabulary.
        from_subwords: of these, items with a word whose vector comes from its n-grams.
        score: over the covered items; None where it is not defined.
        score_all: over all items, those not covered counted as similarity 0 or as wrong.
        low: where the 95 % confidence interval of `score` begins; None where none is known.
        high: where it ends.
        p_value: how likely by chance alone the model differs as much from the first one on the items that all
            cover; None for the first model, and where there is no test.
        in_common: items that all models cover; None where there is one model.
        score_common: over these items; None where it is not defined, or there is one model.
    """

    model: str
    set: str
    kind: str
    section: str | None
    measure: str
    items: int
    covered: int
    from_subwords: int
    score: float | None
    score_all: float | None
    low: float | None
    high: float | None
    p_value: float | None
    in_common: int | None
    score_common: float | None


def bundled() -> list[Path]:
    """Find the English sets inside Gensim, without importing it: WordSim-353, SimLex-999, word2vec's analogies.

    Raises:
        InputError: they are not there.
    """
    spec = find_spec("gensim")
    folders = [Path(folder) / "test" / "test_data" for folder in (spec and spec.submodule_search_locations) or ()]
    found = [[folder / name for name in BUNDLED.values()] for folder in folders]
    complete = next((paths for paths in found if all(path.is_file() for path in paths)), None)
    if complete is None:
        raise InputError("this Gensim has no test sets inside", "name some with `sets`")
    return complete


def _set_file(given: str | PathLike[str]) -> str | PathLike[str]:
    """Return the file of a set, which may be given by the name of a bundled one.

    Raises:
        InputError: it is neither a file nor such a name.
    """
    name = fspath(given)
    plain = re.sub("[ _-]", "", name.lower())
    known = {re.sub("-", "", each): number for number, each in enumerate(BUNDLED)}
    if plain in known and not Path(name).exists():
        return bundled()[known[plain]]
    if re.fullmatch(r"[\w-]+", name) and name != STDIN and not Path(name).exists():
        raise InputError(f"there is no file {name}", f"the sets known by name are {', '.join(BUNDLED)}")
    return given


def load_sets(sets: str | PathLike[str] | Sequence[str | PathLike[str]], kind: str | None = None) -> list[ItemSet]:
    """Read one test set or several, each a file or the name of a bundled one; none stands for all bundled ones.

    Args:
        sets: the files.
        kind: the name of their task; None to recognise it by content.

    Raises:
        InputError: a set cannot be read or is of no known kind.
    """
    files = [sets] if isinstance(sets, str | PathLike) else sets
    return [tasks.load(file, kind) for file in (map(_set_file, files) if files else bundled())]


def evaluate(
    models: Vectors | Alignment | Sequence[Vectors] | Sequence[Alignment],
    sets: str | PathLike[str] | Sequence[str | PathLike[str]] = (),
    *,
    restrict_top: int = TOP,
    ignore_case: bool = False,
    from_subwords: bool = True,
    on_progress: OnProgress = ignore_progress,
) -> Iterator[Evaluation]:
    """Score models on test sets.

    Args:
        models: one model or several; each is compared with the first. Or one alignment or several, for which the
            sets hold translations.
        sets: one file of test items or several, see `wvcli.evaluation.tasks.load`, or names of the English sets in
            Gensim: `wordsim353`, `simlex999`, `questions-words`; none for all of these.
        restrict_top: look only at the first `restrict_top` words of a model.
        ignore_case: treat words that differ only in case as one, as Gensim's evaluation does.
        from_subwords: whether words outside the vocabulary have the vectors of their n-grams, where a model has
            them.
        on_progress: called with the items scored so far.

    Yields:
        For each set, its whole first and then its sections, for each measure a row for each model.

    Raises:
        InputError: a set cannot be read or is of no known kind; before anything is scored.
        UsageError: there is no model, models are mixed with alignments, an alignment is to be scored without
            `sets`, or `restrict_top` is below 1.

    Example:
        >>> import wvcli
        >>> with open("pairs.tsv", "w") as file:
        ...     characters = file.write("cat\\tdog\\t8\\ncat\\tbread\\t2\\ndog\\tbread\\t1\\n")
        >>> vectors = wvcli.load("animals.safetensors")
        >>> for row in wvcli.evaluate(vectors, "pairs.tsv"):
        ...     print(row.set, row.measure, f"{row.covered} of {row.items}", row.score > 0)
        pairs spearman 3 of 3 True
        pairs pearson 3 of 3 True
    """
    several: list[Vectors | Alignment] = [models] if isinstance(models, Vectors | Alignment) else [*models]
    if not several:
        raise UsageError("no model was given")
    seen_as = restrict_top, ignore_case, from_subwords
    aligned = [AlignedLexicon.of(each, *seen_as) for each in several if isinstance(each, Alignment)]
    lexicons: list[Lexicon] = [
        *aligned,
        *(Lexicon(each, *seen_as) for each in several if isinstance(each, Vectors)),
    ]
    if aligned and len(aligned) < len(lexicons):
        raise UsageError("models and alignments are scored on sets of different kinds", "give one or the other")
    if aligned and not sets:
        raise UsageError(
            "no set of translations is bundled", "name one with `sets`, a word and its translation a line"
        )
    loaded = load_sets(sets, "translations" if aligned else None)
    return (row for one in loaded for row in _of_set(one, lexicons, _names(several), on_progress))


def _names(models: Sequence[Vectors | Alignment]) -> list[str]:
    return [str(number) if model.path is None else fspath(model.path) for number, model in enumerate(models, 1)]


def _of_set(
    one: ItemSet, lexicons: Sequence[Lexicon], names: Sequence[str], on_progress: OnProgress
) -> Iterator[Evaluation]:
    """Score the models on one set."""
    scored = []
    for name, lexicon in zip(names, lexicons, strict=True):
        on_items = partial(_report, on_progress, Path(name).name, one)
        on_items(0)
        scored.append(one.task.score(lexicon, one.items, on_items))
    for section in ["", *one.sections]:
        yield from _of_section(one, section, one.members(section), scored, names)


def _report(on_progress: OnProgress, model: str, one: ItemSet, done: int) -> None:
    on_progress(Progress(f"scoring {model}", done, len(one.items), unit="items", subject=one.name))


def _of_section(
    one: ItemSet, section: str, members: npt.NDArray[np.int64], scored: Sequence[Scores], names: Sequence[str]
) -> Iterator[Evaluation]:
    expected = one.expected[members]
    for measure in one.task.measures:
        of_each = [scores.outcomes[measure.name][members] for scores in scored]
        common = np.isfinite(of_each).all(axis=0)
        for place, (name, scores, outcomes) in enumerate(zip(names, scored, of_each, strict=True)):
            summary = measure.summary(outcomes, expected)
            yield Evaluation(
                model=name,
                set=one.name,
                kind=one.task.name,
                section=section or None,
                measure=measure.name,
                items=len(members),
                covered=int(np.isfinite(outcomes).sum()),
                from_subwords=int(scores.from_subwords[members].sum()),
                score=summary.score,
                score_all=summary.score_all,
                low=summary.low,
                high=summary.high,
                p_value=measure.p_value(of_each[0][common], outcomes[common], expected[common]) if place else None,
                in_common=int(common.sum()) if len(scored) > 1 else None,
                score_common=(
                    measure.summary(outcomes[common], expected[common]).score if len(scored) > 1 else None
                ),
            )
