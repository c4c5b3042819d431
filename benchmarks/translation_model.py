"""A small neural translation model begun with aligned vectors, beside one begun at random.

    python benchmarks/translation_model.py DATA [--folder FOLDER] [--sentences 300 1000 4000] [--seeds 2]

DATA is as for `benchmarks/translation.py`, whose models of LibreOffice's help it uses; they are trained on each
language by itself and aligned by words spelt alike, so that no line of parallel text has been seen. The
translation model is small: a GRU that reads, one that writes, and attention. It learns from so many of the
parallel paragraphs of at most 20 words, and translates 500 others. Its embedding layers begin at random, with
vectors in the common space, or with these, which then stay as they are. Printed, in percent: the share of right
next words, after the true words before each; that share of the words that the parallel text does not have; and
corpus BLEU of what it writes by itself.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from math import exp, log
from pathlib import Path

import numpy as np
import torch
from translation import model, parallel_lines

import wvcli
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.vectors.bilingual import Side

LONGEST, TESTED, BATCH = 20, 500, 64
PAD, BEGIN, END = range(3)
SPECIAL = 3


def ngrams(words: Sequence[int], size: int) -> Counter[tuple[int, ...]]:
    return Counter(tuple(words[place : place + size]) for place in range(len(words) - size + 1))


def bleu(written: Sequence[Sequence[int]], wanted: Sequence[Sequence[int]]) -> float:
    """Corpus BLEU in percent, with n-grams of up to four words and one reference (Papineni et al., 2002)."""
    logs = []
    for size in range(1, 5):
        pairs = [(ngrams(one, size), ngrams(two, size)) for one, two in zip(written, wanted, strict=True)]
        matched = sum((one & two).total() for one, two in pairs)
        logs.append(log(max(matched, 1e-9) / max(1, sum(one.total() for one, _ in pairs))))
    lengths = sum(map(len, written)), sum(map(len, wanted))
    return 100 * exp(sum(logs) / 4 + min(0.0, 1 - lengths[1] / max(1, lengths[0])))


class Translator(torch.nn.Module):
    """A GRU that reads, a GRU that writes, and attention; what is written is near to the words attended to."""

    def __init__(self, source: torch.Tensor, target: torch.Tensor, is_frozen: bool) -> None:
        super().__init__()
        dim = source.shape[1]
        self.source = torch.nn.Embedding.from_pretrained(source, freeze=is_frozen, padding_idx=PAD)
        self.target = torch.nn.Embedding.from_pretrained(target, freeze=is_frozen, padding_idx=PAD)
        self.reader = torch.nn.GRU(dim, dim // 2, batch_first=True, bidirectional=True)
        self.writer = torch.nn.GRU(dim, dim, batch_first=True)
        self.scale = torch.nn.Parameter(torch.tensor(10.0))

    def forward(self, read: torch.Tensor, written: torch.Tensor) -> torch.Tensor:
        words = self.source(read)
        state = self.writer(self.target(written))[0]
        looks = state @ self.reader(words)[0].transpose(1, 2)
        looks = looks.masked_fill((read == PAD).unsqueeze(1), -1e9).softmax(-1)
        scores: torch.Tensor = self.scale * (state + looks @ words) @ self.target.weight.T
        return scores

    @torch.no_grad()
    def translate(self, read: torch.Tensor, longest: int) -> list[list[int]]:
        """The most probable next word, again and again."""
        written = torch.full((len(read), 1), BEGIN)
        for _ in range(longest):
            following = self(read, written)[:, -1].argmax(-1)
            written = torch.cat([written, following[:, None]], dim=1)
        return [words[: words.index(END)] if END in words else words for words in written[:, 1:].tolist()]


def weights(side: Side, is_aligned: bool) -> torch.Tensor:
    """Rows for padding, beginning and end, and those of the words: in the common space, or random."""
    shape = len(side.vectors) + SPECIAL, side.matrix.shape[1]
    rows = torch.nn.functional.normalize(torch.randn(shape))
    if is_aligned:
        rows[SPECIAL:] = torch.from_numpy(side.map(np.asarray(side.vectors.matrix)))
    rows[PAD] = 0
    return rows


def numbers(side: Side, lines: Sequence[str]) -> list[list[int]]:
    """The rows of the words of lines; words without a row are left out."""
    vectors = side.vectors
    tokenize = TokenizerSettings.from_json(vectors.manifest["tokenizer"]).tokenize()
    return [
        [row + SPECIAL for word in tokenize(line) if (row := vectors.vocabulary.find(word)) is not None]
        for line in lines
    ]


def padded(lines: Sequence[Sequence[int]]) -> torch.Tensor:
    return torch.nn.utils.rnn.pad_sequence(list(map(torch.tensor, lines)), batch_first=True)


def learned(translator: Translator, read: torch.Tensor, written: torch.Tensor, epochs: int) -> None:
    optimizer = torch.optim.Adam([each for each in translator.parameters() if each.requires_grad], lr=0.003)
    for _ in range(epochs):
        for batch in torch.randperm(len(read)).split(BATCH):
            scores = translator(read[batch], written[batch, :-1])
            loss = torch.nn.functional.cross_entropy(
                scores.flatten(0, 1), written[batch, 1:].flatten(), ignore_index=PAD
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--sentences", type=int, nargs="*", default=[300, 1_000, 4_000])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=2)
    given = parser.parse_args()
    lines = parallel_lines(given.data)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        english, french = (
            model(folder, name, [line[side] for line in lines]) for side, name in enumerate(("en", "fr"))
        )
        alignment = wvcli.align(english, french, held_out=0)
    sides = alignment.source, alignment.target
    texts = [numbers(side, [line[place] for line in lines]) for place, side in enumerate(sides)]
    short = [pair for pair in zip(*texts, strict=True) if all(2 < len(words) <= LONGEST for words in pair)]
    short = [short[place] for place in np.random.default_rng(1).permutation(len(short))]
    read = padded([pair[0] for pair in short])
    written = padded([[BEGIN, *pair[1], END] for pair in short])
    wanted = [pair[1] for pair in short[:TESTED]]
    print(f"{len(short):,} pairs of paragraphs of at most {LONGEST} words; {TESTED} are translated")
    ways = {"random": (False, False), "common space": (True, False), "the same, frozen": (True, True)}
    for count in given.sentences:
        part = slice(TESTED, TESTED + count)
        is_known = torch.isin(written[:TESTED, 1:], written[part].unique())
        for begun, (is_aligned, is_frozen) in ways.items():
            figures = []
            started = time.process_time()
            for seed in range(1, given.seeds + 1):
                torch.manual_seed(seed)
                layers = [weights(side, is_aligned) for side in sides]
                translator = Translator(layers[0], layers[1], is_frozen)
                learned(translator, read[part], written[part], given.epochs)
                with torch.no_grad():
                    truth = written[:TESTED, 1:]
                    is_right = translator(read[:TESTED], written[:TESTED, :-1]).argmax(-1) == truth
                shares = [100 * float(is_right[which].float().mean()) for which in (truth != PAD, ~is_known)]
                figures.append([*shares, bleu(translator.translate(read[:TESTED], LONGEST + 5), wanted)])
            right, unknown, score = np.mean(figures, axis=0)
            print(
                f"{count:6,} pairs, {begun:16}: {right:5.1f} % of next words, {unknown:5.1f} % of the "
                f"{int((~is_known).sum())} not in them, BLEU {score:4.1f} "
                f"({(time.process_time() - started) / given.seeds:.0f} CPU s)",
                flush=True,
            )


if __name__ == "__main__":
    main()
