"""A follow-up that only names another thing ("And the cottage?") or asks something else of the same ("Since when?").

What is named stands in the place of something that was asked of, and to carry that over ("And the cottage? (about:
piano)") finds what was said already. But it may as well be another side of it ("Who makes the drug?" "And the dose?"):
both ways are tried, and the answers tell (`Retriever._look`). What names nothing is asked of all that the last question
says.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from ingest import STOP_WORDS, stems

from .answers import Turn
from .places import OPENERS
from .rewrite import in_its_place, named_in
from .topics import is_topic

# What is named has at most so many words.
LONGEST = 4

_OPENER = re.compile(rf"^\W*{OPENERS}+", re.IGNORECASE)
_DETERMINER = re.compile(r"\b(?:an?|the|my|our|your|his|her|its|their|this|that|each|every)\s+", re.IGNORECASE)
_ENDING = re.compile(r"[\s?.!]*$")
# Names within a sentence, with an article and the number that belongs to them: Edmund, the First Lady, PD-1, Orca 200.
_NAME = re.compile(
    r"(?<=[^\W_][ ,])(?:[Tt]he )?(?P<name>[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*(?: (?!(?:19|20)\d\d\b)\d{1,4}\b(?![.,]\d))?)"
)
# One of several, by its number or letter: severity 3, complex IV.
_NUMBERED = re.compile(r"(?P<of>[^\W\d_]{2,}) (?:\d{1,3}|[IVX]{1,4}|[A-Z])")
_FIGURES = re.compile(r"\d{2,4}")
# "And for the tenant?" is put where the last question says "for" of another.
_BEFORE = re.compile(r"(?P<how>about|against|at|between|by|for|from|in|of|on|to|under|with) ", re.IGNORECASE)
# What is asked of, without an article: "the dose of ceftriaxone".
_BARE = re.compile(r" (?:of|for|about|with|on) (?P<name>[^\W\d_][\w-]+)$")
# Another of the same kind: "the blue one".
_ONE = re.compile(
    rf"\W*{OPENERS}+(?:(?:about|for|in|of|with) )?(?P<the>an?|the|my|our|your) "
    r"(?!(?:first|last|latter|next|only|other|previous|right|same|wrong) )(?P<which>[^\W\d_][\w-]*) ones?\W*",
    re.IGNORECASE,
)
# One of a kind, by the word before it: "the green bin".
_OF_KIND = re.compile(r"\b(?:an?|the|my|our|your) (?P<which>[^\W_][\w-]*) (?P<kind>[^\W\d_][\w-]*)", re.IGNORECASE)
# What does something stands behind this: "does the soup keep?"
_DOES = re.compile(
    rf"\b(?:can|could|did|do|does|may|might|must|shall|should|will|would) (?={_DETERMINER.pattern})", re.IGNORECASE
)
_WORD = re.compile(r"\S+")
_RELATES = re.compile(r"(?:about|and|at|by|for|from|in|of|on|or|that|to|under|which|who|with)\b", re.IGNORECASE)
# What asks and names nothing.
_ASKS_MORE = re.compile(
    rf"\W*{OPENERS}*(?P<what>(?:(?:at|by|for|from|in|of|on|since|to|until|with) )?(?:who|whom|whose|what|which|when"
    r"|where|why|how)(?: (?:else|many|much|often|long|old|soon|far|fast|large|big|not|one|ones))?)(?: exactly| so)?"
    r"[\s?.!]*",
    re.IGNORECASE,
)
_AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must)(?:n[’']t)?"
# What a question is asked by, where nothing else is in it, before its verb.
_ASKED_BY = re.compile(
    rf"\W*(?:{OPENERS}*(?:(?:by|for|from|in|of|on|since|to|until|with) )?(?:when|where|why|how(?: (?:many|much|often"
    rf"|long|old|soon|far|fast|large|big))?|who|whom|what) )?(?P<rest>{_AUXILIARY} (?!there\b).+)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Thing:
    """All that a follow-up names: as it stands there, "the cottage", without its article, and behind which "of"."""

    text: str
    name: str
    before: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the conversation knows it, as "the cottage" is and "a cottage" is not."""
        return self.text != self.name and not self.text.lower().startswith(("a ", "an ", "each ", "every "))

    @property
    def stems(self) -> set[str]:
        """What a sentence on it holds."""
        return stems(self.name)


