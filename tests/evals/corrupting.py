"""True sentences made light paraphrases of, and made false: what the verifier is fitted and measured on.

Every function draws from the `random.Random` that it is given, so a seed gives the same examples.
"""

import random
import re
from collections.abc import Callable, Sequence
from itertools import pairwise

KINDS = ("number", "date", "negation", "name", "unit", "source")
# Further ways in which models go wrong: fitted on and printed too, but not among the seeded corruptions.
FURTHER = ("ending", "opposite")
# These draw by themselves, so that the other examples stay what they were.
OWN = ("exchange", "quantifier", "order")

_SYNONYMS = dict(
    pair.split("/")
    for pair in (
        "approximately/about began/started located/situated many/numerous because/since show/demonstrate shows/demonstrates "
        "important/significant several/some large/big used/employed often/frequently usually/generally also/additionally "
        "obtain/get provide/offer provides/offers provided/offered help/assist main/chief primarily/mainly "
        "however/though although/though current/present created/made known/recognised city/town film/movie "
        "during/in including/such_as found/discovered received/got people/persons wanted/wished required/needed "
        "rapidly/quickly entire/whole nearly/almost built/constructed needs/requires"
    ).split()
)
_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_MONTHS = "January February March April May June July August September October November December".split()
_UNITS = dict(
    pair.split("/")
    for pair in (
        "mg/g kg/g g/kg days/weeks weeks/days months/years years/months hours/minutes minutes/hours seconds/minutes km/m "
        "miles/yards kilometres/metres kilometers/miles metres/feet meters/feet feet/metres million/billion billion/million "
        "day/week week/month year/month month/year hour/day dollars/euros euros/dollars percent/points ml/l mm/cm cm/mm "
        "inches/feet pounds/tons tons/pounds decades/centuries centuries/decades acres/hectares mm/cm ft/km m/km mi/km"
    ).split()
)
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|has|have|had|can|could|will|would|should|may|might|must|does|did|do)\b(?!n't)"
)
_NUMBER = re.compile(r"(?<![\w.,-])(\d+(?:,\d{3})*(?:\.\d+)?)(?![\w-]|[.,]\d)")
_YEAR = re.compile(r"(?<![\w.,$£€-])(1[4-9]\d\d|20\d\d)(?!\w|[.,]\d|-)")
_ENDING = re.compile(r"\b(in|of|for|by|with|to|at|from|on|as) (\w[\w-]* ){2,6}\w[\w-]*\.$")
_OPPOSED = {
    one: others.split(",")
    for pair in (
        "increased/decreased,reduced decreased/increased reduced/increased higher/lower lower/higher more/less,fewer most/least "
        "larger/smaller smaller/larger before/after after/before first/last early/late positive/negative negative/positive "
        "major/minor strong/weak often/rarely common/rare rare/common effective/ineffective allowed/prevented,banned "
        "began/ended started/stopped won/lost northern/southern southern/northern eastern/western western/eastern "
        "increase/decrease,reduce reduce/increase improve/worsen improved/worsened male/female men/women women/men "
        "accepted/rejected rejected/accepted supported/opposed opposed/supported same/different different/same public/private "
        "high/low low/high longer/shorter best/worst better/worse always/never younger/older older/younger significant/insignificant"
    ).split()
    for one, others in [pair.split("/")]
}
_SOME = re.compile(r"\b([Ss]ome|[Mm]any|[Ss]everal|[Ff]ew|[Mm]ost)(?: of the)? (?=[a-z]{4,})(?!other|people)")
_ORDER = re.compile(
    r"^([A-Z][^,;:()]{8,70}?) (because|before|after|(?:is|are|was|were) (?:\w+ )?\w+ed by|caused|led to|replaced|defeated)"
    r" ([^,;:()]{8,70})\.$"
)
_NAME = re.compile(r"(?<=[a-z,] )((?:[A-Z][a-z]{2,} ?)+(?<! ))")


def tidy(text: str) -> str:
    """`text` as people space it: some sets come in tokens.

    >>> tidy("It cost 150 SEK , he ( Chen ) said .")
    'It cost 150 SEK, he (Chen) said.'
    """
    text = re.sub(r"\s+([,.;:!?)%\]]|'s\b|n't\b|'\w{1,2}\b)", r"\1", re.sub(r"``|''", '"', text))
    return " ".join(re.sub(r"([(\[$£])\s+", r"\1", text).split())


