"""Follow-ups that put the last question anew: of another place, option, document or thing, or by another question word.

Words carried over (`rewrite.py`) serve the others.
"""

from collections.abc import Sequence

from ingest import Library

from .answers import Turn
from .carry import points_back
from .instead import asked_of_the_same, asks_more, instead, thing_of
from .naming import namings, turned_to
from .options import turned_to_option
from .places import resumed
from .rewrite import rewrite, since_new_subject
from .smalltalk import kind, without
from .spelling import spell_out


def put_anew(library: Library, question: str, turns: Sequence[Turn]) -> str | None:
    """The last question anew, where all that `question` names is another place, option or document; else None.

    So it is where `question` names nothing ("Since when?"). Inside `library.reading()`.
    """
    resuming = resumed(question, turns) or turned_to_option(question, turns)
    more, named = asks_more(question), namings(library, question)
    if resuming or not (more or named):
        return resuming
    asked = [i for i, turn in enumerate(turns) if turn.role == "user" and not kind(turn.text)]
    if not asked:
        return None
    before, last = turns[: asked[-1]], spell_out(library, without(turns[asked[-1]].text))
    last = put_anew(library, last, before) or _resolved(library, last, before)
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
