"""Questions for a reason: what only says again what was asked is no answer without the sentence that gives the reason.

"The boiler will be replaced in October." is nearest to "Why was the boiler replaced?", but "the old one failed" is the
answer. It is looked for behind: in a sentence with "because", "due to" or the like, or in what announced reasons are.
"""

import re

from ingest import Passage, content_words, sentences, stem, stems

from .direct import MONTHS
from .whole import ITEM, ROW, headings_of

# A reason stands within so many sentences; of what is announced as reasons so many are quoted.
MOST_BEHIND = 4
MOST_ANNOUNCED = 2
# What holds this share of the question's words, and so many other content words at most, only says it again.
SAYS_AGAIN = 0.5
MOST_OF_ITS_OWN = 4

_WHY = re.compile(
    r"\b(?:why|how come|(?:what|which) (?:is|are|was|were) the (?:\w+ )?(?:reason|cause)s?"
    r"|for (?:what|which) reason)\b",
    re.IGNORECASE,
)
_REASON = (
    r"\b(?:because|due to|owing to|thanks to|on account of|on the grounds|in order (?:to|that)|in response to"
    r"|as a (?:result|consequence) of|(?:result|consequence) of|result(?:s|ed|ing)? from|(?:led|leads?|leading) to"
    r"|caus(?:e[sd]?|ing)|attributed to|blam(?:e[sd]?|ing)|reasons? (?:is|was|are|were|being)|for \w+ reasons|so that"
    r"|since (?!\d|then\b|last\b|at least|the (?:\d|start|begin|end|late|early|mid)"
    rf"|{MONTHS}|spring|summer|autumn|winter))"
    r"|[,;] (?:as|for) (?:an?|he|his|it|its|no|she|that|the|their|there|they|this|you)\b"
)
_GIVES = re.compile(_REASON, re.IGNORECASE)
# What had happened before explains, too: "Too few had signed up."
_HAD = re.compile(
    r"(?<!which )(?<!who )(?<!that )\bhad (?:(?:already|never|not|just|\w+ly) )?(?!seven|ten\b|elev|hundred|often"
    r"|even\b|open\b|(?:wo)?men\b|child)(?:\w+(?:ed|en|wn|nt|lt|pt|ought|aught)|become|come|cut|done|found|gone|held|lost"
    r"|made|met|put|run|said|set|sold|won)\b",
    re.IGNORECASE,
)
# In a sentence that says what was asked these tell why as well.
_TELLS = re.compile(
    rf"{_REASON}|\b(?:therefore|thus|hence|means?|explain(?:s|ed)?|as a (?:result|consequence)"
    r"|(?:aim|intend|design)(?:ed|s)? to"
    r"|to (?:allow|avoid|enable|ensure|help|improve|keep|make|prevent|protect|reduce|save|stop))\b|[,;] so\b",
    re.IGNORECASE,
)
# A date is no reason.
_DATED = re.compile(rf"\d+|\b(?:{MONTHS}|[ap]m)\b", re.IGNORECASE)
_REASONS = r"(?:reasons|causes|factors|explanations)\b"
_ANNOUNCES = re.compile(
    rf"^there (?:are|were|have been) [^,;]*\b{_REASONS}"
    rf"|\b(?:about|over|on|different|following|many|several|some|two|three|four|various) (?:the |\w+ )?{_REASONS}"
    r"(?! (?:is|was|are|were|include))",
    re.IGNORECASE,
)


def asks_why(question: str) -> bool:
    """Whether a reason is asked for.

    >>> asks_why("Why was it closed?"), asks_why("What is the main reason for the delay?"), asks_why("When was it?")
    (True, True, False)
    """
    return _WHY.search(question) is not None


def reason_behind(passage: Passage, start: int, end: int, question: str) -> tuple[int, int] | None:
    """What gives the reason that `question` asks for, behind `start:end` of the passage's document, which does not.

    None where that tells more than was asked, or is about something else, or no reason follows. It is in the same
    paragraph, or in the next one with a word of the question.
    """
    text, shift = passage.text, passage.start
    quote, end = text[start - shift : end - shift], end - shift
    behind = _behind(passage, end)
    within = [(s, e) for s, e in behind if "\n\n" not in text[end:s]]
    if _ANNOUNCES.search(quote, [s for s, _ in sentences(quote)][-1]):
        told = within[:MOST_ANNOUNCED]
        return (shift + told[0][0], shift + told[-1][1]) if told else None
    asked = {stem(word) for word in content_words(_WHY.sub(" ", question))}
    if not _says_again(quote, asked, stems(passage.context)):
        return None
    for i, (s, e) in enumerate(behind):
        near = (s, e) in within
        if near and _ANNOUNCES.search(text[s:e]):
            return shift + s, shift + within[i : i + 1 + MOST_ANNOUNCED][-1][1]
        if (_GIVES.search(text, s, e) and (near or asked & stems(text[s:e]))) or (near and _HAD.search(text, s, e)):
            return shift + s, shift + e
    return None


def _says_again(quote: str, asked: set[str], context: set[str]) -> bool:
    """Whether a quote tells hardly more than what is `asked`, by their stems, in a document so named."""
    if _TELLS.search(quote) or _HAD.search(quote):
        return False
    said = {stem(word) for word in content_words(_DATED.sub(" ", quote))}
    return len(asked & (said | context)) >= SAYS_AGAIN * len(asked) and len(said - asked) <= MOST_OF_ITS_OWN


def _behind(passage: Passage, end: int) -> list[tuple[int, int]]:
    """The next sentences behind `end` of the passage's text, up to a heading, item or row."""
    found: list[tuple[int, int]] = []
    headings = headings_of(passage)
    for s, e in sentences(passage.text):
        if s < end:
            continue
        sentence = passage.text[s:e]
        if len(found) == MOST_BEHIND or sentence in headings or ITEM.match(sentence) or ROW.search(sentence):
            break
        found.append((s, e))
    return found
