"""Follow-ups that put the last question anew: of another place, option, document or thing, or by another question word.

Words carried over (`rewrite.py`) serve the others.
"""

import re
from collections.abc import Sequence

from ingest import Library, stems

from .answers import Turn
from .carry import has_capital, points_back, written
from .instead import Thing, another, asked_of_the_same, asks_more, instead, names_one, thing_of
from .naming import namings, turned_to
from .onward import edition, resumed
from .options import turned_to_option
from .places import OPENERS
from .rewrite import in_front, names_another, of_its_own, rewrite, since_new_subject
from .smalltalk import kind, without
from .spelling import spell_out

# "And in the 2022 version?"
_OF_YEAR = re.compile(
    rf"\W*{OPENERS}+(?:(?:about|by|for|from|in|under) )?(?P<rest>(?:of )?the (?:19|20)\d\d [^\W_]+)\W*", re.IGNORECASE
)
# What stands for the thing that was named alone just before.
_IT = re.compile(r"\b(?:it|its|they|them|their|he|him|his|she|her)\b", re.IGNORECASE)


def put_anew(library: Library, question: str, turns: Sequence[Turn]) -> str | None:
    """The last question anew, where all that `question` names is another place, option, document or year; else None.

    So it is where `question` names nothing ("Since when?"). Inside `library.reading()`.
    """
    resuming = resumed(question, turns) or turned_to_option(question, turns)
    more, named = asks_more(question), namings(library, question)
    year, one = _OF_YEAR.fullmatch(question), names_one(question)
    if resuming or not (more or named or year or one):
        return resuming
    asked = [i for i, turn in enumerate(turns) if turn.role == "user" and not kind(turn.text)]
    if not asked:
        return None
    before, last = turns[: asked[-1]], spell_out(library, without(turns[asked[-1]].text))
    last = put_anew(library, last, before) or _resolved(library, last, before)
    if year and (put := edition(year["rest"], last)):
        return put
    if found := another(question, last):
        return found[0]
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
        asked = [i for i, earlier in enumerate(meant) if earlier.role == "user"]
        whole = [i for i in asked if not points_back(meant[i].text)]
        for i in [*asked[-1:], *whole[-1:]] if turn.role == "user" else []:
            put, thing = another(turn.text, meant[i].text) or _of_another(library, turn.text, meant[: i + 1])
            if put and thing:
                # What "in Leeds" names is where or when something is, not what "it" is.
                alone = turn is last and _IT.search(question) and thing.before in ("", "about", "for", "of")
                meant[i:] = [Turn("user", f"What is {thing.text}?" if alone else put)]
                break
        else:
            front = in_front(turn.text) if turn.role == "user" else None
            if front:
                named = f"What is {front['the'] or ''}{front['name']}?" if turn is last else of_its_own(turn.text)
                meant = [*([] if names_another(front) else meant), Turn("user", named)]
            else:
                meant.append(turn)
    return meant


def _of_another(library: Library, question: str, turns: Sequence[Turn]) -> tuple[str, Thing] | tuple[None, None]:
    """The last question of `turns` put of the thing that is all that `question` names, if it is another of its kind."""
    thing = thing_of(question)
    put = instead(thing, turns) if thing else None
    if not thing or not put:
        return None, None
    alike = _is_name_for_name(put, turns[-1].text) or _alike(library, put, turns[-1].text)
    return (put, thing) if alike else (None, None)


def _is_name_for_name(put: str, asked: str) -> bool:
    """Whether `put` has a name in place of one that was `asked` of.

    >>> _is_name_for_name("the site of the Orca 200?", "the site of the Skua?")
    True
    """
    new, old = ([w for _, w in written(text) if w not in other.split()] for text, other in ((put, asked), (asked, put)))
    return bool(new and old) and all(has_capital(words[0]) for words in (new, old))


def _alike(library: Library, put: str, asked: str) -> bool:
    """Whether the words of `put` that `asked` lacks are held about as seldom as those in whose place they stand."""
    new, old = stems(put) - stems(asked), stems(asked) - stems(put)
    held = library.document_frequencies(new | old)
    return bool(new and old) and 0 < min(held.get(s, 0) for s in new) <= 2 * min(held.get(s, 0) for s in old)
