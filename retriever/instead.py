"""A follow-up that only names another thing ("And the cottage?"), and the last question put of that.

What is named stands in the place of something that was asked of, and to carry that over ("And the cottage? (about:
piano)") finds what was said already. But it may as well be another side of it ("Who makes the drug?" "And the dose?"):
both ways are tried, and the answers tell (`Retriever._look`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest import STOP_WORDS, stems

from .answers import Turn
from .places import OPENERS
from .topics import is_topic

# What is named has at most so many words.
LONGEST = 4

_OPENER = re.compile(rf"^\W*{OPENERS}+", re.IGNORECASE)
_DETERMINER = re.compile(r"\b(?:an?|the|my|our|your|his|her|its|their|this|that|each|every)\s+", re.IGNORECASE)
_ENDING = re.compile(r"[\s?.!]*$")
# Names within a sentence, with an article: Edmund, the First Lady, PD-1.
_NAME = re.compile(r"(?<=[^\W_][ ,])(?:[Tt]he )?(?P<name>[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*)")
_NUMBERED = re.compile(r"([^\W\d_]+) \d{1,3}")


@dataclass(frozen=True, slots=True)
class Thing:
    """All that a follow-up names: as it stands there, "the cottage", and without its article."""

    text: str
    name: str

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

    >>> thing_of("And the fishing cottage?"), thing_of("And in lung cancer?"), thing_of("What about it?")
    (Thing(text='the fishing cottage', name='fishing cottage'), None, None)
    """
    opener, ending = _OPENER.match(question), _ENDING.search(question)
    if not opener or not ending:
        return None
    text = question[opener.end() : ending.start()]
    determined = _DETERMINER.match(text)
    name = text[determined.end() :] if determined else text
    found = name.split()
    plain = all(is_topic(word) and word.lower() not in STOP_WORDS for word in found)
    return Thing(text, name) if plain and 0 < len(found) <= LONGEST else None


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

    >>> _put(Thing("severity 3", "severity 3"), "How soon is a severity 2 incident answered?")
    'How soon is a severity 3 incident answered?'
    >>> _put(Thing("Spain", "Spain"), "Has India got a CAR-T product of its own?")
    'Has Spain got a CAR-T product of its own?'
    >>> _put(Thing("the cost", "cost"), "What are the side effects of the drug?")
    """
    numbered = _NUMBERED.fullmatch(thing.name)
    if numbered:
        places = [m.span() for m in re.finditer(rf"\b{numbered[1]} \d{{1,3}}\b", asked, re.IGNORECASE)]
        new = thing.name
    elif thing.name[0].isupper():
        places = [m.span() for m in _NAME.finditer(asked) if _is_code(m["name"]) == _is_code(thing.name)]
        new = thing.text
    else:
        ending = _ENDING.search(asked)
        end = ending.start() if ending else len(asked)
        # What ends the question, where nothing else is named so.
        named = [(m.start(), end) for m in _DETERMINER.finditer(asked)]
        is_whole = len(named) == 1 and all(is_topic(w) for w in asked[named[0][0] : end].split()[1:])
        places = named if is_whole and thing.text != thing.name else []
        new = thing.text
    if len(places) != 1:
        return None
    start, end = places[0]
    return f"{asked[:start]}{new}{asked[end:]}"


def _is_code(name: str) -> bool:
    """Whether a name has more capitals than one a word, as PD-1 has and Colin Drew has not."""
    return any(any(map(str.isupper, word[1:])) for word in name.split())
