"""A follow-up and its history -> what is searched for.

A turn that opens a conversation, or changes the subject in so many words, is searched for as it is. For
any other, the words of the history that it probably means (`carry.py`) are written into it: in place of
its pronoun ("How is CAR-T cell therapy given?"), else behind it ("And in lung cancer? (about: PD-1
blockade)"). Where no word is probable the turn stands alone, so old subjects are not dragged along. The
result is one question in words: users see it, may edit it, and ask it again. The turn as it was asked helps
to find passages, lest a word carried over in error outweigh it. DESIGN.md, "Follow-ups", has the figures.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from ingest import Library

from .answers import Turn
from .carry import NEW_SUBJECT, Term, carried, looked_at, stands_alone, stems, written
from .search import Part
from .smalltalk import kind

# Words are carried over from this probability on, into a question that could stand alone and into one that points back;
# of them at most so many, and none much less probable than the first.
STANDING = 0.45
LEANING = 0.15
CARRIED = 4
OF_FIRST = 0.5
# A phrase stands for a pronoun from this probability on.
SURE = 0.4
# Words of less probability still belong to a phrase if they stand beside one that is carried over.
BESIDE = 0.15
LONGEST = 7
_JOINING = frozenset("a and by for from in of on or plus the to with".split())
_PRONOUN = re.compile(
    r"\b((?P<owner>its|their)|(?P<thing>it|they|them)|(?P<persons>his|her(?=\s\w))|(?P<person>he|she|him|her))\b",
    re.IGNORECASE,
)
# Where "it" stands for nothing that was said: "is it true that", "how long does it take to".
_EMPTY_IT = re.compile(r"\bit\s+(takes?|makes?|seems?|matters?)\b|\bit\b[^.?!]*\b(that|to|for)\b", re.IGNORECASE)


def parts(searched_for: str, question: str) -> tuple[Part, ...]:
    """What to search for where `question` was rewritten into `searched_for`: that, and the bare question beside it."""
    return (Part(searched_for),) if searched_for == question else (Part(searched_for), Part(question))


def rewrite(library: Library, question: str, history: Sequence[Turn]) -> str:
    """The question that `question` is after the turns before it (oldest first); inside `library.reading()`."""
    turns = _since_new_subject(_without_small_talk(history))
    if not any(turn.role == "user" for turn in turns) or kind(question) or NEW_SUBJECT.search(question):
        return question
    terms = carried(library, question, turns)
    least = STANDING if stands_alone(question) else LEANING
    if not terms or terms[0].probability < least:
        return question
    least = max(least, OF_FIRST * terms[0].probability)
    meant = [term for term in terms[:CARRIED] if term.probability >= least]
    beside = {term.stems for term in terms if term.probability >= BESIDE}
    return written_into(question, phrases(meant, beside, turns), meant[0].probability >= SURE)


def _without_small_talk(history: Sequence[Turn]) -> Sequence[Turn]:
    """The turns without thanks and the like, and without what was replied to them."""
    kept: list[Turn] = []
    asked = True
    for turn in history:
        asked = not kind(turn.text) if turn.role == "user" else asked
        if asked:
            kept.append(turn)
    return kept


def _since_new_subject(history: Sequence[Turn]) -> Sequence[Turn]:
    """The turns since the last that changed the subject in so many words."""
    for i in range(len(history) - 1, -1, -1):
        if history[i].role == "user" and NEW_SUBJECT.search(history[i].text):
            return history[i:]
    return history


def phrases(meant: Sequence[Term], beside: Collection[tuple[str, ...]], history: Sequence[Turn]) -> list[str]:
    """The terms as the history writes them, those that stand together as one phrase; the first term's first."""
    wanted = {term.stems for term in meant}
    runs = [run for _, _, _, text in looked_at(history) for run in _runs(text, wanted, beside)]
    found: list[str] = []
    covered: set[tuple[str, ...]] = set()
    for term in meant:
        if term.stems in covered:
            continue
        holding = [run for run in runs if term.stems in run[1]]
        text, inside = max(holding, key=lambda run: len(run[1] - covered), default=(term.word, {term.stems}))
        # The capital of a sentence's first word is not the phrase's.
        found.append(text[0].lower() + text[1:] if re.match(r"[^\W_][a-z-]+ [a-z]", text) else text)
        covered |= inside
    return found


def _runs(
    text: str, wanted: Collection[tuple[str, ...]], beside: Collection[tuple[str, ...]]
) -> Iterator[tuple[str, set[tuple[str, ...]]]]:
    """Stretches of `text` around wanted words, with what stands beside and between them; and which each holds."""
    found = [(start, start + len(word), word, stems(word)) for start, word in written(text)]
    i = 0
    while i < len(found):
        run: list[int] = []
        for j in range(i, min(i + LONGEST, len(found))):
            _, _, word, key = found[j]
            if j > i and text[found[j - 1][1] : found[j][0]].strip():
                break
            if key in wanted or (key in beside and (not run or run[-1] == j - 1)) or (run and _is_number(word)):
                run.append(j)
            elif word.lower() not in _JOINING or not run:
                break
        inside = {found[j][3] for j in run} & set(wanted)
        if inside:
            yield text[found[run[0]][0] : found[run[-1]][1]], inside
        i = run[-1] + 1 if run else i + 1


def _is_number(word: str) -> bool:
    """Whether a word names which one of several: 2, C, 067."""
    return word.isdigit() or (len(word) == 1 and word.isupper())


def written_into(question: str, phrases: Sequence[str], sure: bool) -> str:
    """`question` with the first phrase in place of its one pronoun if that is sure, and the others behind it.

    >>> written_into("How is it given?", ["CAR-T cell therapy"], sure=True)
    'How is CAR-T cell therapy given?'
    >>> written_into("And in lung cancer?", ["PD-1 blockade", "survival"], sure=True)
    'And in lung cancer? (about: PD-1 blockade, survival)'
    """
    pronouns = list(_PRONOUN.finditer(question))
    rest = list(phrases)
    if sure and len(pronouns) == 1 and not _EMPTY_IT.search(question):
        found = pronouns[0]
        # Only a name is he or she.
        fitting = [p for p in phrases if p[:1].isupper()] if found["person"] or found["persons"] else phrases
        for phrase in fitting[:1]:
            rest.remove(phrase)
            ending = ("'" if phrase.endswith("s") else "'s") if found["owner"] or found["persons"] else ""
            question = f"{question[: found.start()]}{phrase}{ending}{question[found.end() :]}"
    return f"{question} (about: {', '.join(rest)})" if rest else question
