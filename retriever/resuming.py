"""Follow-ups that put the last question anew: of another place, option, document or thing, or by another question word.

Words carried over (`rewrite.py`) serve the others.
"""

import re
from collections.abc import Sequence

from ingest import Library, stems

from .answers import Turn
from .carry import points_back
from .instead import asked_of_the_same, asks_more, instead, thing_of
from .naming import namings, turned_to
from .options import turned_to_option
from .places import OPENERS, edition, resumed
from .rewrite import rewrite, since_new_subject
from .smalltalk import kind, without
from .spelling import spell_out

# "And in the 2022 version?"
_OF_YEAR = re.compile(
    rf"\W*{OPENERS}+(?:(?:about|by|for|from|in|under) )?(?P<rest>(?:of )?the (?:19|20)\d\d [^\W_]+)\W*", re.IGNORECASE
)
# What stands for the thing that was named alone just before.
_IT = re.compile(r"\b(?:it|its|they|them|their)\b", re.IGNORECASE)


def put_anew(library: Library, question: str, turns: Sequence[Turn]) -> str | None:
    """The last question anew, where all that `question` names is another place, option, document or year; else None.

    So it is where `question` names nothing ("Since when?"). Inside `library.reading()`.
    """
    resuming = resumed(question, turns) or turned_to_option(question, turns)
    more, named = asks_more(question), namings(library, question)
    year = _OF_YEAR.fullmatch(question)
    if resuming or not (more or named or year):
        return resuming
    asked = [i for i, turn in enumerate(turns) if turn.role == "user" and not kind(turn.text)]
    if not asked:
        return None
    before, last = turns[: asked[-1]], spell_out(library, without(turns[asked[-1]].text))
    last = put_anew(library, last, before) or _resolved(library, last, before)
    if year and (put := edition(year["rest"], last)):
        return put
    if more:
        return asked_of_the_same(more, last)
    return turned_to(question, named, last, namings(library, last))


def _resolved(library: Library, question: str, turns: Sequence[Turn]) -> str:
    """A question with what it means of the turns before it, where it points back."""
    if not points_back(question):
        return question
    thing = thing_of(question)
    put = instead(thing, since_new_subject(turns)) if thing else None
    return put or rewrite(library, question, turns)


def as_put(library: Library, question: str, turns: Sequence[Turn]) -> list[Turn]:
    """The turns before `question`, but "And vancomycin?" as it was meant, in place of what asked of the thing before.

    That is the last question or the last that does not point back, and only if the library holds the other thing about
    as seldom: "And the price?" asks for another side of the same. Right behind it, "it" stands for the thing alone.
    Inside `library.reading()`.
    """
    meant: list[Turn] = []
    last = next((turn for turn in reversed(turns) if turn.role == "user"), None)
    for turn in turns:
        thing = thing_of(turn.text) if turn.role == "user" else None
        asked = [i for i, earlier in enumerate(meant) if earlier.role == "user"]
        whole = [i for i in asked if not points_back(meant[i].text)]
        for i in [*asked[-1:], *whole[-1:]] if thing else []:
            put = instead(thing, meant[: i + 1]) if thing else None
            if thing and put and _alike(library, put, meant[i].text):
                alone = turn is last and _IT.search(question)
                meant[i:] = [Turn("user", f"What is {thing.text}?" if alone else put)]
                break
        else:
            meant.append(turn)
    return meant


def _alike(library: Library, put: str, asked: str) -> bool:
    """Whether the words of `put` that `asked` lacks are held about as seldom as those in whose place they stand."""
    new, old = stems(put) - stems(asked), stems(asked) - stems(put)
    held = library.document_frequencies(new | old)
    return bool(new and old) and 0 < min(held.get(s, 0) for s in new) <= 2 * min(held.get(s, 0) for s in old)