def paraphrased(sentence: str, rng: random.Random) -> str:
    """`sentence` with the same meaning, or less of it: up to three of the changes below that change anything."""
    changes: list[Callable[[str], str]] = [
        lambda s: re.sub(r" \([^()]*\)", "", s),
        lambda s: (
            re.sub(r", (which|who|where|whereas|although|but|while)\b[^,]*(?=[.]$)", "", s)
            if len(s.split()) > 14
            else s
        ),
        lambda s: re.sub(
            r"^((?:In|On|At|During|After|Before|By|From|Since) [^,]{3,40}), ([^,]+)\.$", lambda m: _later(m[1], m[2]), s
        ),
        lambda s: re.sub(
            r"^(However|Moreover|Thus|Also|Therefore|Furthermore|In addition), (\w)", lambda m: m[2].upper(), s
        ),
        lambda s: re.sub(r"\b([a-z]+) and ([a-z]+)\b(?=[.,])", r"\2 and \1", s, count=1),
        lambda s: re.sub(r"\b([2-9]|1[0-2])\b(?= [a-z])", lambda m: _WORDS[int(m[1])], s),
        lambda s: re.sub(rf"\b({'|'.join(_WORDS[2:])})\b", lambda m: str(_WORDS.index(m[1])), s),
        lambda s: re.sub(r"(?<=\d)%", " percent", s),
        lambda s: re.sub(r"(?<=\d) percent\b", "%", s),
        lambda s: re.sub(r"\bdid not\b", "didn't", re.sub(r"\bis not\b", "isn't", s)),
        lambda s: _with_synonyms(s, rng),
        lambda s: _with_synonyms(s, rng),
    ]
    rng.shuffle(changes)
    done = 0
    for change in changes:
        changed = change(sentence)
        if changed != sentence and len(changed.split()) >= 5:
            sentence, done = changed, done + 1
        if done == 3:
            break
    return sentence


def corrupted(sentence: str, kind: str, names: Sequence[str], endings: Sequence[str], rng: random.Random) -> str | None:
    """`sentence` made false in one place; None where it has no such place.

    `names` and `endings` ("in the north of France.") are those of other documents.
    """
    if kind == "ending":
        ending = _ENDING.search(sentence)
        alike = [e for e in endings if ending and e.split()[0] == ending[0].split()[0] and e not in sentence]
        return _put(sentence, ending, lambda old: rng.choice(alike)) if ending and alike else None
    if kind == "opposite":
        words = [m for m in re.finditer(r"\b[a-z]{3,}\b", sentence) if m[0] in _OPPOSED]
        return _put(sentence, rng.choice(words), lambda old: rng.choice(_OPPOSED[old])) if words else None
    if kind == "negation":
        return _negated(sentence)
    if kind == "number":
        found = [m for m in _NUMBER.finditer(sentence) if not _YEAR.fullmatch(m[1])]
        return _put(sentence, rng.choice(found), lambda old: _other_number(old, rng)) if found else None
    if kind == "date":
        found = [*_YEAR.finditer(sentence), *re.finditer(rf"\b({'|'.join(_MONTHS)})\b(?= \d)", sentence)]
        return _put(sentence, rng.choice(found), lambda old: _other_date(old, rng)) if found else None
    if kind == "name":
        found = [m for m in _NAME.finditer(sentence) if m[1] not in _MONTHS]
        fitting = [name for name in names if name not in sentence]
        return _put(sentence, rng.choice(found), lambda old: rng.choice(fitting)) if found and fitting else None
    if kind == "unit":
        found = list(re.finditer(rf"(?<=\d )({'|'.join(_UNITS)})\b", sentence))
        return _put(sentence, rng.choice(found), lambda old: _UNITS[old]) if found else None
    raise ValueError(f"there is no kind {kind!r} of corruption of a sentence")


def exchanged(sentence: str, passage: str, rng: random.Random) -> str | None:
    """`sentence` with a number that `passage` gives for something else of the same kind; None where there is none.

    Of the same kind are two years, or numbers before the same word or sign.

    >>> exchanged("He paid 12 francs.", "He paid 12 francs, she 15 francs. In 1998 he left.", random.Random(0))
    'He paid 15 francs.'
    """
    given = {(match[1], _kind(passage, match)) for match in _NUMBER.finditer(passage)}
    places = [
        (match, others)
        for match in _NUMBER.finditer(sentence)
        if (others := sorted(n for n, kind in given if kind == _kind(sentence, match) and n != match[1]))
    ]
    if not places:
        return None
    match, others = rng.choice(places)
    return _put(sentence, match, lambda old: rng.choice(others))


