"""Which words name something: nouns, names and numbers, told by exclusion.

There is no tagger among the dependencies, and none is needed: common verbs, degrees and words that stand for
anything are a list; "-ly" and what follows "who", "they" or "can" tell of the rest.
"""

import re
from collections.abc import Iterator, Sequence

from ingest import STOP_WORDS, stem

from .carry import idle, stems, written

_VERBS = frozenset(
    """
achieve add affect agree aim allow answer appear apply arise arrive ask assume avoid bear became become began begin
behave believe belong bring brought build built buy call came carry catch caught choose chose claim come compare
complain concern confirm consider contain continue count cover create cut deal decide depend describe develop diagnose
die differ discover discuss drop encourage enjoy enrol enroll enter expect explain fail fall feel fell felt find
finish fit fix follow forget found gain gave get give given go gone got grew grow grown hang happen hear heard held
help hide hold identify imagine improve include increase indicate introduce invent involve join keep kept kick knew
know known lack last lead learn leave led left let lie like live look lose lost made maintain make manage matter mean
meant mention miss move named need notice obtain occur offer pass pay perform pick prefer produce promise propose
prove provide publish put quit raise reach read realise receive recommend reduce refer relate remain remember remove
replace represent require return reverse reversed rise rule run said save saw say see seem seen sell send sent serve
set settle show shown sit solve spend spoke stand start stay stood stop suffer suggest suppose surprise take taken
talk tell tend think thought throw tie told took touch treated tried try turn understand use used vary wait walk want
warn wear went win wish won wonder work worry write written wrote
""".split()
)
_VAGUE = frozenset(
    """
    able alive amount anybody anyone anything available bad best better big bigger biggest bit both brief broad
    certain cheaper cheapest clear close common commonest current difference different difficult earliest easier
    easiest easy eight enough entire everybody everyone everything exact extra fact faster fastest few fewer
    fewest final five former four full general good great greater greatest half hard harder hardest heaviest
    heavy higher highest huge individual kind kinds large larger largest latest least less lightest little
    longer longest lot lots lower lowest main many matter mere more most much name names nearby nearest newer
    newest nine nobody normal number older oldest one ones own people percent percentage person place point
    points possible problem problems proper quick rare reason reasons recent right risky role round safe safer
    same seven several share short shorter shortest similar simple single six slower slowest small smaller
    smallest somebody someone something sort specific stronger strongest sudden suitable sure tallest ten thing
    things three total true two typical usual various way ways weaker well whole wide widest worrying worse
    worst wrong younger youngest zero
    """.split()
)
_VERB_STEMS = frozenset(stem(verb) for verb in _VERBS)
# "Reference" is no form of "refer", though its stem is the same.
_NOUN = re.compile(r"(ance|ence|ment|ion)s?$")
# Nouns that look like adverbs, or share a stem with a verb above.
_NOUNS = frozenset("ally anomaly assembly belly family fly jelly lily monopoly supply usage".split())
# "What is charged?", but not "in the shed", and what no noun follows, unlike "charged particles".
_PARTICIPLE = re.compile(r"[^\W\d_]{3,}(?<!e)ed\b(?:\s+(?P<noun>[^\W_]+))?")
# A word behind one of these does something.
_DOER = re.compile(
    r"\b(I|you|he|she|we|they|who|can|could|will|would|should|must|may|might|cannot|to be)\s+$", re.IGNORECASE
)


def is_topic(word: str) -> bool:
    """Whether a written word may name something.

    >>> [is_topic(word) for word in ("omeprazole", "HER2-low", "1100")]
    [True, True, True]
    >>> [is_topic(word) for word in ("worse", "cheapest", "applies", "wrote", "newly", "about")]
    [False, False, False, False, False, False]
    """
    lower = word.lower()
    if idle(word) or word not in (lower, word.capitalize()):
        return not idle(word)
    if lower in _VAGUE or lower in _VERBS:
        return False
    return lower in _NOUNS or bool(_NOUN.search(lower)) or not (lower.endswith("ly") or set(stems(word)) <= _VERB_STEMS)


def named(phrases: Sequence[str], question: str) -> list[str]:
    """What those of `phrases` that are in `question` name, each once.

    A phrase of several words falls apart at those that name nothing. What is not in the question was carried over from
    earlier ones: that it is missing says nothing to a reader.

    >>> named(["goes in the oven", "worse", "zebras"], "What goes in the oven gets worse?")
    ['oven']
    """
    return list(dict.fromkeys(part for phrase in phrases for part in _parts(phrase, question)))


def _parts(phrase: str, question: str) -> Iterator[str]:
    at = question.find(phrase)
    if at < 0:
        return
    start, end = -1, -1
    for s, word in written(phrase):
        joins = start >= 0 and word.lower() in STOP_WORDS
        if is_topic(word) and not (word.islower() and _does(question, at + s, word)):
            start, end = (start if start >= 0 else s), s + len(word)
        elif not joins:
            if start >= 0:
                yield phrase[start:end]
            start = -1
    if start >= 0:
        yield phrase[start:end]


def _does(question: str, at: int, word: str) -> bool:
    """Whether the `word` of `question` that stands there tells what is done, not what a thing is."""
    if _DOER.search(question[:at]):
        return True
    done = _PARTICIPLE.match(question, at) if word.endswith("ed") else None
    return done is not None and not (done["noun"] and is_topic(done["noun"]))
