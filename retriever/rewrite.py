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
from itertools import pairwise

from ingest import STOP_WORDS, Library

from .answers import Turn
from .carry import (
    LOOKED_AT_CHARS,
    NEW_SUBJECT,
    RETURNING,
    Term,
    carried,
    has_capital,
    idle,
    looked_at,
    points_back,
    stands_alone,
    stems,
    written,
)
from .meeting import Meeting
from .places import OPENERS
from .search import Part
from .smalltalk import kind, without
from .topics import is_topic

# Words are carried over from this probability on, into a question that could stand alone and into one that points back;
# of them at most so many, and none much less probable than the first.
STANDING = 0.5
LEANING = 0.15
CARRIED = 4
OF_FIRST = 0.5
# A phrase stands for a pronoun from this probability on.
SURE = 0.4
# From this probability on a whole question means a word that the library never holds beside its own.
CERTAIN = 0.7
# Words of less probability still belong to a phrase if they stand beside one that is carried over.
BESIDE = 0.15
LONGEST = 7
_JOINING = frozenset("a and by for from in of on or plus the to with".split())
_ARTICLES = frozenset(("a", "an", "the"))
_PRONOUN = re.compile(
    r"\b((?P<owner>its|their)|(?P<thing>it|they|them)|(?P<persons>his|her(?=\s\w))|(?P<person>he|she|him|her))\b",
    re.IGNORECASE,
)
_MEANWHILE = re.compile(r"\b(?:after|before|during|since|until) $", re.IGNORECASE)
# What is owned by "its" or "their", if it ends a question that asks for it.
_ASKED_FOR = re.compile(r"\bwhat(?:'s|’s| is| are| was| were| about) $", re.IGNORECASE)
_OWNED = re.compile(r"((?: [^\W_][\w-]*){1,3})([?.! ]*)")
# "Priya Nair's salary" is no person; Priya Nair is.
_OWNS = re.compile(r"['’]s? ")
_GENITIVE = re.compile(r"['’]s?$")
_JOINED = re.compile(rf" (?:{'|'.join(sorted(_JOINING))}) ")
# A capital within a sentence.
_NAME = re.compile(r"(?<=[^\W_][ ,])[^\S\n]*([A-Z][a-z-]+)")
# What a number or letter may belong to: "stage 2".
_NUMBERED = frozenset("chapter class figure grade group part phase section stage step table type version".split())
# What a number counts: "5 mg", "5 days".
_COUNTED = re.compile(r" ?(?:%|(?:[mkµn]?g|m?l|[cmk]?m)\b|(?<= )[^\W\d_]{2,}[^\Wsui]s\b)")
# "It" is no person.
_PERSONS = frozenset(
    """author boy child director doctor employee father girl husband judge landlady landlord lawyer man mother nurse
    patient person physician student surgeon teacher tenant wife woman""".split()
)
# No day is "it", nor are several.
_CALENDAR = frozenset(
    """april august december february friday fridays january july june march may monday mondays november october
    saturday saturdays september sunday sundays thursday thursdays tuesday tuesdays wednesday wednesdays weekday
    weekdays weekend weekends""".split()
)
_DAYS = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[-–](?:mon|tue|wed|thu|fri|sat|sun)[a-z]*", re.IGNORECASE)
# What is said of a thing, and no part of its name: "the museum open", "the green bin collected".
_SAID_OF = re.compile(
    r"(?: (?:closed|due|free|late|open|ready|shut)(?: (?:at|from|in|on|until) .+)?| [^\W\d_]{3,}(?<!e)ed)+$"
)
# How a thing is, which no pronoun stands for: "the flame yellow".
_STATES = frozenset(
    """black blue blurry broken brown cracked crooked dead dim dirty dry empty faulty foggy frozen greasy green grey
    gray hot jammed loose loud mouldy muddy noisy pink purple red rusty shaky sour sticky stuck torn warm wet white
    wobbly yellow""".split()
)
_STATED = re.compile(rf" (?P<state>{'|'.join(sorted(_STATES))})$")
# Another state of the same is asked of: "and if it goes out?"
_ANOTHER_STATE = re.compile(r"\b(?:if|once|when|whenever) (?:it|they) ", re.IGNORECASE)
_SINGULAR = frozenset("ascites diabetes herpes measles mumps news rabies rickets series species".split())
_PLURAL = re.compile(r"([^\W\d_]{2}[^\Wsui]s|people|children|mice)$")
# Where "it" stands for nothing that was said: "is it true that", "how long does it take to"; or for what is done.
_EMPTY_IT = re.compile(
    r"\b(?:does|did)\s+it(?=\W*$|\s+(?:at|for|in|on|with)\b)|"
    r"\bit\s+(takes?(?! (?:effect|off|part|place))|makes?|seems?|matters?)\b|\bit\b[^.?!]*\b(that|to|for)\b",
    re.IGNORECASE,
)
# What a turn names itself in front of what it asks: "and the red BX200, why was it recalled?"
_IN_FRONT = re.compile(
    rf"\W*(?P<opens>{OPENERS}*(?P<on>(?:(?:speaking|talking) (?:about|of)|(?:(?:coming|going) )?back to|as for"
    r"|regarding) )?)"
    r"(?P<the>(?:my|our|that|the|these|this|those|your) )?(?P<name>[^\W_][\w'’-]*(?: [\w'’-]+){0,3}), "
    r"(?P<asks>(?:are|can|could|did|do|does|had|has|have|how|is|may|must|shall|should|was|were|what|when|where|which|who"
    r"|whose|why|will|would)\b.*)",
    re.IGNORECASE | re.DOTALL,
)
_ONE = re.compile(rf"\W*{OPENERS}*(?:the|this|that) [^,]+ ones?, ", re.IGNORECASE)


