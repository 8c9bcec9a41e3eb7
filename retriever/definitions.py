"""Questions that ask what something is, and the sentences that say so.

The encoder finds sentences about a thing, and nearly as near are those that only mention it: "What is a slice?" is
answered by the sentence "A slice is a kind of reference", which its form tells. DESIGN.md has the figures.
"""

import re

from ingest import stem, words

MAX_TERM_WORDS = 5
# The term stands among so many first words of a sentence that defines it.
WITHIN_WORDS = 4

_TERM = r"(?:an? |the )?(?:(?:term|word|phrase|abbreviation) )?[\"'“‘]?(.+?)[\"'”’]?"
_ASKS = re.compile(
    rf"(?:(?:what|who)(?:['’]s| is| are| was| were)(?: meant by)? {_TERM}"
    rf"|what (?:does|do|did) {_TERM} (?:mean|stand for)"
    rf"|(?:please )?(?:define|explain)(?: what)? {_TERM}(?: is| are| means?)?"
    r")[\s?.!]*$",
    re.IGNORECASE,
)
# Behind the term: "is a kind of", "are proteins that", "means". What is "mainly targeted" or "used" is not defined.
_SAYS = re.compile(
    r"[\"'”’*`)]*(?: ?\([^()]{1,40}\))?(?:,[^,.;:]{1,40},|,)? (?:"
    r"(?:is|was) (?:an?|the|one of|any|another|when|where|what|defined as|short for|\w+['’]s)(?!\w)"
    r"|(?:are|were) (?!\w+(?:ly|ed|ing|en)\b|not\b|also\b|often\b|common\b)\w"
    r"|(?:means?|refers? to|stands? for|denotes?|describes?)\b)",
    re.IGNORECASE,
)
# Behind a term that begins the sentence, as in a glossary or a manual: "git-bisect - Find by binary search ...".
_TELLS = re.compile(r"[\"'”’*`]*(?: ?\([^()]{1,40}\))?(?: [-–—]|:) \w")
# Before it: "this is known as", and, where it ends the clause, "we call the action of doing so".
_NAMED = re.compile(r"\b(?:called|termed|dubbed|known as|referred to as)\W*(?:an? |the |being in )?\W*$", re.IGNORECASE)
_WE_CALL = re.compile(r"\bwe call(?: [^\s,;:]+){2,}\W*$", re.IGNORECASE)
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
    if term is None or len(term.split()) > MAX_TERM_WORDS or re.search(r" (of|in|for|between|to) ", term):
        return None
    return term


def defines(text: str, term: str) -> float:
    """How plainly the sentence `text` says what `term` is, by its form: 1, in passing .5, or not at all.

    >>> defines("A slice is a kind of reference.", "slices"), defines("Slices are often used here.", "slices")
    (1.0, 0.0)
    """
    wanted = [stem(word) for word in words(term)]
    tokens = list(re.finditer(r"[^\W_]+", text))
    held = [stem("".join(words(token.group()))) for token in tokens]
    plainly = 0.0
    for first in range(len(held) - len(wanted) + 1) if wanted else ():
        if held[first : first + len(wanted)] != wanted:
            continue
        start, end = tokens[first].start(), tokens[first + len(wanted) - 1].end()
        subject = (first < WITHIN_WORDS or text[start - 1] == "(") and not _SUBORDINATE.match(text)
        if (subject and _SAYS.match(text, end)) or (first == 0 and _TELLS.match(text, end)):
            return 1.0
        if _CLAUSE_ENDS.match(text, end) and (_NAMED.search(text[:start]) or _WE_CALL.search(text[:start])):
            plainly = 0.5
    return plainly
