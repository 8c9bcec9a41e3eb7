"""Question and history -> which words of the history the question means, each with a probability.

A logistic model over where a word stands in the conversation (last question, first question, last answer,
how often), what it looks like (rare, a name, an adjective), and how much the question needs (pronouns, few
words of its own). It was fitted on which words people carry over when they write a follow-up so that it
stands alone; `python -m tests.evals.followups` fits it and prints how well it does on sets left out.
"""

import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ingest import STOP_WORDS, Library, is_code, paragraphs, stem, words

from .answers import Turn

# How much of the history is looked at: the first question, so many of the last, the last answer; so much of each.
QUESTIONS = 8
LOOKED_AT_CHARS = 1200
# What was last said before so many subjects were opened is not meant any more.
LEFT = 3
# A question with so many words of its own says much.
MANY = 4
# What is longer is no word.
LONGEST_WORD = 40

# A word with its hyphens, points and apostrophes, a number with its commas: CAR-T, 0.5, Crohn's, 7,200.
_WORD = re.compile(r"[^\W_]+(?:(?:[-'’.]|(?<=\d),(?=\d{3}(?!\d)))[^\W_]+)*")
# Words of conversation, of time, money and degree: a subject is never one of them alone.
_IDLE = frozenset(
    """actually after again against ago almost alone already also although always among another answer anything anyway
    anyways apart article ask asked aspects away back bad became because become before behind besides best better
    between big came can case cases certain come comes common couldn currently day days didn documents doesn don due
    during early else end ended ends even ever example find first former get getting go goes going gone good got
    great guess happening happens haven hello help hi high however idea important include included includes
    including indeed information instead interesting its known knows large late later let like likely ll long longer
    lot low main major make makes making maybe mention mentioned mind named nearly need neither never new no nor not now
    nowadays often ok old other others part parts per perhaps please possible possibly previous previously probably
    provide put question quite rather re really recently right said saw say saying says see seem seems set several
    should shouldn since small something soon sorry sort speak speaking specific start started starts still sure
    take takes talk talking tell thank thanks therefore thing things think thought thus time times today together
    told toward towards true try two type types use used using usually various ve want wanted wants wasn way ways
    well went weren whole will within without won wonder wondering work worked working works worst would wrong year
    years yes yesterday yet chf dear eur gbp usd""".split()
)
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+|\S+@\S+\.\w+")
# What an e-mail's lines are called, and when it was sent; what a figure's range is called.
_LABEL = re.compile(
    r"^(?:(?:From|To|Cc|Bcc|Reply-To|Subject):[ \t]|(?:Date|Sent|Message-ID):[ \t].*$)|(?<=\d%) CI\b", re.MULTILINE
)
_ROW = re.compile(r" \| |\t")
# What is said in place of an answer says nothing of the subject.
_NO_ANSWER = re.compile(
    r"(do|does|did|could|can|is|am)(n.t| not|not) (\w+ )?(have|find|know|contain|answer|provide|able)"
    r"|not in your documents|^\W*(i.m |i am )?(very )?sorry|^\W*i apologi[sz]e|CANNOTANSWER",
    re.IGNORECASE,
)
_PRONOUNS: Mapping[str, frozenset[str]] = {
    "it": frozenset(("it", "its", "itself")),
    "they": frozenset(("they", "them", "their", "theirs", "themselves")),
    "person": frozenset(("he", "him", "his", "himself", "she", "her", "hers", "herself")),
    "this": frozenset(("this", "that", "these", "those")),
    "other": frozenset(
        """afterward afterwards another beforehand both either else former here instead latter neither one ones other
        others otherwise same so such there thereafter""".split()
    ),
}
_ASKING = re.compile(
    r"^\W*((and|but|so|or|then) )?(who|what|when|where|which|why|how|whose|is|are|was|were|do|does|did|can|could|has"
    r"|have|had|will|would|shall|should|may|might|must|in|at|for|on|tell|define|describe|explain|give|list|name|show)\b",
    re.IGNORECASE,
)
_DEFINING = re.compile(
    r"^\W*((what|who) (is|are|was|were)|define) (an? )?(?!the\b)[^\W_][\w-]+( [\w-]+)?\W*$", re.IGNORECASE
)
# What is asked for is said to be another thing's: "the side effects of nivolumab".
OF = re.compile(r" of (?!the\b|a\b|an\b)[^\W\d_]{3,}", re.IGNORECASE)
# "And what is a biosimilar?" names another thing, "And what are side effects?" need not.
_OTHER = re.compile(r"^\W*(and|but|so|then) (what|who) (is|was) (an? )?(?!the\b)[^\W_][\w-]+\W*$", re.IGNORECASE)
# "Which of the two is gentler?"
_COUNTED = re.compile(
    r"\bof the (?:two|three|four)\b(?=\W*$| (?:is|are|was|were|ha[sd]|have|do|does|did|can|will)\b)", re.IGNORECASE
)
_OPENER = re.compile(r"^\W*(and|but|or|so|also|then|what about|how about|what if)\b", re.IGNORECASE)
NEW_SUBJECT = re.compile(
    r"^\W*(now )?(to )?(a |an )?((different|another|new|other|separate|unrelated) (subject|topic|question|matter|thing)"
    r"|(something|somewhere) (else|different|other)|changing the subject|on another note)\b",
    re.IGNORECASE,
)
# "Back to the mutex: can it deadlock?" says itself what it is about.
RETURNING = re.compile(
    r"^\W*(?:[^\W\d_'’]+[ ,]+){0,4}(?:back|return|returning) to (?!(?:[^\W_]+ )*(?:it|that|this|what|first|second|last"
    r"|previous|earlier|question|topic|subject|point)\b)[^,:;?!–—-]{3,60}(?:[:;]| ?[–—]| -) ",
    re.IGNORECASE,
)
_ADJECTIVE = ("ly", "est", "ful", "ous", "able", "ible", "less", "ive", "ier")