def parts(searched_for: str, question: str) -> tuple[Part, ...]:
    """What to search for where `question` was rewritten into `searched_for`: that, and the bare question beside it."""
    return (Part(searched_for),) if searched_for == question else (Part(searched_for), Part(question))


def rewrite(library: Library, question: str, history: Sequence[Turn]) -> str:
    """The question that `question` is after the turns before it (oldest first); inside `library.reading()`."""
    turns = since_new_subject(history)
    if not any(turn.role == "user" for turn in turns) or kind(question) or _says_subject(question):
        return question
    front = in_front(question)
    if front and names_another(front):
        return of_its_own(question)
    # "And the red one, why was it recalled?" asks of that one.
    sure = not _ONE.match(question)
    question = of_its_own(question)
    terms = [term for term in carried(library, question, turns) if is_topic(term.word)]
    least = STANDING if stands_alone(question) else LEANING
    meeting = Meeting(library, question, turns)
    probable = bool(terms) and terms[0].probability >= least
    terms = [term for term in terms if not meeting.left(term)] if probable else []
    # What a subject is called may meet what the question names where the subject does not: "Ebola treatments".
    beside = {term.stems for term in terms if term.probability >= BESIDE}
    if _PRONOUN.search(question):
        days = [term for term in terms if _is_day(term.word)]
        whens = [term for term in days if _tells_when(phrases([term], beside, turns)[0])]
        terms = [term for term in terms if term not in whens]
        states = [] if _ANOTHER_STATE.search(question) else [term for term in terms if term.word in _STATES]
        terms = [term for term in terms if term.word not in _STATES] + states
    if points_back(question):  # it means something, if not what was left
        least = min([least, *(term.probability for term in terms[:1])])
    else:
        terms = [term for term in terms if term.probability >= (least if meeting.meets(term) else CERTAIN)]
    if not terms or terms[0].probability < least:
        return question
    least = max(least, OF_FIRST * terms[0].probability)
    meant = [term for term in terms[:CARRIED] if term.probability >= least]
    found = phrases(meant, beside, turns)
    return written_into(question, found, sure and meant[0].probability >= SURE, _article(found[0], turns))


