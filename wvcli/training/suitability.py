"""Notes on runs that cannot give good vectors: too little text or training, or hardly a word with a meaning."""

import re
from collections.abc import Sequence

from wvcli.reporting import OnNote
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.training.settings import TrainSettings, glove_epochs

# The lowest step of the automatic settings is at twice as many; most words then have a handful of contexts.
_FEW_TOKENS = 10_000
_FEW_WORDS = 100  # of a vocabulary: hardly more than a word's list of neighbours
_MOSTLY_NUMBERS = 0.5  # of the tokens
_MOSTLY_MARKUP = 0.25  # as many are names in the markup itself; what they mark up is among the rest
_MOSTLY_STOP_WORDS = 0.7  # in prose, the words listed make up about half

_NUMBER = re.compile(r"[\W\d_]*\d[\W\d_]*")
_MARKUP = (
    "a align alt amp apos aria aside blockquote body border br button cite class colspan css div dl dt em font "
    "footer form gt h1 h2 h3 h4 head header height hr href hreflang html http https id iframe img input js "
    "lang li link lt main meta name nav nbsp nowiki ol onclick option p param pre px quot ref rel rgb rowspan "
    "script section select span src strong style sub sup svg table tbody td th thead title tr type ul url utf "
    "valign width www xml xmlns"
)
_STOP_WORDS = {
    "English": (
        "the of and to a in that it is was i for on you he be with as by at have are this not but had his they "
        "from she which or we an there her were one do been all their has would will what if can when so no "
        "said who more about up them some could him into its then than out other me only your my our did these "
        "very any also just how"
    ),
    "German": (
        "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden "
        "aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur "
        "oder aber vor zur bis mehr durch man sein wurde wenn können ich du wir ihr mich mir uns"
    ),
    "French": (
        "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont avec ou "
        "son aux mais nous comme on sa ses cette elle deux été tout leur y bien ils si je tu vous être fait "
        "même d l s n c qu"
    ),
    "Spanish": (
        "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si "
        "sin sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está "
        "mi porque yo te"
    ),
    "Italian": (
        "di e il la che in a un per è del una le si con i non da al dei come della sono lo gli nel più ha "
        "anche ma ed alla se questo delle o su ci nella o mi ti io tu lui lei noi suo sua era essere"
    ),
    "Portuguese": (
        "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à "
        "seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era"
    ),
    "Dutch": (
        "de van het een en in is dat op te zijn met voor niet die aan er om ook als dan maar bij of uit nog "
        "naar heeft worden door wordt wat was ik je hij ze we deze dit over zo kan geen had"
    ),
    "Russian": (
        "и в не на я что тот быть с а весь это как она по но они к у ты из мы за вы так же от сказать этот "
        "который человек о один ещё бы такой только себя его то все он был было для"
    ),
}


def note_shortcomings(corpus: EncodedCorpus, tokenizer: TokenizerSettings, on_note: OnNote) -> None:
    """Note where the vectors of a text cannot be good, and what would help.

    Args:
        corpus: the text over its vocabulary.
        tokenizer: how it was split into words; who says by a pattern what a word is knows what they are.
        on_note: called with each note.
    """
    few = [
        f"{count:,} {what}"
        for count, least, what in (
            (corpus.tokens_kept, _FEW_TOKENS, "tokens"),
            (len(corpus.words), _FEW_WORDS, "distinct words"),
        )
        if count < least
    ]
    if few:
        on_note(
            f"the model learns from {' of '.join(few)} only, too few for similarities that mean much; give it "
            "more text, or start from vectors trained on more, with `init`"
        )
    if tokenizer.kind.literal or not corpus.tokens_kept:
        return
    if (share := _share(corpus, _numbers(corpus.words))) >= _MOSTLY_NUMBERS:
        on_note(
            f"{share:.0%} of the tokens are numbers; if the words are elsewhere in the file, name their `column` "
            r"or `field`; `tokenizer=regex:\p{L}+` takes words of letters only"
        )
    if (share := _share(corpus, _among(corpus.words, _MARKUP))) >= _MOSTLY_MARKUP:
        on_note(
            f"{share:.0%} of the tokens are words of markup, such as div and href; extract the text first, "
            "with html2text or pandoc, for example"
        )
    for language, listed in _STOP_WORDS.items():
        share = _share(corpus, _among(corpus.words, listed))
        if share >= _MOSTLY_STOP_WORDS:
            on_note(
                f"{share:.0%} of the tokens are the most frequent words of {language}, which say little of those "
                "beside them; check that the text is whole, or leave such words out with `stopwords`"
            )


def note_few_epochs(settings: TrainSettings, tokens: int, on_note: OnNote) -> None:
    """Note where GloVe has so few epochs over a text of so many tokens that its words hardly move apart.

    From half of what it takes by default on, the neighbours were nearly as good in all sizes of text measured.
    """
    usual, epochs = glove_epochs(tokens), settings.epochs or 1
    if settings.algorithm == "glove" and 2 * epochs < usual:
        on_note(
            f"{epochs} epoch{' of GloVe is' if epochs == 1 else 's of GloVe are'} too few for {tokens:,} tokens: "
            f"words hardly move apart, and all are similar; without `epochs` there would be {usual}"
        )


def _share(corpus: EncodedCorpus, numbers: Sequence[int]) -> float:
    """Return how much of the text these words make up."""
    return float(corpus.counts[list(numbers)].sum() / corpus.tokens_kept)


def _numbers(words: Sequence[str]) -> list[int]:
    return [number for number, word in enumerate(words) if not word[:1].isalpha() and _NUMBER.fullmatch(word)]


def _among(words: Sequence[str], listed: str) -> list[int]:
    sought = frozenset(listed.split())
    return [number for number, word in enumerate(words) if word.lower() in sought]