# Fitted by `tests/evals/carry.py`.
BIAS = -3.95
TERM_WEIGHTS: Mapping[str, float] = {
    "name": 0.96,
    "beside": 0.32,
    "verb": -0.21,
    "adjective": -0.29,
    "last": 0.52,
    "last_ends": 0.23,
    "object": 0.23,
    "before_last": 0.20,
    "first": 0.90,
    "opening": 0.58,
    "since": 0.23,
    "asked_times": 0.39,
    "answer": -0.26,
    "answer_place": 1.16,
    "answer_times": 0.11,
    "rare": 0.72,
    "unknown": 0.29,
}
QUESTION_WEIGHTS: Mapping[str, float] = {
    "it": -0.04,
    "they": 0.12,
    "person": -0.05,
    "this": 0.35,
    "other": 0.36,
    "none": 0.36,
    "one": 0.28,
    "two": 0.16,
    "many": -0.37,
    "the": 0.21,
    "fragment": -0.40,
    "names": -0.29,
    "alone": -0.45,
    "shared": -0.27,
    "shared_last": -0.32,
    "length": -0.41,
}
PAIR_WEIGHTS: Mapping[tuple[str, str], float] = {
    ("last", "it"): 0.33,
    ("first", "it"): 0.26,
    ("answer", "many"): -0.34,
    ("last", "person"): -0.34,
    ("answer", "person"): 0.29,
    ("opening", "it"): 0.36,
}


@dataclass(slots=True)
class Term:
    """A word of the history that is not in the question. `stems` are its parts', `word` as it was last written.

    `age` is how many questions came after it was last said, as far as they are looked at.
    """

    stems: tuple[str, ...]
    word: str
    probability: float = 0.0
    features: dict[str, float] = field(default_factory=dict)
    age: int = sys.maxsize


def carried(library: Library, question: str, history: Sequence[Turn]) -> list[Term]:
    """The words of `history` that `question` does not hold, most probably meant first; inside `library.reading()`."""
    terms = candidates(question, history)
    _, passages = library.store.counts()
    held = library.document_frequencies({s for term in terms for s in term.stems})
    weigh(terms, passages, held)
    whole = needs(question, history)
    for term in terms:
        term.probability = probability(term.features, whole)
    return sorted(terms, key=lambda term: -term.probability)


def probability(term: Mapping[str, float], question: Mapping[str, float]) -> float:
    """The probability that a word with these features is meant by a question with those."""
    total = BIAS + sum(weight * term.get(name, 0.0) for name, weight in TERM_WEIGHTS.items())
    total += sum(weight * question.get(name, 0.0) for name, weight in QUESTION_WEIGHTS.items())
    total += sum(weight * term.get(a, 0.0) * question.get(b, 0.0) for (a, b), weight in PAIR_WEIGHTS.items())
    return 1.0 / (1.0 + math.exp(-total))


