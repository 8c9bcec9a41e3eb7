"""How likely it is that the library answers the question: a logistic model over signs of a search.

Which of the question's words the best passages hold or mean, how near they are, whether the best sentence has the
kind of thing that is asked for, and how far it stands out. Fitted by `tests/evals/fit.py`, on sets of which each was
left out in turn to choose the signs (DESIGN.md, "Confidence").
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ingest import STOP_WORDS, Library, content_words, stem, stems, words

from .choose import Sentence, cover, word_matches
from .search import Candidate, Query

# How many passages are looked at.
LOOKED_AT = 5
# Among fewer passages than this the best says little by standing out; then a usual value of doubt is taken.
MANY = 30
USUAL = {"stands_out_dense": 0.6, "stands_out_late": 0.7, "together": 0.5, "likely": 0.6}

BIAS = -5.140
WEIGHTS: Mapping[str, float] = {
    "question_length": 2.647,
    "names": -0.339,
    "dense": 4.385,
    "stands_out_dense": -1.305,
    "stands_out_late": 1.545,
    "held": -0.585,
    "passage_words": -4.959,
    "passage_weakest": 3.555,
    "together": 0.480,
    "likely": 3.758,
    "alone_late": -1.326,
    "cover": -1.378,
    "weakest_token": 2.397,
    "weakest_words": 2.145,
    "rare_unmatched": -0.429,
    "kind_lacking": -0.356,
    "rewritten": 1.024,
}


def estimate(
    query: Query,
    candidates: Sequence[Candidate],
    ranked: Sequence[Sentence],
    among: Callable[[], Sequence[Candidate]] | None = None,
) -> float:
    """The probability (0 to 1) that the library answers `query`, which found `candidates`, `ranked` by sentence.

    None for a question without a letter or digit: a vector of nothing is near to anything. Where few documents are
    searched, `among` finds the candidates of the whole library: among those the best may stand out.
    """
    if not ranked or not any(map(str.isalnum, query.parts[0].text)):
        return 0.0
    return confidence(features(query, candidates, ranked, among() if among and len(candidates) < MANY else candidates))


def confidence(values: Mapping[str, float]) -> float:
    """The probability (0 to 1) that the library answers, from the `features` of a search."""
    return 1.0 / (1.0 + math.exp(-(BIAS + sum(weight * values[name] for name, weight in WEIGHTS.items()))))


def features(
    query: Query, candidates: Sequence[Candidate], ranked: Sequence[Sentence], among: Sequence[Candidate] = ()
) -> dict[str, float]:
    """What the confidence is estimated from, each about 0 to 1; needs a candidate and a sentence at least.

    The best stand out `among` the candidates, unless others are given.
    """
    among = among or candidates
    question = query.parts[0].text
    again = [s for s in ranked if s.was_read_again]
    best, top = again[0], candidates[:LOOKED_AT]
    scores = np.array([s.score for s in ranked])
    likely = np.exp(scores - scores.max())
    by_passage = [word_matches(query, c.similar.max(axis=0)) for c in top]
    # What the sentences of the best one's passage say together.
    passage = best.candidate.id
    said = word_matches(query, np.max([s.matched for s in again if s.candidate.id == passage], axis=0))
    rarity = np.array([query.rarity[term] for term in query.terms] or [1.0])
    asked = [answers for asks, answers in _ASKED if asks.search(question)]
    values = {
        "question_length": min(len(question.split()), 30) / 30,
        "names": float(bool(_NAMES.search(question))),
        "dense": max(c.scores["dense"] for c in candidates),
        "stands_out_dense": _stands_out("dense", candidates, among),
        "stands_out_late": _stands_out("late", candidates, among),
        "held": cover(_held(top), query.rarity),
        "passage_words": max(float(matches.mean()) for matches in by_passage),
        "passage_weakest": max(float(matches.min()) for matches in by_passage),
        "together": float(np.mean([s.candidate.passage.document == best.candidate.passage.document for s in again])),
        "likely": float(np.sort(likely)[-3:].sum() / likely.sum()),
        "alone_late": max(s.features["alone_late"] for s in again),
        "cover": best.features["context"],
        "weakest_token": float(best.matched.min()),
        "weakest_words": float(np.sort(said)[:2].mean()),
        "rare_unmatched": float((rarity * (1 - said)).max()) / 10,
        "kind_lacking": float(bool(asked) and not any(answers.search(best.text) for answers in asked)),
        # A follow-up with words carried over: some of them are too many, and match worse.
        "rewritten": float(len(query.parts) > 1),
    }
    if len(among) < MANY:
        return values | USUAL
    return values if len(candidates) >= MANY else values | {"together": USUAL["together"]}


def _held(candidates: Sequence[Candidate]) -> set[str]:
    """The stems of the words of these passages, title and headings included."""
    return stems(" ".join(f"{c.passage.context} {c.passage.text}" for c in candidates))


def _stands_out(ranker: str, candidates: Sequence[Candidate], among: Sequence[Candidate]) -> float:
    """How far the best candidate is above the mean of those `among` which it is seen, in standard deviations, over 5.

    No library has a scale of its own.
    """
    scores = np.array([c.scores[ranker] for c in among])
    best = max(c.scores[ranker] for c in candidates)
    return float((best - scores.mean()) / max(float(scores.std()), 1e-6)) / 5


_NAMES = re.compile(r"(?<!^)\b[A-Z][\w'’-]+|\b\d[\d.,]*\w*")
_NAME = r"(?<!^)(?<![.!?] )\b[A-Z][a-z]+"
# How a question asks for a thing of a kind, and what there is in a sentence that has such a thing. Whether one is
# lacking is a sign only: a price is free, a share is "most".
_ASKED: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(asks, re.IGNORECASE), re.compile(answers))
    for asks, answers in (
        (
            r"\b(cost|price|expensive|how much (does|do|is|was|were|money)|fee|afford|pay)\b",
            r"[$€£]|\b(dollars?|euros?|pounds?|USD|cents?|price|cost|fee|free)\b",
        ),
        (
            r"\b(percentage|per ?cent|proportion|share|fraction|rate|odds|chance|likel\w+"
            r"|how (common|often|frequent\w*|rare))\b",
            r"\d\s*%|per ?cent|\b(half|third|quarter|most|majority|few|one in|out of|common|rare)\b",
        ),
        (
            r"\bhow many\b|\bnumber of\b",
            r"\d|\b(two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand|million|none|no)\b",
        ),
        (
            r"\bhow (long|soon|quickly|fast)\b|\b(duration|half-life)\b",
            r"\b(second|minute|hour|day|week|month|year|decade)s?\b",
        ),
        (
            r"\b(when|(what|which|in what|in which) (year|date|century|decade|month|day))\b",
            r"\b1[0-9]{3}s?\b|\b20\d\ds?\b|centur|\b(after|before|during|until|once|while)\b"
            r"|\b(January|February|March|April|May|June|July|August|September|October|November|December)\b",
        ),
        (
            r"\b(dose|dosage|dosing|level|how much)\b",
            r"\d\s*(mg|µg|mcg|g|kg|ml|mL|IU|units?|ng|milli\w+|micro\w+|%)",
        ),
        (
            r"\b(who|whom|whose|which (person|company|country|city|agency|author|manufacturer)"
            r"|manufactur\w+|company|founder|author)\b",
            _NAME,
        ),
        (r"\bwhere\b|\b(what|which) (city|country|state|place|region)\b", rf"{_NAME}|\b(in|at|on|near|from) the\b"),
        (
            r"\bwhy\b|\bhow come\b|\breason",
            r"\b(because|since|due to|owing|so that|in order|therefore|thus|as a result|which (means|makes|allows)"
            r"|cause[sd]?|leads?|reason|to avoid|to prevent|by \w+ing)\b",
        ),
    )
)


# A content word whose tokens match nothing in the best passages this well, and that none of them holds, is missing:
# judged on 120 declined questions, where it names "poison" and "December" and spares "took" and "1100".
MEANT = 0.4
_PARTS = re.compile(r"[,;:.?!()]")
# A word in more than this share of the passages says little ("like", "problems"); that it is missing says nothing.
COMMON = 0.01


# An option or an error's number is known by its letters: what is spelled otherwise is another thing.
_SPELLED = re.compile(r"(?<!\S)[\"'`(]?--[a-z][\w-]+|\b[A-Z]{1,4}-?\d{4,}\b")


def unknown(library: Library, question: str) -> list[str]:
    """The options (--no-verify) and error numbers (E0382) in `question` of which no passage holds a word.

    Inside `library.reading()`.
    """
    found = []
    for match in _SPELLED.finditer(question):
        spelled = match.group().lstrip("\"'`(-")
        parts = {*words(spelled), *re.findall(r"\d+", spelled)} - STOP_WORDS
        if parts and not library.document_frequencies(map(stem, parts)):
            found.append(spelled)
    return found


def missing(library: Library, question: str, query: Query, candidates: Sequence[Candidate]) -> list[str]:
    """The words of `question`, the first part of `query`, that no good candidate holds, means or is named with.

    As they stand there: words that only words of grammar part, and no comma, are one phrase. Inside
    `library.reading()`.
    """
    if spelled := unknown(library, question):
        return spelled
    top = candidates[:LOOKED_AT]
    if not top or not query.terms:
        return []
    # A file's name tells what a text may never say of itself: "nda-orchid.pdf".
    held = _held(top) | stems(" ".join(c.passage.document for c in top))
    best = np.max([word_matches(query, c.similar.max(axis=0)) for c in top], axis=0)
    lacking = {term for term, match in zip(query.terms, best, strict=True) if match < MEANT and term not in held}
    _, passages = library.store.counts()
    held_by = library.document_frequencies(lacking)
    lacking = {term for term in lacking if held_by.get(term, 0) <= COMMON * passages}
    phrases: list[str] = []
    follows = end = -1
    content = set(content_words(question))
    for match in re.finditer(r"[^\W_]+", question):
        word = words(match.group())
        if not word or word[0] not in content:
            continue
        if stem(word[0]) not in lacking:
            follows = -1
        elif follows >= 0 and not _PARTS.search(question, end, match.start()):
            phrases[-1] = question[follows : match.end()]
        else:
            follows = match.start()
            phrases.append(match.group())
        end = match.end()
    return phrases
