"""What a question compares: "What is the difference between X and Y?" is answered by what tells of X and of Y.

The best sentences may all be of one side. Where the quotes do not name the other, the best sentence that does is quoted
too; where none does, that is said. A side is named by all of its words, but those that it shares with the others
("annual leave" and "parental leave"), in a sentence or, unless they name the other sides too, in its title, heading
and file's name.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest import Passage, content_words, stem, stems, words

from .search import Candidate

# A side of more words is none, nor are more sides.
MOST_WORDS = 4
MOST_SIDES = 3

_AND = r"(?:,\s*(?:and|or)?|\s(?:and|or|&|with|to|from|against|versus|vs\.?))\s+"
_THING = rf"(?:(?:an?|the) )?(?:[^\s,:;?]+ ){{0,{MOST_WORDS - 1}}}?[^\s,:;?]+"
_SHORT = r"(?:(?:an?|the) )?[^\s,:;?]+(?: [^\s,:;?]+)?"
_DOES = r"(?:is|are|was|were|do|does|did)"
# "Or" compares where something is said to be more, or nothing is said.
_MORE = (
    r"\b(?:better|worse|more|less|fewer|sooner|(?:bigg|cheap|cold|dear|deep|earli|easi|fast|great|hard|heavi|high|larg"
    r"|lat|light|long|low|old|quick|saf|short|slow|small|strong|tall|warm|weak|wid|young)er)\b"
)
_COMPARED = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bdifferences? between (?P<sides>[^:;?]+)",
        rf"\bhow {_DOES} (?P<sides>.+? (?:and|or) .+?) (?:differ|different|compare)\b(?! (?:from|with|to)\b)",
        rf"\bhow {_DOES} (?P<sides>.+?) (?:differ|different|compare) (?P<other>(?:from|with|to) [^:;?]+)",
        r"^\W*(?:(?:please|can you|could you) )*(?:compare|contrast)(?: and contrast)? (?P<sides>[^:;?]+)",
        rf"^\W*(?:what (?:is|are) )?(?P<sides>{_THING} (?:vs\.?|versus) {_THING})\s*(?:[,:;?].*)?$",
        rf"^\W*{_DOES} (?P<sides>{_THING} or {_THING}) (?=(?:\S+ ){{0,3}}{_MORE})",
        rf"{_MORE}[^,:]*[,:] (?P<sides>{_THING} or {_THING})\s*\?*$",
        rf"^\W*(?!(?:{_DOES}|any|can|how|if|in|may|must|so|sh\w+|wh\w+|will)\b)(?P<sides>{_SHORT} or {_SHORT})\?$",
    )
]
_BEFORE = re.compile(
    r"(?:.*\b(?:about|between|by|for|from|in|of|on)\s+)?(?:(?:an?|the|both|my|our|your)\s+)?", re.IGNORECASE
)
_BEHIND = re.compile(
    r"\s(?:about|after|as|at|before|by|during|for|in|of|on|regarding|when|within)\s.*|[.!(]+(?:\s.*|$)", re.IGNORECASE
)
_ARTICLE = re.compile(r"^(?:an?|the|both|my|our|your)\s+", re.IGNORECASE)
# What is told by what was said before.
_POINTS = frozenset("each he her his it its one she that their them these they this those".split())


@dataclass(frozen=True, slots=True)
class Side:
    """One of the things that are compared: how the question calls it, and the stems that name it."""

    text: str
    stems: frozenset[str]


def sides(question: str) -> list[Side]:
    """What `question` compares, two things or three; nothing where it does not.

    >>> [side.text for side in sides("What is the difference between annual leave and parental leave?")]
    ['annual leave', 'parental leave']
    >>> [side.text for side in sides("Compare the bark of oaks, limes and beeches in winter.")]
    ['oaks', 'limes', 'beeches']
    >>> sides("Who gets annual or parental leave?"), sides("Compare the two versions.")
    ([], [])
    """
    question = question.partition(" (about: ")[0]
    match = next((m for pattern in _COMPARED if (m := pattern.search(question))), None)
    if not match:
        return []
    first, *others = re.split(_AND, " ".join(filter(None, match.groups())))
    before = _BEFORE.match(first)
    of = before.group() if before else ""
    parts = [first.removeprefix(of), *(_ARTICLE.sub("", other.removeprefix(of)) for other in others)]
    return _told_apart([_BEHIND.sub("", part).strip() for part in parts if part.strip()])


def _told_apart(phrases: Sequence[str]) -> list[Side]:
    """The sides so called, each with the words that it does not share with all; nothing where these tell none apart."""
    own = [frozenset(map(stem, content_words(phrase))) for phrase in phrases]
    lengths = [len(phrase.split()) for phrase in phrases]
    if not 1 < len(own) <= MOST_SIDES or len(set(own)) < len(own) or not all(own) or max(lengths) > MOST_WORDS:
        return []
    if not _POINTS.isdisjoint(words(" ".join(phrases))):
        return []
    # What is said last may be said of all: "the Team and Enterprise plans".
    last = words(phrases[-1])
    if lengths[-1] > lengths[0] and last[-1].endswith("s"):
        own[-1] -= {stem(last[-1])}
    shared = frozenset.intersection(*own)
    apart = own if any(side == shared for side in own) else [side - shared for side in own]
    return [Side(phrase, side) for phrase, side in zip(phrases, apart, strict=True)]


def named(compared: Iterable[Side], of: Passage, text: str) -> set[Side]:
    """Those of the sides `compared` that `text`, a part of the passage, names or stands below the name of."""
    said, above = stems(text), stems(f"{of.document} {of.context}")
    here = {side for side in compared if side.stems <= said}
    below = {side for side in compared if side.stems <= said | above}
    return below if not all(side.stems <= above for side in compared) else here


def of_each(compared: Sequence[Side], candidates: Sequence[Candidate], most: int) -> Sequence[Candidate]:
    """`candidates` (best first) with the best that names each side `compared` among the first `most`."""
    naming = [(c, named(compared, c.passage, c.passage.text)) for c in candidates] if compared else []
    best = [next((c for c, its in naming if side in its), None) for side in compared]
    first = {c.id for c in candidates[:most]}
    moved = {c.id: c for c in best if c and c.id not in first}
    others = [c for c in candidates if c.id not in moved]
    kept = most - len(moved)
    return [*others[:kept], *moved.values(), *others[kept:]]


def untold(compared: Sequence[Side], told: Iterable[tuple[Passage, str]]) -> list[Side]:
    """The sides `compared` that nothing `told`, each a part of a passage, names."""
    known = set[Side]().union(*(named(compared, of, text) for of, text in told))
    return [side for side in compared if side not in known]