def candidates(question: str, history: Sequence[Turn]) -> list[Term]:
    """The content words of `history` that `question` does not hold, with all features but those of the library."""
    asked = {s for _, word in written(question) for s in stems(word)}
    terms: dict[tuple[str, ...], Term] = {}
    opens_at = openings(history)
    opened = opens_at[0]
    for age, first, role, text in looked_at(history):
        found = list(written(text))
        content = [i for i, (_, word) in enumerate(found) if not idle(word)]
        for position, i in enumerate(content):
            start, word = found[i]
            key = stems(word)
            if all(s in asked for s in key):
                continue
            near = [found[j][1] for j in (i - 1, i + 1) if 0 <= j < len(found)]
            opens = i == 0 or re.search(r"[.!?:]\W*$", text[max(0, start - 4) : start]) is not None
            seen = {
                "name": (word[0].isupper() and not opens) or sum(map(str.isupper, word)) > 1,
                "beside": any(not idle(other) and asked & set(stems(other)) for other in near),
                "verb": word.lower().endswith(("ing", "ed")),
                "adjective": word.lower().endswith(_ADJECTIVE),
            }
            if role == "assistant":
                seen["answer"] = True
                said = {"answer_place": 1 / (1 + text[:start].count(". ")), "answer_times": 1.0}
            else:
                seen |= {"last": age == 0, "before_last": age == 1, "first": first}
                seen |= {"opening": age == opened, "since": age <= opened}
                seen["last_ends"] = age == 0 and position == len(content) - 1
                seen["object"] = age == 0 and i > 0 and found[i - 1][1].lower() in _BEFORE_OBJECT
                said = {"asked_times": 1.0}
            term = terms.setdefault(key, Term(key, word))
            term.age = min(term.age, age)
            features = term.features
            for name, holds in seen.items():
                features[name] = max(features.get(name, 0.0), float(holds))
            for name, value in said.items():
                adds = name.endswith("times")
                features[name] = features.get(name, 0.0) + value if adds else max(features.get(name, 0.0), value)
    return [term for term in terms.values() if sum(age < term.age for age in opens_at) < LEFT]


_BEFORE_OBJECT = frozenset("a about an are by for from in is of on the to was were with".split())


def weigh(terms: Sequence[Term], passages: int, held: Mapping[str, int]) -> None:
    """Adds what the library says of `terms`: `held` maps a stem to how many of its `passages` hold it."""
    for term in terms:
        fewest = min(held.get(s, 0) for s in term.stems)
        term.features["rare"] = math.log((passages + 1) / (fewest + 0.5)) / math.log(2 * (passages + 1))
        term.features["unknown"] = float(fewest == 0)
        for name in ("asked_times", "answer_times"):
            term.features[name] = math.log1p(term.features.get(name, 0.0))


def openings(history: Sequence[Turn]) -> list[int]:
    """How many questions came after each that opened a subject: those whose words are mostly new; the last first.

    >>> openings([Turn("user", text) for text in ("What is TIL therapy?", "What is a biosimilar?", "Who can have it?")])
    [1, 2]
    """
    said: set[str] = set()
    age, total = 0, sum(turn.role == "user" for turn in history)
    opened: list[int] = []
    for turn in history:
        own = {stems(word) for _, word in written(turn.text[:LOOKED_AT_CHARS]) if not idle(word)}
        if turn.role == "user":
            age += 1
            old = sum(said.issuperset(word) for word in own)
            if age == 1 or NEW_SUBJECT.search(turn.text) or (2 * old < len(own) and stands_alone(turn.text)):
                opened.append(total - age)
        said.update(s for word in own for s in word)
    return opened[::-1]


def stands_alone(question: str) -> bool:
    """Whether a question may be whole: no pronoun, no "And ...", no fragment, and it names or tells something.

    >>> [stands_alone(text) for text in ("How is it given?", "And lung cancer?", "Who isn't suitable?")]
    [False, False, False]
    >>> [stands_alone(text) for text in ("What is a biosimilar?", "Which vaccines prevent cervical cancer?")]
    [True, True]
    """
    if points_back(question):
        return False
    question = _understood(question)
    said = [word for _, word in written(question)]
    lower = {word.lower() for word in said}
    # "the drug" may be the one that was spoken of; "the Fc region" and "the standard dose of ..." are said in full.
    own = sum(not idle(word) for word in said)
    named = any(map(has_capital, said[1:]))
    defines = _DEFINING.match(question) or _OTHER.match(question) or (own >= MANY - 1 and OF.search(question))
    return named or own >= (MANY if "the" in lower else MANY - 1) or bool(defines)


def points_back(question: str) -> bool:
    """Whether a question itself says that it goes on: by a pronoun, "And ...", as a fragment, or without a subject.

    >>> [points_back(text) for text in ("How is it given?", "And lung cancer?", "And then?", "Who isn't suitable?")]
    [True, True, True, False]
    >>> points_back("Can the drug be restarted afterwards?"), points_back("Can the drug be restarted after a flare?")
    (True, False)
    >>> points_back("May the landlord enter at night?"), points_back("List the rules of ownership")
    (False, False)
    """
    question = _understood(question)
    lower = {word.lower() for _, word in written(question)}
    return (
        not _ASKING.match(question)
        or (_OPENER.match(question) is not None and not _OTHER.match(question))
        or any(not lower.isdisjoint(pronouns) for pronouns in _PRONOUNS.values())
        or _COUNTED.search(question) is not None
        or all(map(idle, lower))
    )


