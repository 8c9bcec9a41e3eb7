"""Options and operators that a question names by their spelling (`--amend`, `-x`, `..=`), and their entries.

To an encoder `-x` and `-X` are one letter, and a search by words leaves an operator out. But a manual has an entry that
begins with the option, and a row of a table whose first cell is the operator: those say what was asked.
"""

import re
from collections.abc import Collection, Sequence

from .answers import Turn
from .smalltalk import kind

# How likely the library answers that has the entry of an operator: all other signs are of words.
TOLD = 0.6

_OPTION = r"(?:--[A-Za-z][\w-]*|-[A-Za-z0-9](?![\w-]))"
_OPTIONS = re.compile(rf"(?<![^\s\"'`“‘(/|])({_OPTION})")
_OPERATOR = r"[\"'`“‘]?(?P<operator>[!#$%&*+./:<=>?@^|~\\-]{1,3})[\"'`”’]?"
# Where a mark is asked for: elsewhere one may join words, or end the question.
_ASKED_FOR = re.compile(
    rf"\b(?:what|how)(?:['’]s| is| are| does| do)(?: the)? {_OPERATOR}(?= (?:do|in|for|mean|stand|work)\b|[ ?.!]*$)",
    re.IGNORECASE,
)
_CALLED_SO = re.compile(rf"(?<!\S){_OPERATOR} (?:operator|symbol|sign)s?\b", re.IGNORECASE)
_ENTRY = re.compile(r"(?P<names>-[^\n]{1,120}?): ")
_ROW = re.compile(r"[^\n|]{1,40}: (?P<names>[^\n|]{1,60}|\|{1,3}) \| ")
_BETWEEN = re.compile(r"[\s,=\[\]|()]+")
_ALONE = re.compile(
    rf"\W*(?:(?:and|or|but|so|then|what|how|about|if|with|for|i|use|the|option|flag) )*(?P<option>{_OPTION})"
    r"(?: (?:do|option|flag|then|instead))*\W*",
    re.IGNORECASE,
)


def options(question: str) -> frozenset[str]:
    """The options that `question` names.

    >>> sorted(options("What is the difference between --soft and -x?")), sorted(options("A well-run year - or not?"))
    (['--soft', '-x'], [])
    """
    return frozenset(_OPTIONS.findall(question))


def operators(question: str) -> frozenset[str]:
    """The operators that `question` asks about.

    >>> sorted(operators("..= operator")), sorted(operators("What does `?` do?")), sorted(operators("What is R & D?"))
    (['..='], ['?'], [])
    """
    return frozenset(found["operator"] for form in (_ASKED_FOR, _CALLED_SO) for found in form.finditer(question))


def called_so(question: str) -> str:
    """`question` with a mark that it asks for called an operator, for a search leaves a mark alone out.

    >>> called_so("what does ? do in Rust"), called_so("What does it do?")
    ('what does the ? operator do in Rust', 'What does it do?')
    """
    if not (found := _ASKED_FOR.search(question)):
        return question
    before = question[: found.start("operator")].rstrip("\"'`“‘ ")
    the = "" if before.endswith(" the") else "the "
    return f"{before} {the}{found['operator']} operator{question[found.end() :]}"


def tells(text: str, names: Collection[str]) -> bool:
    """Whether `text` is the entry, or the row of a table, of one of these options and operators.

    >>> tells("-n, --dry-run: Don't remove anything.", ["--dry-run"]), tells("-X: Remove only those.", ["-x"])
    (True, False)
    >>> tells("Operator: ? | Example: expr? | Explanation: Error propagation", ["?"])
    True
    """
    found = (_ENTRY.match(text) or _ROW.match(text)) if names else None
    if not found:
        return False
    either = f"{found['names'].replace('[no-]', '')} {found['names'].replace('[no-]', 'no-')}"
    return found["names"] in names or not set(_BETWEEN.split(either)).isdisjoint(names)


def turned_to_option(question: str, history: Sequence[Turn]) -> str | None:
    """The last question of the history with another option, where that is all that `question` names: "And -X?".

    None if `question` says more, or the last one named no option.
    """
    asked = ""
    for text in [*(turn.text for turn in history if turn.role == "user" and not kind(turn.text)), question]:
        alone, named = _ALONE.fullmatch(text), list(_OPTIONS.finditer(asked))
        before = named[-1].span() if alone and named else None
        asked = f"{asked[: before[0]]}{alone['option']}{asked[before[1] :]}" if alone and before else text
    return asked if asked != question else None