def thing_of(question: str) -> Thing | None:
    """What is all that `question` names, behind "And" or "What about"; None if it says more, or less.

    >>> thing_of("And the fishing cottage?"), thing_of("What about it?")
    (Thing(text='the fishing cottage', name='fishing cottage', before=''), None)
    >>> thing_of("And in lung cancer?")
    Thing(text='lung cancer', name='lung cancer', before='in')
    """
    opener, ending = _OPENER.match(question), _ENDING.search(question)
    if not opener or not ending:
        return None
    text = question[opener.end() : ending.start()]
    behind = _BEFORE.match(text)
    text = text[behind.end() :] if behind else text
    determined = _DETERMINER.match(text)
    name = text[determined.end() :] if determined else text
    found = name.split()
    named = found[:-1] if _NUMBERED.fullmatch(name) else found
    plain = all(is_topic(word) and word.lower() not in STOP_WORDS for word in named)
    return Thing(text, name, behind["how"].lower() if behind else "") if plain and 0 < len(found) <= LONGEST else None


def names_one(question: str) -> bool:
    """Whether all that `question` names is another of a kind: "And the blue one?"."""
    return _ONE.fullmatch(question) is not None


def another(question: str, asked: str) -> tuple[str, Thing] | None:
    """`asked`, the last question, of another of the same kind, and that; None if `question` names none so.

    >>> another("And the blue one?", "When is the green bin collected?")
    ('When is the blue bin collected?', Thing(text='the blue bin', name='blue bin', before=''))
    >>> another("And the old one?", "When is the museum open?")
    """
    one = _ONE.fullmatch(question)
    places = [m for m in _OF_KIND.finditer(asked) if _is_one(m)] if one else []
    if not one or len(places) != 1:
        return None
    start, end = places[0].span()
    name = f"{one['which']} {places[0]['kind']}"
    return f"{asked[:start]}{one['the']} {name}{asked[end:]}", Thing(f"{one['the']} {name}", name)


def _is_one(found: re.Match[str]) -> bool:
    """Whether it is one of a kind, not a thing and what is said of it: "the museum open"."""
    which, kind = found["which"].lower(), found["kind"]
    return (
        which not in STOP_WORDS and is_topic(kind) and kind.lower() not in STOP_WORDS and named_in(found[0]) == found[0]
    )


def asks_more(question: str) -> str | None:
    """What `question` asks, where it names nothing; else None.

    >>> asks_more("And since when?"), asks_more("Who else?"), asks_more("When did it end?"), asks_more("Who is she?")
    ('since when', 'who else', None, None)
    """
    found = _ASKS_MORE.fullmatch(question)
    return found["what"].lower() if found else None


def asked_of_the_same(what: str, asked: str) -> str:
    """`asked`, the last question, for `what` is asked now.

    >>> asked_of_the_same("by whom", "When was the lease signed?"), asked_of_the_same("how much", "Can fees be raised?")
    ('By whom was the lease signed?', 'How much can fees be raised?')
    >>> asked_of_the_same("when", "Who discovered PD-1?"), asked_of_the_same("where", "Is there a party?")
    ('When: who discovered PD-1?', 'Where: is there a party?')
    """
    opener = _OPENER.match(asked)
    asked = asked[opener.end() if opener else 0 :]
    what = what[0].upper() + what[1:]
    found = None if what.endswith((" else", " not")) else _ASKED_BY.fullmatch(asked)
    rest = found["rest"] if found else asked
    rest = rest[:1].lower() + rest[1:] if found or rest.split()[0].lower() in STOP_WORDS else rest
    return f"{what} {rest}" if found else f"{what}: {rest}"


def instead(thing: Thing, turns: Sequence[Turn]) -> str | None:
    """The last question of `turns`, put of `thing`; None if it asked of nothing that this could stand for.

    >>> instead(Thing("Edmund", "Edmund"), [Turn("user", "What does Miriam get?")])
    'What does Edmund get?'
    >>> instead(Thing("the maps", "maps"), [Turn("user", "Who gets the piano?"), Turn("user", "And the cottage?")])
    'Who gets the maps?'
    """
    asked = ""
    for turn in turns:
        if turn.role == "user":
            further = thing_of(turn.text) if asked else None
            asked = (_put(further, asked) if further else None) or turn.text
    return _put(thing, asked)


