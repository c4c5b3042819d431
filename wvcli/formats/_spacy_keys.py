"""The 64-bit keys by which spaCy identifies words.

The key of a word is the MurmurHash64A of its bytes in UTF-8, with the seed 1 (Appleby, 2008, MurmurHash2.cpp).
Words that are names of spaCy's own, such as `DATE` and `nsubj`, have as key their index in the list of these
names, `spacy.symbols`, and the empty word has the key 0.
"""

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]

_SEED = np.uint64(1)
_MULTIPLIER = np.uint64(0xC6A4A7935BD1E995)
_SHIFT = np.uint64(47)
_BLOCK = 8  # bytes hashed at a time
# In three parts, with numbered names between them.
_NAMES = (
    """IS_ALPHA IS_ASCII IS_DIGIT IS_LOWER IS_PUNCT IS_SPACE IS_TITLE IS_UPPER LIKE_URL LIKE_NUM LIKE_EMAIL IS_STOP
    IS_OOV_DEPRECATED IS_BRACKET IS_QUOTE IS_LEFT_PUNCT IS_RIGHT_PUNCT IS_CURRENCY""",
    """ID ORTH LOWER NORM SHAPE PREFIX SUFFIX LENGTH CLUSTER LEMMA POS TAG DEP ENT_IOB ENT_TYPE HEAD
    SENT_START SPACY PROB LANG ADJ ADP ADV AUX CONJ CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X
    EOL SPACE""",
    """PERSON NORP FACILITY ORG GPE LOC PRODUCT EVENT WORK_OF_ART LANGUAGE LAW DATE TIME PERCENT MONEY QUANTITY
    ORDINAL CARDINAL acomp advcl advmod agent amod appos attr aux auxpass cc ccomp complm conj cop csubj csubjpass
    dep det dobj expl hmod hyph infmod intj iobj mark meta neg nmod nn npadvmod nsubj nsubjpass num number oprd obj
    obl parataxis partmod pcomp pobj poss possessive preconj prep prt punct quantmod relcl rcmod root xcomp acl
    ENT_KB_ID MORPH ENT_ID IDX _""",
)
SYMBOLS = (
    "",
    *_NAMES[0].split(),
    *(f"FLAG{number}" for number in range(19, 64)),
    *_NAMES[1].split(),
    *(f"DEPRECATED{number:03}" for number in range(1, 277)),
    *_NAMES[2].split(),
)
"""Words whose key is their index in this list."""


def hashes(text: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> Keys:
    """Return uint64 [words], the hashes of words, also of those in `SYMBOLS`.

    Args:
        text: uint8 [bytes], the UTF-8 bytes of all words one after the other.
        offsets: int64 [words + 1]; word i is `text[offsets[i]:offsets[i + 1]]`.
    """
    padded = np.concatenate([text, np.zeros(_BLOCK, dtype=np.uint8)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, _BLOCK)
    starts, lengths = offsets[:-1], np.diff(offsets)
    found = _SEED ^ (lengths.astype(np.uint64) * _MULTIPLIER)
    ids = np.flatnonzero(lengths >= _BLOCK)
    done = 0
    while len(ids):
        part = windows[starts[ids] + done].view("<u8").reshape(-1).astype(np.uint64) * _MULTIPLIER
        part = (part ^ (part >> _SHIFT)) * _MULTIPLIER
        found[ids] = (found[ids] ^ part) * _MULTIPLIER
        done += _BLOCK
        ids = ids[lengths[ids] >= done + _BLOCK]
    left = lengths % _BLOCK
    ids = np.flatnonzero(left)
    rest = windows[starts[ids] + lengths[ids] - left[ids]].view("<u8").reshape(-1).astype(np.uint64)
    unused = (8 * (_BLOCK - left[ids])).astype(np.uint64)  # bits of the words that follow
    found[ids] = (found[ids] ^ (rest << unused >> unused)) * _MULTIPLIER
    found = (found ^ (found >> _SHIFT)) * _MULTIPLIER
    mixed: Keys = found ^ (found >> _SHIFT)
    return mixed