def in_front(question: str) -> re.Match[str] | None:
    """What `question` names in front of what it asks of it; None if it does not."""
    front = _IN_FRONT.fullmatch(question)
    if not front or not (front["the"] or front["on"] or (front["opens"] and front["name"][0].isupper())):
        return None
    plain = all(is_topic(word) and word.lower() not in STOP_WORDS for word in front["name"].split())
    return front if plain and _of_it(front) else None


def names_another(front: re.Match[str]) -> bool:
    """Whether what is named so is another subject, and no part of the one before: by a name, or in so many words."""
    return bool(front["on"]) or has_capital(front["name"])


def of_its_own(question: str) -> str:
    """`question` with what it names in front of what it asks in place of its pronoun, where it does.

    >>> of_its_own("And the red BX200, why was it recalled?"), of_its_own("Speaking of vaccines, how are they made?")
    ('why was the red BX200 recalled?', 'how are vaccines made?')
    >>> of_its_own("And in children, how is it given?"), of_its_own("Oh, what can they do?")
    ('And in children, how is it given?', 'Oh, what can they do?')
    """
    front = in_front(question)
    return _of_it(front) or question if front else question


def _of_it(front: re.Match[str]) -> str | None:
    """What is asked of the name in front, in the pronoun's place; None if that does not agree."""
    put = written_into(front["asks"], [front["name"]], True, front["the"] or "")
    return None if put.endswith(f"(about: {front['name']})") else put


def _without_small_talk(history: Sequence[Turn]) -> Sequence[Turn]:
    """The turns without thanks and the like, alone or before a question, and without what was replied to them."""
    kept: list[Turn] = []
    asked = True
    for turn in history:
        asked = not kind(turn.text) if turn.role == "user" else asked
        if asked:
            kept.append(Turn(turn.role, without(turn.text)) if turn.role == "user" else turn)
    return kept


def since_new_subject(history: Sequence[Turn]) -> Sequence[Turn]:
    """The turns since the last that changed the subject in so many words, without small talk."""
    history = _without_small_talk(history)
    for i in range(len(history) - 1, -1, -1):
        if history[i].role == "user" and _says_subject(history[i].text):
            return history[i:]
    return history


def _says_subject(question: str) -> bool:
    """Whether a turn changes the subject in so many words, to another or back to one it names."""
    return bool(NEW_SUBJECT.search(question) or RETURNING.search(question))


def phrases(meant: Sequence[Term], beside: Collection[tuple[str, ...]], history: Sequence[Turn]) -> list[str]:
    """The terms as the history writes them, those that stand together as one phrase; the first term's first."""
    wanted = {term.stems for term in meant}
    runs = [run for _, _, _, text in looked_at(history) for run in _runs(text, wanted, beside)]
    said = [text for _, _, _, text in looked_at(history)]
    names = {word for text in said for word in _NAME.findall(text)}
    small = {word for text in said for _, word in written(text) if word[0].islower()}
    found: list[str] = []
    covered: set[tuple[str, ...]] = set()
    for term in meant:
        if term.stems in covered:
            continue
        holding = [run for run in runs if term.stems in run[1]]
        text, inside = max(holding, key=lambda run: len(run[1] - covered), default=(term.word, {term.stems}))
        if inside & covered:  # the rest of it was said
            text, inside = term.word, {term.stems}
        # The capital of a sentence's first word is not the phrase's.
        first, *others = text.split()
        opens = (others and first[1:].islower()) or first[0].lower() + first[1:] in small
        opens = (
            opens and first not in names and not any(word[0].isupper() and word[1:].islower() for word in others[:1])
        )
        text = _without_genitive(text, said)
        found.append(text[0].lower() + text[1:] if opens else text)
        covered |= inside
    return found


def _without_genitive(phrase: str, said: Sequence[str]) -> str:
    """`phrase` without the genitive that it ends with where what is owned follows it in a text that was `said`.

    >>> _without_genitive("Priya Nair's", ["What is Priya Nair's salary?"])
    'Priya Nair'
    >>> _without_genitive("Crohn's", ["How is Crohn's treated?"])
    "Crohn's"
    """
    follows = re.compile(rf"{re.escape(phrase)} ([^\W_]+)")
    owned = (word for text in said for word in follows.findall(text))
    return _GENITIVE.sub("", phrase) if any(not idle(w) and not w.endswith(("ed", "ing")) for w in owned) else phrase