# Where "that" and "they" stand for what the question names itself: "the card that one carries", "people before they".
_RELATIVE = re.compile(
    r"(?<=\s)(?P<noun>[^\W\d_]{3,}) that(?= [^\W\d_])(?! (kind|sort|type|one|time|case|way)\b)", re.IGNORECASE
)
_THEY = re.compile(
    r"\b(?P<noun>people|children|adults|women|men|patients|doctors|nurses)\b(?P<between>.*) (they|their|them)\b",
    re.IGNORECASE,
)


def _understood(question: str) -> str:
    """`question` without the pronouns that it explains itself."""
    question = _RELATIVE.sub(lambda m: m[0] if idle(m["noun"]) else m["noun"], question)
    return _THEY.sub(r"\g<noun>\g<between>", question)


def needs(question: str, history: Sequence[Turn]) -> dict[str, float]:
    """What says how much a question needs of its history, each 0 to 1."""
    said = [word for _, word in written(question)]
    lower = {word.lower() for word in said}
    own = [set(stems(word)) for word in said if not idle(word)]
    asked = [turn.text for turn in history if turn.role == "user"]
    old, last = (
        {s for text in texts for _, word in written(text[:LOOKED_AT_CHARS]) if not idle(word) for s in stems(word)}
        for texts in ([turn.text for turn in history], asked[-1:])
    )
    return {
        **{name: float(not lower.isdisjoint(pronouns)) for name, pronouns in _PRONOUNS.items()},
        "none": float(not own),
        "one": float(len(own) == 1),
        "two": float(len(own) == 2),
        "many": float(len(own) >= MANY),
        "the": float("the" in lower),
        "fragment": float(not _ASKING.search(question)),
        "names": float(any(has_capital(word) and not old.intersection(stems(word)) for word in said[1:])),
        "alone": float(stands_alone(question)),
        "shared": float(any(s & old for s in own)),
        "shared_last": float(any(s & last for s in own)),
        "length": min(len(said), 15) / 15,
    }


def written(text: str) -> Iterator[tuple[int, str]]:
    """Where each word of `text` starts, and the word as it is written."""
    return ((match.start(), match.group()) for match in _WORD.finditer(text))


@lru_cache(50_000)
def stems(word: str) -> tuple[str, ...]:
    """The stems of a written word's parts.

    >>> stems("CAR-T"), stems("tumours")
    (('car', 't'), ('tumour',))
    """
    return tuple(stem(part) for part in words(word))


def has_capital(word: str) -> bool:
    """Whether a word looks like a name: Coley, sipuleucel-T."""
    return any(map(str.isupper, word))


@lru_cache(50_000)
def idle(word: str) -> bool:
    """Whether a word says nothing of a subject.

    >>> [idle(word) for word in ("that", "wondering", "don't", "T-cell", "2")]
    [True, True, True, False, False]
    """
    return len(word) > LONGEST_WORD or all(
        part in STOP_WORDS or part in _IDLE or (len(part) == 1 and not part.isdigit()) for part in words(word)
    )


def looked_at(history: Sequence[Turn]) -> Iterator[tuple[int, bool, str, str]]:
    """What is looked at, newest first: how many questions came after it, whether it is the first, role and text."""
    total = sum(turn.role == "user" for turn in history)
    age = 0
    for turn in reversed(history):
        if turn.role == "user":
            if age < QUESTIONS or age == total - 1:
                yield age, age == total - 1, turn.role, turn.text[:LOOKED_AT_CHARS]
            age += 1
        elif age == 0 and not _NO_ANSWER.search(turn.text[:200]):
            yield 0, False, turn.role, _prose(turn.text[:LOOKED_AT_CHARS])


def _prose(answer: str) -> str:
    """`answer` without addresses, labels, code and rows of tables: their words are no subjects.

    >>> _prose("Use a crate.\\n\\ncargo add rand\\n\\nSee https://example.org/crates for more.")
    'Use a crate.\\n\\nSee  for more.'
    >>> _prose("From: Ada Lowe\\nDate: Tue, 21 May 2024\\nSubject: Rota")
    'Ada Lowe\\n\\nRota'
    """
    answer = _LABEL.sub("", _ADDRESS.sub("", answer))
    said = (answer[start:end] for start, end in paragraphs(answer))
    return "\n\n".join(text for text in said if not (is_code(text) or _ROW.search(text)))
