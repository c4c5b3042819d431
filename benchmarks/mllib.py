"""Word2Vec of Spark's MLlib: trained on the same words with settings that mean the same, as a file of vectors."""

import os
import warnings
from pathlib import Path
from typing import Any

from training import tokenized

_LONGEST = 10_000  # words of a text, beyond which wvcli splits it; MLlib's own limit is 1,000


def spark(processors: int, folder: Path) -> Any:
    """Begin a session of Spark on this machine, with so many tasks at a time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyspark.sql import SparkSession

        session = (
            SparkSession.builder.master(f"local[{processors}]")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.local.dir", str(folder))
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("OFF")
    return session


def processor_seconds(session: Any) -> float:
    """Return the processor time that Spark's virtual machine has taken so far, on Linux."""
    stat = Path(f"/proc/{session.sparkContext._gateway.proc.pid}/stat").read_text("utf-8")
    return sum(map(int, stat.rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def train_mllib(
    session: Any, text: Path, vectors: Path, words: list[str], partitions: int, dim: int, epochs: int, seed: int
) -> None:
    """Train from raw text, and write the vectors as text in the format of word2vec.

    It is skip-gram with hierarchical softmax, without subsampling. A partition trains a copy of the model; after
    each epoch the copies are averaged.

    Args:
        session: of Spark.
        text: of which each line is a text.
        vectors: the file to write.
        words: the vocabulary, in the order in which they are written.
        partitions: copies of the model that are trained at the same time.
        dim: of the vectors.
        epochs: over the text.
        seed: of the vectors that training begins with.
    """
    from pyspark.ml.feature import Word2Vec
    from pyspark.sql import functions

    split = text.with_name("split.txt")
    tokenized(text, split, 1 << 62)
    lines = session.read.text(str(split)).select(functions.split("value", " ").alias("words"))
    how = Word2Vec(
        inputCol="words", outputCol="vector", vectorSize=dim, windowSize=5, minCount=5, maxIter=epochs,
        stepSize=0.025, numPartitions=partitions, seed=seed, maxSentenceLength=_LONGEST,
    )  # fmt: skip
    found = {row["word"]: row["vector"] for row in how.fit(lines).getVectors().collect()}
    if found.keys() != set(words):
        raise SystemExit("MLlib has another vocabulary")
    with vectors.open("w", encoding="utf-8") as file:
        file.write(f"{len(words)} {dim}\n")
        for word in words:
            file.write(f"{word} {' '.join(f'{value:.7g}' for value in found[word].tolist())}\n")