def _article(phrase: str, history: Sequence[Turn]) -> str:
    """The article, with a space, that stands before `phrase` in the history; empty if none does."""
    said = re.compile(rf"\b(an?|the) ([\w-]+ )?{re.escape(phrase)}\b", re.IGNORECASE)
    found = [match for turn in history if (match := said.search(turn.text[:LOOKED_AT_CHARS]))]
    if not found:
        return ""
    return "the " if found[-1][2] else f"{found[-1][1].lower()} "


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
            follows = bool(run) and run[-1] == j - 1
            # The cells of "T cells", the reference of "dangling reference".
            headed = follows and (_is_letter(found[j - 1][2]) or found[j - 1][2].endswith("ing")) and word.islower()
            goes_on = key in wanted or headed or (key in beside and (not run or follows))
            which = follows and _is_number(word) and not _counts(found[j - 1][2], word, text[found[j][1] :])
            if which or (goes_on and is_topic(word)):
                run.append(j)
            elif word.lower() not in _JOINING or not run:
                break
        inside = {found[j][3] for j in run} & set(wanted)
        if inside:
            first = run[0]
            if first and _is_number(found[first][2]) and found[first - 1][2].lower() in _NUMBERED:
                first -= 1
            yield text[found[first][0] : found[run[-1]][1]], inside
        i = run[-1] + 1 if run else i + 1


def _is_number(word: str) -> bool:
    """Whether a word names which one of several: 2, C, 067."""
    return word.isdigit() or (len(word) == 1 and word.isupper())


def _counts(before: str, number: str, behind: str) -> bool:
    """Whether a `number` says how many: that of "stop warfarin 5 days", but not that of "stage 2 tumours"."""
    return number.isdigit() and before.lower() not in _NUMBERED and _COUNTED.match(behind) is not None


def _is_letter(word: str) -> bool:
    return len(word) == 1 and word.isupper()


def written_into(question: str, phrases: Sequence[str], sure: bool, article: str = "") -> str:
    """`question` with the first phrase in place of its one pronoun if that is sure, and the others behind it.

    "It" stands for one thing, "they" for several: where the phrase does not agree it stands behind the question too.

    >>> written_into("How is it given?", ["CAR-T cell therapy"], sure=True)
    'How is CAR-T cell therapy given?'
    >>> written_into("And what are its side effects?", ["PD-1 on the T cell"], sure=True)
    'And what are the side effects of PD-1 on the T cell?'
    >>> written_into("And in lung cancer?", ["PD-1 blockade", "survival"], sure=True)
    'And in lung cancer? (about: PD-1 blockade, survival)'
    >>> written_into("Where does it take place?", ["photosynthesis"], sure=True)
    'Where does photosynthesis take place?'
    >>> written_into("How much does it cost?", ["museum open"], sure=True, article="the ")
    'How much does the museum cost?'
    >>> written_into("When did she start?", ["Priya Nair's salary"], sure=True)
    'When did Priya Nair start?'
    >>> written_into("Who mends it?", ["flame yellow"], sure=True), written_into("If it dies?", ["flame"], sure=True)
    ('Who mends flame? (about: yellow)', 'If flame dies?')
    """
    pronouns = list(_PRONOUN.finditer(question))
    rest = list(phrases)
    if sure and len(pronouns) == 1 and not _EMPTY_IT.search(question):
        found = pronouns[0]
        # Only a name is he or she.
        person = found["person"] or found["persons"]
        if person:
            fitting = [p for p in phrases if p[:1].isupper()]
        else:
            fitting = [p for p in [p for p in phrases if not _tells(p)][:1] if _agree(found[0], p) and p not in _STATES]
        for phrase in fitting[:1]:
            meant = _OWNS.split(phrase)[0] if person else named_in(phrase)
            whole = _replaced(question, found, f"{article}{meant}" if phrase == phrases[0] else meant)
            if whole:
                rest.remove(phrase)
                if not person and (state := _STATED.search(phrase)):
                    rest.insert(0, state["state"])
                if _ANOTHER_STATE.search(question):
                    rest = [other for other in rest if other not in _STATES]
                question = whole
    return f"{question} (about: {', '.join(rest)})" if rest else question


