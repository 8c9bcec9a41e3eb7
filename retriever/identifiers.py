"""Versions (3.1.0), codes (TP-310, K-1041) and file numbers (2024-0118), which name one thing by their spelling.

To an encoder 3.1.0 is much like 3.1.1, and a search by words sees three numbers. But who asks about one does not want
to hear about another, and of one that no passage holds nothing can be said.
"""

import re
from collections.abc import Iterable

from ingest import Library, Passage

# The form of an identifier, and how it is spelled.
Identifier = tuple[str, str]

_FORMS = re.compile(
    r"(?<![\w.-])v?(?P<version>\d+(?:\.\d+){2,})(?!\w|\.\d)"
    r"|(?<![\w-])(?P<letters>[A-Z]{1,6})-?(?P<digits>(?!(?:19|20)\d\d(?!\d))\d{3,})(?![\w-]|\.\d)"
    r"|(?<![\w-])(?P<number>\d{4}-\d{3,})(?![\w-])"
)
# A date (1.6.2024), and a span of years (2019-2024). A year behind letters (FY2024) is written in other ways too.
_DATED = re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}|(?:19|20)\d\d-(?:19|20)\d\d")
# In so many passages with its parts in a row one is looked for.
LOOKED_INTO = 200


def identifiers(text: str) -> dict[Identifier, str]:
    """The identifiers that `text` names, each with how it is written there.

    >>> sorted(identifiers("Does v3.1.0 mend TP-310 and E0382, or 2024-0118?").values())
    ['2024-0118', 'E0382', 'TP-310', 'v3.1.0']
    >>> identifiers("PD-1 and COVID-19 on 1.6.2024, of 2019-2024, or on 2024-06-11; 3.1 of them")
    {}
    """
    found = {}
    for match in _FORMS.finditer(text):
        if not _DATED.fullmatch(match.group()):
            form = match["letters"] or ("version" if match["version"] else "number")
            found[form, match["version"] or match["digits"] or match["number"]] = match.group()
    return found


def unheld(library: Library, question: str) -> list[str]:
    """The identifiers in `question`, as written there, that neither a passage nor a document's name holds.

    Inside `library.reading()`.
    """
    unsaid = {each: written for each, written in identifiers(question).items() if not _is_held(library, each)}
    if not unsaid:
        return []  # nearly always: the names of many documents take their time
    names = "\n".join(info.document for info in library.store.documents())
    return [written for each, written in unsaid.items() if not _is_in(each, names)]


def _is_in(identifier: Identifier, names: str) -> bool:
    form, value = identifier
    letters = "" if form in {"version", "number"} else f"{form}-?"
    return re.search(rf"(?<![^\W_])v?{letters}{re.escape(value)}(?![^\W_])", names, re.IGNORECASE) is not None


def _is_held(library: Library, identifier: Identifier) -> bool:
    form, value = identifier
    parts = re.sub(r"\W", " ", value)
    spelled = {"version": f'"{parts}" OR "v{parts}"', "number": f'"{parts}"'}
    match = spelled.get(form, f'"{form} {value}" OR "{form}{value}"')
    ids = [id for id, _ in library.store.search_words(match, LOOKED_INTO)]
    return any(identifier in identifiers(f"{p.context}\n{p.text}") for p, _ in library.store.passages(ids).values())


def is_of_another(asked: Iterable[Identifier], passage: Passage, text: str) -> bool:
    """Whether `text`, of `passage`, is about another identifier of a form that is asked for, by itself or its heading.

    What names one that is asked for, or stands below its heading, is not.
    """
    wanted = set(asked)
    above, own = identifiers(passage.context).keys(), identifiers(text).keys()
    forms = {form for form, _ in wanted}
    return not wanted & (above | own) and any(form in forms for form, _ in above | own)
