"""One support vector machine for each label: a convex problem, so that there is one answer and no learning rate.

Each feature is scaled by how unequally the label has it: the absolute logarithm of the ratio of its share among
texts with the label to that among the others, and a constant. The idea of a log-count ratio is that of Wang and
Manning, "Baselines and Bigrams" (2012); here it comes after the rows are scaled, so that all folds into one matrix
of weights. The ratios are also the weights of naive Bayes, and a mean of both can be taken, as they do: what
naive Bayes says of a feature does not hang on which others came with it, which helps where texts are few or short.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from wvcli.classification.features import Rows
from wvcli.system.parallel import parallel_map

TOLERANCE = 0.1  # of the descent, beyond which accuracy does not change
MOST_PASSES = 200

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """What a classifier has learned.

    Attributes:
        features: float32 [features, labels]; two labels that exclude each other have one column, for the second.
        dense: float64 [columns, labels], for numbers that each row has besides.
        biases: float64 [labels].
        passes: of the solver over the rows, for each label.
    """

    features: npt.NDArray[np.float32]
    dense: Reals
    biases: Reals
    passes: tuple[int, ...] = ()

    def scores(self, rows: Rows, dense: Reals) -> Reals:
        """Return float64 [rows, labels], the log-odds of each label before calibration."""
        from wvcli.classification import solver_loops

        scores = np.empty((len(rows), len(self.biases)))
        features = np.ascontiguousarray(self.features)
        solver_loops.score(rows.numbers, rows.starts, rows.ends, rows.scales, features, self.biases, scores)
        return self.with_dense(scores, dense)

    def with_dense(self, scores: Reals, dense: Reals) -> Reals:
        """Add to scores, in place, what the vectors of texts say."""
        from wvcli.classification import solver_loops

        solver_loops.add_dense_scores(dense, np.ascontiguousarray(self.dense), scores)
        return scores


@dataclass(frozen=True)
class Fitted:
    """What was fitted to texts.

    Attributes:
        machines: the weights of the support vector machines.
        ratios: float32 [features, labels], the log-count ratios, which are the weights of naive Bayes; zero for
            features that no text has.
    """

    machines: Weights
    ratios: npt.NDArray[np.float32]

    @property
    def bayes(self) -> Weights:
        """The weights of naive Bayes alone, without a bias."""
        nothing = np.zeros_like(self.machines.dense), np.zeros_like(self.machines.biases)
        return Weights(self.ratios, *nothing)

    def mixed(self, share: float) -> Weights:
        """Return the mean of the weights of the machines and of naive Bayes, which has a share from 0 to 1."""
        rest, machines = 1 - share, self.machines
        features = np.float32(rest) * machines.features + np.float32(share) * self.ratios
        return replace(machines, features=features, dense=rest * machines.dense, biases=rest * machines.biases)


def fit(
    rows: Rows,
    dense: Reals,
    targets: npt.NDArray[np.bool_],
    weights: Reals,
    features: int,
    c: float,
    smoothing: float,
    emphasis: Reals,
    workers: int | None = None,
) -> Fitted:
    """Fit a support vector machine for each column of `targets`.

    Args:
        rows: the features of texts.
        dense: float64 [texts, columns], what each text has besides.
        targets: bool [texts, labels], which texts have a label.
        weights: float64 [texts], how much each counts.
        features: how many there are.
        c: the inverse of regularisation.
        smoothing: the constant in the scale of a feature.
        emphasis: float64 [features], by which its scale is multiplied.
        workers: threads; the labels are divided among them.
    """
    from wvcli.classification import solver_loops as loops

    where = rows.numbers, rows.starts, rows.ends
    everywhere = np.zeros(features)
    loops.count_with(*where, np.ones(len(rows), dtype=bool), weights, everywhere)

    def fit_one(label: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], Reals, float, int]:
        has_label = np.ascontiguousarray(targets[:, label])
        with_label = np.zeros(features)
        loops.count_with(*where, has_label, weights, with_label)
        others = np.maximum(everywhere - with_label, 0) + 1
        with_label += 1
        ratios = np.log(with_label / with_label.sum()) - np.log(others / others.sum())
        pairs = np.zeros((features, 2), dtype=np.float32)
        pairs[:, 1] = ((np.abs(ratios) + smoothing) * emphasis) ** 2
        dense_weights = np.zeros(dense.shape[1])
        signs = np.where(has_label, 1.0, -1.0)
        bias, passes = loops.solve(
            *where, rows.scales, dense, signs, c * weights, pairs, dense_weights, TOLERANCE, MOST_PASSES
        )
        ratios[everywhere == 0] = 0
        return pairs[:, 0].copy(), ratios.astype(np.float32), dense_weights, bias, int(passes)

    found = parallel_map(fit_one, range(targets.shape[1]), workers)
    machines, ratios, dense_weights = (np.stack([each[place] for each in found], axis=1) for place in range(3))
    biases, passes = np.array([each[3] for each in found]), tuple(each[4] for each in found)
    return Fitted(Weights(machines, dense_weights, biases, passes), ratios)
