"""Questions that ask what something is, and the sentences that say so.

The encoder finds sentences about a thing, and nearly as near are those that only mention it: "What is a slice?" is
answered by the sentence "A slice is a kind of reference", which its form tells. DESIGN.md has the figures.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from ingest import stem, words

MAX_TERM_WORDS = 5
# The term stands among so many first words of a sentence that defines it.
WITHIN_WORDS = 4
# What names it stands so near.
NEAR_CHARS = 120

_WORD = re.compile(r"[^\W_]+")
_TERM = r"(?:an? |the )?(?:(?:term|word|phrase|abbreviation) )?[\"'“‘]?(.+?)[\"'”’]?"
_ASKS = re.compile(
    rf"(?:(?:what|who)(?:['’]s| is| are| was| were)(?: meant by)? {_TERM}"
    rf"|what (?:does|do|did) {_TERM} (?:mean|stand for)"
    rf"|(?:please )?(?:define|explain)(?: what)? {_TERM}(?: is| are| means?)?"
    r")[\s?.!]*$",
    re.IGNORECASE,
)
_WHERE = re.compile(
    r" in [A-Z][\w+#.-]*$"
    r"| (?:in|under|of|to) (?:the|this|that|our|my) (?:[\w'’-]+ ){0,3}?"
    r"(?:(?i:agreement|contract|lease|deed|licen[cs]e|NDA|policy|minutes|terms))$"
)
# Behind the term: "is a kind of", "are proteins that", "means". What is "mainly targeted" or "used" is not defined.
_SAYS = re.compile(
    r"[\"'”’*`)]*(?: ?\([^()]{1,40}\))?(?:,[^,.;:]{1,40},|,)? (?:"
    r"(?:is|was) (?:an?|the|one of|any|another|when|where|what|defined as|short for|\w+['’]s)(?!\w)"
    r"|(?:are|were) (?!\w+(?:ly|ed|ing|en)\b|not\b|also\b|often\b|common\b)\w"
    r"|(?:(?:shall|will) )?(?:means?|refers? to|stands? for|denotes?|describes?|(?:has|have) the meaning)\b)",
    re.IGNORECASE,
)
# Behind a term that begins the sentence, as in a glossary or a manual: "git-bisect - Find by binary search ...".
_TELLS = re.compile(r"[\"'”’*`]*(?: ?\([^()]{1,40}\))?(?: [-–—]|:) \w")
# Before it: "this is known as", and, where it ends the clause, "we call the action of doing so".
_NAMED = re.compile(r"\b(?:called|termed|dubbed|known as|referred to as)\W*(?:an? |the |being in )?\W*$", re.IGNORECASE)
_WE_CALL = re.compile(r"\bwe call(?: [^\s,;:]+){2,}\W*$", re.IGNORECASE)
# As contracts name who signs them: 'Acme Ltd ("the Landlord")', 'Acme Ltd (hereinafter referred to as "Landlord")'.
_GIVES = re.compile(r"[\w.,]\s*\([^()]{0,80}[\"“'‘](?:the |an? )?$", re.IGNORECASE)
_HEREIN = re.compile(r"\w,? \(?[^()]{0,30}\bhere(?:in)?after,? [^()]{0,40}$", re.IGNORECASE)
_GIVEN = re.compile(r"[\"”'’][^()]{0,60}\)")
_CLAUSE_ENDS = re.compile(r"[\"'”’*`)]*(?:[.,;:(]|$)")
_SUBORDINATE = re.compile(
    r"(?:although|as|because|if|since|though|unless|until|when|whenever|where|while)\b", re.IGNORECASE
)


def asked_term(question: str) -> str | None:
    """The term that the question wants to be told what it is; None if it asks for something else.

    >>> asked_term("What is a smart pointer?"), asked_term("What is the dose of adrenaline in children?")
    ('smart pointer', None)
    """
    match = _ASKS.match(question.strip())
    term = next((group for group in match.groups() if group), None) if match else None
    # "In Rust" tells only where the term is used.
    term = _WHERE.sub("", term) if term else None
    if term is None or len(term.split()) > MAX_TERM_WORDS or re.search(r" (of|in|for|between|to) ", term):
        return None
    return term


def defines(text: str, term: str) -> float:
    """How plainly the sentence `text` says what `term` is, by its form: 1, in passing .5, or not at all.

    2 where it gives that name to what it speaks of: nothing else says so.

    >>> defines("A slice is a kind of reference.", "slices"), defines("Slices are often used here.", "slices")
    (1.0, 0.0)
    >>> defines('Made between Acme Ltd ("the Landlord") and Ms Brandt.', "landlord")
    2.0
    """
    plainly = 0.0
    for start, end in _occurrences(text, term):
        if _is_given(text, start, end):
            return 2.0
        before = len(_WORD.findall(text, 0, start))
        subject = (before < WITHIN_WORDS or text[start - 1] == "(") and not _SUBORDINATE.match(text)
        if (subject and _SAYS.match(text, end)) or (not before and _TELLS.match(text, end)):
            return 1.0
        if _is_named(text, start, end):
            plainly = 0.5
    return plainly


def may_define(text: str, term: str) -> bool:
    """Whether a sentence of `text` may say what `term` is: a quick look at many sentences at once."""
    return any(
        _SAYS.match(text, end) or _TELLS.match(text, end) or _is_named(text, start, end) or _is_given(text, start, end)
        for start, end in _occurrences(text, term)
    )


def _occurrences(text: str, term: str) -> Iterator[tuple[int, int]]:
    """Where the words of `term` stand in `text`, in whichever number."""
    wanted, pattern = _wanted(term)
    for match in pattern.finditer(text) if pattern else ():
        if [stem(word) for word in words(match.group())] == wanted:
            yield match.span()


@lru_cache(64)
def _wanted(term: str) -> tuple[list[str], re.Pattern[str] | None]:
    """The stems of a term, and what words with such stems look like; None without words."""
    stems = [stem(word) for word in words(term)]
    forms = r"[\W_]{1,3}".join(rf"{re.escape(part[: max(3, len(part) - 2)])}[^\W_]*" for part in stems)
    return stems, re.compile(rf"(?<![^\W_]){forms}", re.IGNORECASE) if stems else None


def _is_named(text: str, start: int, end: int) -> bool:
    """Whether what stands there is given as the name of something."""
    before = text[max(0, start - NEAR_CHARS) : start]
    return bool(_CLAUSE_ENDS.match(text, end) and (_NAMED.search(before) or _WE_CALL.search(before)))


def _is_given(text: str, start: int, end: int) -> bool:
    """Whether what stands there is a name that is given, in quotes in brackets or after "hereinafter"."""
    before = text[max(0, start - NEAR_CHARS) : start]
    return bool(
        (_GIVES.search(before) and _GIVEN.match(text, end))
        or (_HEREIN.search(before) and _CLAUSE_ENDS.match(text, end))
    )
