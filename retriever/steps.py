"""A numbered list -> whether it is a procedure, the steps of which are understood together; and who asks for one.

Without a tagger: a step begins with a verb that tells what to do, as far as its first words show. A clause of a
contract or statute states something: a subject stands before its verb, most often behind an article.
"""

import re

_WHAT_TO_DO = re.compile(
    r"\bwhat\b[^.?!]*\b(?:do|done|doing)\b|\bwhat (?:now|next)\b|\bhelp\b|\bfirst aid\b|\b(?:cope|deal) with\b|"
    r"\b(?:action|checklist|guid(?:e|ance)|handl|instruction|procedure|protocol|react|recipe|remed|respon[ds]|treat)",
    re.IGNORECASE,
)
_MARK = re.compile(r"\s*\(?\d{1,3}[.)]\s+")
# What may stand before the verb: "If it bleeds, always press".
_BEFORE_VERB = re.compile(
    r"(?:(?:after|as|at|before|during|for|from|if|in|on|once|to|unless|until|when|where|while|with) [^.:;]*?, )?"
    r"(?:(?:also|always|first|next|now|please|then|(?!(?:f|re|rep|app|supp|imp|comp|multip)ly\b)[a-z]+ly),? )*",
    re.IGNORECASE,
)
_FORBIDS = re.compile(r"(?:never|do not|don['’]t) ", re.IGNORECASE)
# What begins so is no verb: a word that stands before a noun, a noun in the plural or one in -ing.
_NO_VERB = re.compile(
    r"\W|\d|(?:a|all|an|another|any|as|at|both|each|either|every|everyone|few|for|from|he|her|his|how|i|if|in|it|its|"
    r"many|most|my|neither|no|nobody|none|nor|nothing|of|on|one|our|she|some|subject|that|the|their|there|these|they|"
    r"this|those|to|under|we|what|when|where|which|who|whoever|with|without|you|your)\b|\w*[^\Wsu]s\b|"
    r"\w*[aeiouy]\w*ing\b",
    re.IGNORECASE,
)
# A name before initials ("Smith J, ...") or a comma, or a noun before its verb: "Aspirin reduces the risk".
_SUBJECT = re.compile(
    r"[\w'’-]+(?:,| [A-Z]{1,3}[.,] ?\S| \w+ed\b| \w+[^\Wsui]s (?!(?:after|and|before|by|down|for|from|if|in|into|of|"
    r"off|on|or|out|over|to|under|until|up|when|while|with|\w+ly)\b))|"
    r"(?:(?!after|as|because|before|how|if|once|since|so|sure|that|until|what|when|where|whether|which|while|who)"
    r"[^\s,;:]+ ){1,6}?(?:is|are|was|were|be|shall|may|must|will|can|cannot|has|have|had|should|would|does|did)\b"
)


def asks_what_to_do(question: str) -> bool:
    """Whether a procedure answers `question`, if there is one.

    >>> asks_what_to_do("I burnt my hand, what now?"), asks_what_to_do("When was the fire?")
    (True, False)
    """
    return _WHAT_TO_DO.search(question) is not None


def is_procedure(text: str) -> bool:
    """Whether most of the numbered lines of `text`, two at least, tell what to do.

    >>> is_procedure("1. Cool it.\\n2. Never use ice."), is_procedure("1. The rent is £9.\\n2. Pets are forbidden.")
    (True, False)
    """
    steps = [line[mark.end() :] for line in text.split("\n") if (mark := _MARK.match(line))]
    return len(steps) > 1 and 2 * sum(map(_tells_to, steps)) > len(steps)


def _tells_to(step: str) -> bool:
    before = _BEFORE_VERB.match(step)
    verb = step[before.end() if before else 0 :]
    return _FORBIDS.match(verb) is not None or not (_NO_VERB.match(verb) or _SUBJECT.match(verb))
