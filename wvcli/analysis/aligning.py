"""Two models of two languages brought into one space: by a dictionary, by parallel text, or by nothing at all."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from typing import Any

import numpy as np

from wvcli.analysis import self_learning
from wvcli.analysis.self_learning import FEWEST_TO_REFINE, LEAST_AGREEMENT, Maps, Method, OnRound, Round
from wvcli.analysis.word_pairs import Pairs, pairs_of_dictionaries, pairs_of_parallel_text, pairs_spelt_alike
from wvcli.errors import UsageError, WvcliError
from wvcli.evaluation.measures import Proportion
from wvcli.models import alignment_file, model_file
from wvcli.reporting import OnNote, OnProgress, Progress, ignore_note, ignore_progress
from wvcli.system.atomic_files import check_writable
from wvcli.vectors.bilingual import TOP, Alignment, of_maps
from wvcli.vectors.geometry import FloatArray, RowArray, unit_rows
from wvcli.vectors.local_scaling import hubness, nearest_both_ways, row_blocks
from wvcli.vectors.word_vectors import Vectors
from wvcli.version import __version__

Files = str | PathLike[str] | Sequence[str | PathLike[str]]

FEWEST_PAIRS = 5  # from which something can be learned with the random search
FEWEST_ALIKE = 100  # words spelt alike; from fewer the search from nothing is surer
_ROUNDS, _ROUNDS_ALONE = 3, 6  # of refining, with a dictionary and without; more change less than chance does
_FEWEST_HELD_OUT = 20  # words, whose score has an interval of forty points

# Above what vectors that have nothing to do with each other gave: 0.00 and 0.13.
_LEAST_HELD_OUT, _LEAST_FITTING = 0.02, 0.2
# Share of words that are each other's nearest; those had 0.2, and vectors that are all alike none.
_LEAST_MUTUAL = 0.02

_DICTIONARY, _PARALLEL, _ALIKE, _NOTHING = "dictionary", "parallel text", "words spelt alike", "nothing"


def align(
    source: Vectors,
    target: Vectors,
    output: str | PathLike[str] | None = None,
    *,
    dictionary: Files = (),
    identical: bool | None = None,
    parallel: Files = (),
    unsupervised: bool = False,
    method: Method = "multistep",
    refine: int | None = None,
    restrict_top: int = TOP,
    held_out: float = 0.1,
    fail_under: float | None = None,
    seed: int = 1,
    overwrite: bool = False,
    on_progress: OnProgress = ignore_progress,
    on_note: OnNote = ignore_note,
) -> Alignment:
    """Bring two models into one space, in which a word is near to its translation.

    Pairs of words that belong together come from dictionaries, from parallel text, from words spelt alike, or are
    found by the search from nothing. From them linear maps of both models are learned, which stay as they are.

    Args:
        source: the model of the one language.
        target: the model of the other, of any number of dimensions.
        output: the file of the alignment; its suffix may be left out. None to write none.
        dictionary: files of a word, a tab or spaces, and its translation a line; a word may have several lines.
        identical: whether words spelt alike are pairs, too; None for yes, unless there is parallel text.
        parallel: a file of a text, a tab and its translation a line; or two files of as many lines.
        unsupervised: use no pairs at all.
        method: `multistep`, or `procrustes`, which turns the source only and leaves the target as it is.
        refine: how often the maps are learned anew with the pairs that they show; None for 3, or 6 without a
            dictionary and parallel text.
        restrict_top: look for pairs and for hubness only among the most frequent words of either model.
        held_out: share of the words of the dictionary, or else of the parallel text, that are left out in a first
            run and scored; then the maps are learned from all. 0 for no score.
        fail_under: the least share of the held-out words whose translation must be right.
        seed: of the random numbers: of the words held out, and of the search where there are few pairs.
        overwrite: replace an existing file.
        on_progress: called with how far the work is.
        on_note: called with a line on what was decided.

    Returns:
        The alignment; `about` says how it was made and how it was scored.

    Raises:
        UsageError: the models are one, arguments do not go together, there are fewer than 5 pairs, or a model has
            fewer than 5 words with a vector that is not zero, or one dimension.
        InputError: a file cannot be read or has a line that does not fit; or no pair is in the models.
        WvcliError: no alignment is there to be found, or the score is below `fail_under`; nothing is written.

    Example:
        >>> import wvcli
        >>> source, target = wvcli.load("animals.safetensors"), wvcli.load("other.safetensors")
        >>> with open("pairs.tsv", "w") as file:
        ...     characters = file.write("".join(f"{word}\\t{word}\\n" for word in list(source)[:600]))
        >>> alignment = wvcli.align(source, target, dictionary="pairs.tsv")
        >>> [found.word for found in alignment.translate("cat", 1)]
        ['cat']
        >>> alignment.about["held_out"]["words"]
        60
    """
    asked = _Asked(
        source,
        target,
        _names(dictionary),
        _names(parallel),
        identical,
        unsupervised,
        method,
        refine,
        restrict_top,
        seed,
    )
    asked.check(held_out, fail_under)
    path = None if output is None else alignment_file.named(output)
    if path is not None:
        check_writable(path, overwrite)
        for vectors in (source, target):
            alignment_file.file_of(vectors)
            model_file.verify_vectors(vectors)
    units = asked.units()
    seeds = _Seeds.find(asked, on_progress, on_note)
    progress = _Rounds(on_progress)
    learner = _Learner(asked, seeds, *units)
    held = learner.score_held_out(held_out, progress, on_note)
    maps, pairs, rounds = learner.learn(seeds.rows, progress)
    evidence, strength = learner.check(maps, held), learner.strength(maps)
    if strength["mutual"] < _LEAST_MUTUAL:
        raise _not_found(f"only {strength['mutual']:.1%} of the words are each other's nearest")
    if fail_under is not None and (held is None or held["p@1"] < fail_under):
        raise _below(held, fail_under)
    about = {
        "method": method,
        "seeds": seeds.about,
        "learned_from": len(pairs),
        "rounds": rounds,
        **strength,
        **evidence,
        "held_out": held,
        "settings": {"refine": learner.rounds, "restrict_top": restrict_top, "held_out": held_out, "seed": seed},
        "versions": {"wvcli": __version__, "python": platform.python_version(), "numpy": np.__version__},
    }
    total = len(source) + len(target)
    found = of_maps(
        source,
        target,
        maps.source,
        maps.target,
        about,
        restrict_top,
        lambda rows: on_progress(Progress("measuring", rows, total)),
    )
    return found if path is None else alignment_file.save(found, np.unique(pairs, axis=0), path, overwrite)


def _names(files: Files) -> tuple[str, ...]:
    return tuple(fspath(file) for file in ([files] if isinstance(files, str | PathLike) else files))


def _not_found(why: str) -> WvcliError:
    return WvcliError(
        f"no alignment was found: {why}; nothing was written",
        "give more pairs with `dictionary` or `parallel`, or models of more text",
    )


def _below(held: dict[str, Any] | None, least: float) -> WvcliError:
    if held is None:
        return WvcliError(f"no words could be held out, so that `fail_under={least:g}` cannot be tested")
    return WvcliError(f"the held-out P@1 is {held['p@1']:.3f}, below {least:g}; nothing was written")


@dataclass(frozen=True, eq=False)
class _Asked:
    """What `align` was asked for."""

    source: Vectors
    target: Vectors
    dictionary: tuple[str, ...]
    parallel: tuple[str, ...]
    identical: bool | None
    unsupervised: bool
    method: Method
    refine: int | None
    restrict_top: int
    seed: int

    def check(self, held_out: float, fail_under: float | None) -> None:
        """Refuse what cannot be meant.

        Raises:
            UsageError: the models are one, or arguments do not go together or are out of range.
        """
        if _are_same(self.source, self.target):
            raise UsageError("the source and the target are the same model", "name two models")
        if self.unsupervised and (self.dictionary or self.parallel or self.identical):
            raise UsageError("`unsupervised` uses no pairs at all", "leave it out, or the pairs")
        if self.method not in ("multistep", "procrustes"):
            raise UsageError(f"`method` must be multistep or procrustes, not {self.method!r}")
        if not 0 <= held_out <= 0.5:
            raise UsageError(f"`held_out` must be from 0 to 0.5, not {held_out:g}")
        if fail_under is not None and not (0 <= fail_under <= 1 and held_out):
            raise UsageError("`fail_under` is a share from 0 to 1 of the words of `held_out`")
        if self.refine is not None and self.refine < 0:
            raise UsageError(f"`refine` must be at least 0, not {self.refine}")
        if self.restrict_top < FEWEST_PAIRS:
            raise UsageError(f"`restrict_top` must be at least {FEWEST_PAIRS}, not {self.restrict_top}")

    def units(self) -> tuple[FloatArray, FloatArray]:
        """Return float32 [words, dim], the vectors of either model at length 1; zeros where there is no direction.

        Raises:
            UsageError: a model has one dimension, or too few words with a direction.
        """
        return self._units(self.source, "source"), self._units(self.target, "target")

    @staticmethod
    def _units(vectors: Vectors, name: str) -> FloatArray:
        if vectors.dim < 2:
            raise UsageError(f"the vectors of the {name} have 1 dimension, and an alignment needs 2 or more")
        units = unit_rows(np.asarray(vectors.matrix))
        directed = np.count_nonzero(units.any(axis=1))
        if directed < FEWEST_PAIRS:
            words = "1 word" if directed == 1 else f"{directed} words"
            raise UsageError(
                f"the {name} has {words} with a vector that is not zero, and an alignment needs {FEWEST_PAIRS}"
            )
        return units


def _are_same(source: Vectors, target: Vectors) -> bool:
    if source is target:
        return True
    if source.path is not None and target.path is not None and source.path.exists() and target.path.exists():
        return source.path.samefile(target.path)
    return False


@dataclass(frozen=True, eq=False)
class _Seeds:
    """The pairs from which learning begins.

    Attributes:
        rows: int64 [pairs, 2]; None where the search begins from nothing.
        kind: where those come from that are held out to be scored, or from which there are most.
        scored: int64 [pairs, 2], those of which some are held out to be scored.
        about: the numbers of them.
    """

    rows: RowArray | None
    kind: str
    scored: RowArray
    about: dict[str, Any]

    @classmethod
    def find(cls, asked: _Asked, on_progress: OnProgress, on_note: OnNote) -> "_Seeds":
        """Find the pairs that are asked for.

        Raises:
            UsageError: there are fewer than 5.
        """
        source, target = asked.source, asked.target
        about: dict[str, Any] = {}
        given: list[tuple[str, Pairs]] = []
        if asked.dictionary:
            found = pairs_of_dictionaries(asked.dictionary, source, target)
            about |= {"pairs": found.read, "covered": len(found.rows), "words": found.words}
            given.append((_DICTIONARY, found))
        if asked.parallel:
            found = pairs_of_parallel_text(asked.parallel, source, target, asked.restrict_top, on_progress)
            about |= {"lines": found.read, "from_lines": len(found.rows)}
            given.append((_PARALLEL, found))
        by_itself = not (asked.unsupervised or asked.parallel)
        if asked.identical or (asked.identical is None and by_itself):
            alike = pairs_spelt_alike(source, target, asked.restrict_top)
            if asked.identical or given or len(alike.rows) >= FEWEST_ALIKE:
                about["identical"] = len(alike.rows)
                given.append((_ALIKE, alike))
            else:
                on_note(
                    f"only {len(alike.rows)} words are spelt alike in both models; "
                    "the alignment begins from nothing, as with `unsupervised`"
                )
        if not given:
            if asked.identical is False and not asked.unsupervised:
                raise UsageError("there are no pairs to learn from", "give a `dictionary`, or `unsupervised`")
            return cls(None, _NOTHING, np.empty((0, 2), dtype=np.int64), {"kind": _NOTHING, **about})
        rows = np.unique(np.concatenate([found.rows for _, found in given]), axis=0)
        if len(rows) < FEWEST_PAIRS:
            raise UsageError(
                f"{len(rows)} pair{'' if len(rows) == 1 else 's'} of words in both models "
                f"{'is' if len(rows) == 1 else 'are'} too few; {FEWEST_PAIRS} are needed",
                "give a larger `dictionary`, or `unsupervised`",
            )
        kind, first = given[0]
        scored = first.rows if kind in (_DICTIONARY, _PARALLEL) else first.rows[:0]
        return cls(rows, kind, scored, {"kind": kind, **about})


class _Rounds:
    """Reports the rounds of learning.

    Args:
        on_progress: called with their number.
    """

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress
        self._count = 0

    def __call__(self, round: Round) -> None:
        self._count += 1
        self._on_progress(Progress("aligning", self._count, unit="items"))


class _Learner:
    """Learns maps of two models from pairs.

    Args:
        asked: what was asked for.
        seeds: the pairs.
        source: float32 [words, dim], the vectors of the one model at length 1.
        target: float32 [words, dim], those of the other.
    """

    def __init__(self, asked: _Asked, seeds: _Seeds, source: FloatArray, target: FloatArray) -> None:
        self._asked, self._seeds = asked, seeds
        self._source, self._target = source, target
        has_given = seeds.kind in (_DICTIONARY, _PARALLEL)
        self._agreement = 0.0
        self.rounds = asked.refine if asked.refine is not None else _ROUNDS if has_given else _ROUNDS_ALONE

    def learn(self, pairs: RowArray | None, on_round: OnRound) -> tuple[Maps, RowArray, int]:
        """Learn maps from pairs, or from nothing.

        Returns:
            The maps, int64 [pairs, 2] from which they were learned at last, and the number of rounds.
        """
        count = 0

        def counting(round: Round) -> None:
            nonlocal count
            count += 1
            on_round(round)

        source, target, top, found = self._source, self._target, self._asked.restrict_top, None
        if pairs is None:
            found, self._agreement = self_learning.search_from_nothing(
                source, target, self._asked.seed, counting, top
            )
        elif len(np.unique(pairs[:, 0])) < FEWEST_TO_REFINE:
            found = self_learning.search(
                source, target, pairs, self._asked.seed, counting, top, self_learning.PATIENT
            )
        maps, learned_from = self_learning.refine(
            source,
            target,
            np.empty((0, 2), dtype=np.int64) if pairs is None else pairs,
            self.rounds,
            self._asked.method,
            counting,
            found,
            top,
        )
        return maps, learned_from, count

    def score_held_out(self, share: float, on_round: OnRound, on_note: OnNote) -> dict[str, Any] | None:
        """Learn without some of the words, and return how many of them are translated right; None if none are."""
        scored = self._seeds.scored
        words = np.unique(scored[:, 0])
        count = round(share * len(words))
        if self._seeds.rows is None or not share or not len(words):
            return None
        if count < _FEWEST_HELD_OUT:
            on_note(
                f"no words are held out to be scored: {share:.0%} of the {len(words):,} words of the "
                f"{self._seeds.kind} are too few"
            )
            return None
        random = np.random.Generator(np.random.PCG64(self._asked.seed))
        held = np.sort(random.choice(words, count, replace=False))
        rows = self._seeds.rows
        maps, _, _ = self.learn(rows[~np.isin(rows[:, 0], held)], on_round)
        ranks = self._ranks(maps, scored[np.isin(scored[:, 0], held)])
        nothing = np.zeros(len(ranks))
        first = Proportion("p@1").summary((ranks == 1).astype(np.float64), nothing)
        shares = {"p@1": first.score, "low": first.low, "high": first.high, "p@10": float(np.mean(ranks <= 10))}
        return {
            "of": self._seeds.kind,
            "words": len(ranks),
            **{name: round(share or 0.0, 4) for name, share in shares.items()},
        }

    def _ranks(self, maps: Maps, pairs: RowArray) -> RowArray:
        """Return for each word of the source in a pair the rank of its best translation, by CSLS.

        It is behind those that are as near, so that vectors which are all alike, or zero, tell nothing.
        """
        one, two = maps.of(self._source, self._target)
        half = hubness(two, one[: self._asked.restrict_top]) / 2
        words, places = np.unique(pairs[:, 0], return_inverse=True)
        ranks = np.full(len(words), len(two), dtype=np.int64)
        for block in row_blocks(len(words), len(two)):
            scores = one[words[block]] @ two.T - half
            for pair in np.flatnonzero((places >= block.start) & (places < block.stop)).tolist():
                row = scores[places[pair] - block.start]
                rank = np.count_nonzero(row >= row[pairs[pair, 1]])
                ranks[places[pair]] = min(ranks[places[pair]], rank)
        return ranks

    def check(self, maps: Maps, held: dict[str, Any] | None) -> dict[str, float]:
        """Refuse maps that fit no better than chance, and return what tells that these do.

        Words that were held out tell it best. Else the pairs from which the search began do, which have little
        weight among those that it found; and where it began from nothing, that two searches agree.

        Raises:
            WvcliError: no alignment is there to be found.
        """
        rows = self._seeds.rows
        if held is not None:
            by_chance = 10 / len(self._target)
            if held["p@10"] < max(_LEAST_HELD_OUT, 4 * by_chance):
                raise _not_found(f"{held['p@10']:.1%} of the words held out have their translation among ten")
            return {}
        if rows is not None:
            fitting = float(np.mean(self._ranks(maps, rows) <= 10))
            if fitting < _LEAST_FITTING:
                raise _not_found(f"only {fitting:.1%} of the words have their translation among ten")
            return {"fitting": round(fitting, 4)}
        if self._agreement < LEAST_AGREEMENT:
            raise _not_found(f"two searches agree on {self._agreement:.1%} of the words only")
        return {"agreement": round(self._agreement, 4)}

    def strength(self, maps: Maps) -> dict[str, float]:
        """Return how well the spaces fit: the mean cosine to what is nearest, and the share of mutual nearest."""
        size = self_learning.REFINED_ROWS
        matches = nearest_both_ways(*maps.of(self._source[:size], self._target[:size]))
        return {
            "similarity": round(float(matches.similarity.mean()), 4),
            "mutual": round(float(matches.mutual.mean()), 4),
        }