def in_its_place(question: str, phrase: str) -> str | None:
    """`question` with `phrase` in place of its one pronoun; None if it has none, or more, or that does not agree.

    Whose something is stays: "What took its place?" asks of that thing. So does what goes on meanwhile: "during it".
    """
    pronouns = list(_PRONOUN.finditer(question))
    if len(pronouns) != 1 or _EMPTY_IT.search(question):
        return None
    found = pronouns[0]
    if found["owner"] or found["persons"] or _MEANWHILE.search(question[: found.start()]):
        return None
    agrees = phrase[:1].isupper() if found["person"] else _agree(found[0], phrase)
    return _replaced(question, found, phrase) if agrees else None


def _agree(pronoun: str, phrase: str) -> bool:
    """Whether a phrase is one thing, and no person, or several as its pronoun says.

    >>> _agree("it", "landlord"), _agree("it", "security deposit"), _agree("they", "landlords")
    (False, True, True)
    """
    if _tells_when(phrase):
        return False
    head = _JOINED.split(phrase)[0]
    said = head.lower().split()
    if not _PERSONS.isdisjoint((said[0], said[-1])):  # or what one does: "landlord demand"
        return False
    several = " and " in phrase or (_PLURAL.search(head) is not None and head.split()[-1].lower() not in _SINGULAR)
    return several == pronoun.lower().startswith("the")


def named_in(phrase: str) -> str:
    """What `phrase` names, without what is said of it there.

    >>> named_in("museum open"), named_in("green bin collected"), named_in("open days"), named_in("flame yellow")
    ('museum', 'green bin', 'open days', 'flame')
    """
    return _SAID_OF.sub("", _STATED.sub("", phrase))


def _tells_when(phrase: str) -> bool:
    """Whether a phrase only tells days, months and numbers.

    >>> _tells_when("Tuesday to Sunday"), _tells_when("October 26"), _tells_when("Sunday Herald")
    (True, True, False)
    >>> _tells_when("march"), _tells_when("March 3"), _tells_when("Mon-Fri")
    (False, True, True)
    """
    return all(_is_day(word) or word in _JOINING or word.isdigit() for _, word in written(phrase))


def _is_day(word: str) -> bool:
    """Whether a word is a day of the week or several, or a month; a march is neither."""
    return (word.lower() in _CALENDAR and word != "march") or _DAYS.fullmatch(word) is not None


def _tells(phrase: str) -> bool:
    """Whether a phrase says what something does, which no pronoun stands for: an article follows its verb.

    >>> _tells("cells attack a tumour"), _tells("side effects of the drug")
    (True, False)
    """
    found = phrase.lower().split()
    return any(word in _ARTICLES and before not in _JOINING for before, word in pairwise(found))


def _replaced(question: str, pronoun: re.Match[str], phrase: str) -> str | None:
    """`question` with `phrase` in place of `pronoun`, in the genitive where that is; None if that would read badly."""
    before, after = question[: pronoun.start()], question[pronoun.end() :]
    if not (pronoun["owner"] or pronoun["persons"]):
        if pronoun[0].lower() == "them" and before.lower().endswith(" of "):
            phrase = f"the {phrase.removeprefix('the ')}"
        return f"{before}{phrase}{after}"
    owned = _OWNED.fullmatch(after)
    if owned and not pronoun["persons"] and _ASKED_FOR.search(before):
        return f"{before}the{owned[1]} of {phrase}{owned[2]}"
    ending = "'" if phrase.endswith("s") else "'s"
    return None if _JOINED.search(phrase) else f"{before}{phrase}{ending}{after}"