def overstated(sentence: str, rng: random.Random) -> str | None:
    """`sentence` with "all" or "most" for the first "some" or "many", "all" for "most"; None where it has neither.

    >>> overstated("Some cats swim.", random.Random(1))
    'All cats swim.'
    """
    match = _SOME.search(sentence)
    if not match:
        return None
    word = rng.choice(("all", "most") if match[1].lower() != "most" else ("all",))
    return _put(sentence, match, lambda old: f"{word.capitalize() if old[0].isupper() else word} ")


def reordered(sentence: str, rng: random.Random) -> str | None:
    """`sentence` with the sides of its verb or connective exchanged, or two of its names; None where it has none.

    >>> reordered("The old mill burned down because the guard was asleep.", random.Random(0))
    'The guard was asleep because the old mill burned down.'
    """
    if match := _ORDER.match(sentence):
        first = match[1] if match[1].split()[0] != "The" else f"the{match[1][3:]}"
        return f"{match[3][0].upper()}{match[3][1:]} {match[2]} {first}."
    found = [m for m in _NAME.finditer(sentence) if m[1] not in _MONTHS]
    pairs = [
        (a, b)
        for a, b in pairwise(found)
        if a[1] != b[1] and not re.search(r",|\b(and|or|,|of|in|at)\b|^\s*$", sentence[a.end() : b.start()])
    ]
    if not pairs:
        return None
    a, b = rng.choice(pairs)
    return sentence[: a.start()] + b[1] + sentence[a.end() : b.start()] + a[1] + sentence[b.end() :]


def endings_of(texts: Sequence[str]) -> list[str]:
    """How sentences of `texts` end, from their last preposition that leaves three words or more."""
    return sorted({m[0] for text in texts for m in [_ENDING.search(text)] if m})


def names_of(texts: Sequence[str]) -> list[str]:
    """The names in `texts` that do not open a sentence, each once."""
    return sorted({m[1] for text in texts for m in _NAME.finditer(text)} - set(_MONTHS))


def _later(opening: str, rest: str) -> str:
    return f"{rest[0].upper()}{rest[1:]} {opening[0].lower()}{opening[1:]}."


def _with_synonyms(sentence: str, rng: random.Random) -> str:
    found = [m for m in re.finditer(r"\b[a-z]+\b", sentence) if m[0] in _SYNONYMS]
    return _put(sentence, rng.choice(found), lambda old: _SYNONYMS[old].replace("_", " ")) if found else sentence


def _negated(sentence: str) -> str | None:
    plain = re.sub(r"\b(not|never) |n't\b", "", sentence, count=1)
    if plain != sentence:
        return plain.replace("can is", "can").replace(" ca ", " can ")
    changed = _AUXILIARY.sub(r"\1 not", sentence, count=1)
    return changed if changed != sentence else None


def _put(sentence: str, match: re.Match[str], make: Callable[[str], str]) -> str:
    return sentence[: match.start()] + make(match[0]) + sentence[match.end() :]


def _kind(text: str, number: re.Match[str]) -> str:
    """What a number counts, by the word or sign behind it; years are a kind of their own."""
    behind = re.match(r"\s*([^\W\d_]+|\S?)", text[number.end() :])
    return "a year" if _YEAR.fullmatch(number[1]) or not behind else behind[1].lower()


def _other_number(old: str, rng: random.Random) -> str:
    value = float(old.replace(",", ""))
    while True:
        new = value * rng.choice((0.5, 0.9, 1.1, 1.5, 2, 10)) + rng.choice((-2, -1, 1, 2, 7))
        places = len(old.partition(".")[2])
        text = f"{abs(new):,.{places}f}" if "," in old else f"{abs(new):.{places}f}"
        if float(text.replace(",", "")) != value:
            return text


def _other_date(old: str, rng: random.Random) -> str:
    if old in _MONTHS:
        return rng.choice([month for month in _MONTHS if month != old])
    return str(int(old) + rng.choice((-30, -11, -3, -1, 1, 2, 5, 10)))