def _put(thing: Thing, asked: str) -> str | None:
    """`asked` with `thing` in the place of the one of its kind there: what is numbered, a name, or what "the" names.

    Where there is none, in the place of a pronoun, for that stood for another.

    >>> _put(Thing("severity 3", "severity 3"), "How soon is a severity 2 incident answered?")
    'How soon is a severity 3 incident answered?'
    >>> _put(Thing("Spain", "Spain"), "Has India got a CAR-T product of its own?")
    'Has Spain got a CAR-T product of its own?'
    >>> _put(Thing("the essay", "essay"), "How much does it count?")
    'How much does the essay count?'
    >>> _put(Thing("the tenant", "tenant", "for"), "Who signed for the landlord?")
    'Who signed for the tenant?'
    >>> _put(Thing("the Skua", "Skua"), "What does the Orca 200 cost?")
    'What does the Skua cost?'
    >>> _put(Thing("the cost", "cost"), "What are the side effects of the drug?")
    """
    places = _places(thing, asked)
    if not (places or thing.before):
        return in_its_place(asked, thing.text)
    if len(places) != 1:
        return None
    start, end = places[0]
    return f"{asked[:start]}{thing.text}{asked[end:]}"


def _places(thing: Thing, asked: str) -> list[tuple[int, int]]:
    """The stretches of `asked` in whose place `thing` may stand."""
    ending = _ENDING.search(asked)
    end = ending.start() if ending else len(asked)
    if numbered := _NUMBERED.fullmatch(thing.name):
        article = f"(?:{_DETERMINER.pattern})?" if thing.text != thing.name else ""
        written = rf"{article}\b{numbered['of']} (?:\d{{1,3}}|[IVX]{{1,4}}|[A-Z])\b"
        places = [m.span() for m in re.finditer(written, asked, re.IGNORECASE)]
        if places or not thing.name[0].isupper():  # else it is a name: Orca 200
            return places
    if _FIGURES.fullmatch(thing.name):
        figures = rf"(?<![\w.,-])\d{{{len(thing.name)}}}(?![\w-]|[.,]\d)"
        return [m.span() for m in re.finditer(figures, asked)]
    if thing.before:
        behind = re.compile(rf"\b{thing.before} (?=((?:{_DETERMINER.pattern})?)([^,;:?]+)$)", re.IGNORECASE)
        found = [m for m in behind.finditer(asked, 0, end) if all(is_topic(w) for w in m[2].split())]
        return [(m.end(), end) for m in found[-1:]]
    if thing.name[0].isupper():
        return [m.span() for m in _NAME.finditer(asked) if _is_code(m["name"]) == _is_code(thing.name)]
    # What ends the question, where nothing else is named so.
    named = list(_DETERMINER.finditer(asked))
    if thing.text != thing.name:
        if len(named) == 1 and (doer := _doer(asked, end)):
            return [doer] if _is_likewise(thing, named[0]) else []
        is_whole = len(named) == 1 and all(is_topic(w) for w in asked[named[0].start() : end].split()[1:])
        return [(named[0].start(), end)] if is_whole and _is_likewise(thing, named[0]) else []
    bare = _BARE.search(asked, 0, end)
    return [bare.span("name")] if bare and not named[1:] and is_topic(bare["name"]) else []


def _doer(asked: str, end: int) -> tuple[int, int] | None:
    """Where `asked`, which ends at `end`, names what does something: up to a word that names nothing, or to the last.

    >>> _doer("How long does the lentil soup take?", 34), _doer("What does the soup cost?", 23)
    ((14, 29), (10, 18))
    >>> _doer("How long is the soup boiled?", 27)
    """
    does = _DOES.search(asked, 0, end)
    said = list(_WORD.finditer(asked, does.end(), end)) if does else []
    names = list(takewhile(lambda word: is_topic(word[0]), said[1:-1]))
    if not names or _RELATES.match(said[1 + len(names)][0]):
        return None
    return said[0].start(), names[-1].end()


def _is_likewise(thing: Thing, determiner: re.Match[str]) -> bool:
    """Whether `thing` may be of the kind of what has this determiner: "the heating" is none of "a dog"'s."""
    return not (thing.is_known and determiner[0].lower().startswith(("a ", "an ")))


def _is_code(name: str) -> bool:
    """Whether a name has more capitals than one a word, as PD-1 has and Colin Drew has not."""
    return any(any(map(str.isupper, word[1:])) for word in name.split())
