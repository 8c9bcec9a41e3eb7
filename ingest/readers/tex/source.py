r"""The source of a LaTeX document: its arguments and environments, and what is settled before it is read.

`settled` takes the literal parts out, comments and text in \iffalse … \fi away, and expands the author's own commands.
"""

import re

_LITERAL = re.compile(
    r"""
    \\begin\{(?P<environment>verbatim\*?|lstlisting|minted|[BL]?Verbatim\*?|alltt|comment|filecontents\*?)\}
        (?:\[[^\]]*\])?(?:\{[^}]*\})?(?P<block>[\s\S]*?)\\end\{(?P=environment)\}
    | \\(?:[vV]erb\*?|lstinline(?:\[[^\]]*\])?|mintinline(?:\[[^\]]*\])?\{[^{}]*\})[ ]?
        (?:\{(?P<braced>(?:[^{}\n]|\{[^{}\n]*\})*+)\}|(?P<mark>[^\sa-zA-Z{*\\])(?P<marked>[^\n]*?)(?P=mark))
    | (?P<link>\\(?:url|nolinkurl|path|href)\*?\s*(?:\[[^\]]*\])?)
        \{(?P<address>(?:(?:[^{}\\\n]|\\[\s\S]|\n(?![ \t]*\n)|\{[^{}]*\})*+(?=\}))|[^\s{}]*)
    | (?P<comment>%)[^\n]*(?:\n[ \t]*(?P<blank>\n)?)?
    | \\[\s\S]
    """,
    re.VERBOSE,
)
_BRACE = re.compile(r"\\[\s\S]|[{}]")
_CONDITION = re.compile(r"\\(?:newif\s*\\(?P<new>if[a-zA-Z@]+)|(?P<name>if[a-zA-Z@]*(?!\s*\{)|else|fi)(?![a-zA-Z@]))")
_MACRO = re.compile(
    r"\\(?:(?:re|provide)?newcommand|providecommand|DeclareRobustCommand)\*?\s*\{?\s*\\([a-zA-Z@]+)\s*\}?"
    r"\s*(?:\[(\d)\])?\s*(?:\[((?:[^\[\]{}]|\{[^{}]*\})*)\])?\s*(?=\{)"
    r"|\\[gex]?def\s*\\([a-zA-Z@]+)\s*((?:#\d)*)\s*(?=\{)"
)
_LONGEST_MACRO = 500
# What the expansions of all macros may come to, against those that call each other.
_MOST_EXPANDED = 2_000_000
_MOST_DEPTH = 20


def settled(source: str) -> tuple[str, list[str]]:
    r"""The source without comments, hidden text and macros, and its literal parts: the n-th is \kept{n} or \verb{n}."""
    source, kept = _without_literals(source)
    return _expanded(_balanced(_without_hidden(source))), kept


def group(source: str, i: int) -> tuple[str, int]:
    """The argument at `i`: what stands between braces, or the next command or character; and where it ends.

    A brace that nothing closes holds nothing, so that the text behind it is read as text.
    """
    while i < len(source) and source[i] in " \t\n":
        i += 1
    if source[i : i + 1] != "{":
        found = re.compile(r"\\(?:[a-zA-Z]+|.)|[^\\{}]").match(source, i)
        return (found[0], found.end()) if found else ("", i)
    depth = 0
    for found in _BRACE.finditer(source, i):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if not depth:
            return source[i + 1 : found.start()], found.end()
    return "", i + 1


def optional(source: str, i: int) -> tuple[str, int]:
    """The optional argument at `i`, in brackets, and where it ends; "" and `i` if there is none."""
    found = re.compile(r"[ \t]*\[((?:[^\[\]{}]|\{[^{}]*\})*)\]").match(source, i)
    return (found[1], found.end()) if found else ("", i)


def options(source: str, i: int) -> tuple[list[str], int]:
    """The optional arguments that follow each other directly from `i` on, and where they end."""
    found = []
    while source[i : i + 1] == "[":
        option, end = optional(source, i)
        if end == i:
            break
        found.append(option)
        i = end
    return found, i


def arguments(source: str, i: int, count: int) -> tuple[list[str], int]:
    """`count` arguments from `i` on, optional ones before, between and behind them passed over."""
    found = []
    for _ in range(count):
        argument, i = group(source, options(source, optional(source, i)[1])[1])
        found.append(argument)
    return found, options(source, i)[1]


def after_space(source: str, i: int, command: str) -> int:
    """Behind the spaces that end the name of a command."""
    while command[-1].isalpha() and source[i : i + 1] == " ":
        i += 1
    return i


def end_of(source: str, i: int, name: str) -> tuple[int, int]:
    """Where the environment that is open at `i` ends, and where its end ends."""
    depth = 1
    for found in re.compile(r"\\(begin|end)\s*\{" + re.escape(name) + r"\}").finditer(source, i):
        depth += 1 if found[1] == "begin" else -1
        if not depth:
            return found.start(), found.end()
    return len(source), len(source)


def _without_literals(source: str) -> tuple[str, list[str]]:
    r"""The source with \kept{n} or \verb{n} for its n-th literal part, those parts, and no comment left.

    In one pass: a percent sign is literal in an address or in code, and what looks like code in a comment is none.
    """
    kept: list[str] = []

    def settle(found: re.Match[str]) -> str:
        if found["environment"]:
            kept.append("" if found["environment"].startswith(("comment", "filecontents")) else found["block"])
            return f"\\kept{{{len(kept) - 1}}}"
        if found["braced"] is not None or found["mark"]:
            kept.append(found["braced"] or found["marked"] or "")
            return f"\\verb{{{len(kept) - 1}}}"
        if found["link"]:
            address = re.sub(r"(\\.)|%", lambda sign: sign[1] or "\\%", found["address"])
            return f"{found['link']}{{{address}"
        if found["comment"]:
            return "\n\n" if found["blank"] else ""
        return found[0]

    return _LITERAL.sub(settle, source), kept


def _without_hidden(source: str) -> str:
    r"""The source without the branches that are known not to be shown: of \iffalse, \iftrue and \newif's conditions."""
    known = {"iffalse": False, "iftrue": True}
    open_: list[tuple[str, int, int, re.Match[str] | None]] = []  # name, start, end, its \else
    cuts: list[tuple[int, int]] = []
    for found in _CONDITION.finditer(source):
        name = found["name"]
        if found["new"]:
            known[found["new"]] = re.search(rf"\\{found['new'][2:]}true(?![a-zA-Z@])", source) is not None
        elif name == "else":
            if open_:
                open_[-1] = (*open_[-1][:3], found)
        elif name == "fi":
            if not open_:
                continue
            condition, start, end, otherwise = open_.pop()
            if known.get(condition) is True:
                cuts += [(start, end), (otherwise.start() if otherwise else found.start(), found.end())]
            elif known.get(condition) is False:
                cuts += [(start, otherwise.end() if otherwise else found.start()), found.span()]
        elif name != "iff":
            open_.append((name, *found.span(), None))
    return _without(source, cuts)


def _without(source: str, cuts: list[tuple[int, int]]) -> str:
    parts, i = [], 0
    for start, end in sorted(cuts):
        parts.append(source[i : max(start, i)])
        i = max(end, i)
    return "".join(parts) + source[i:]


def _balanced(source: str) -> str:
    """The source with an empty argument for each brace that nothing closes, and without those that close nothing."""
    open_: list[int] = []
    wrong: dict[int, str] = {}
    for found in _BRACE.finditer(source):
        if found[0] == "{":
            open_.append(found.start())
        elif found[0] == "}":
            if open_:
                open_.pop()
            else:
                wrong[found.start()] = ""
    wrong.update(dict.fromkeys(open_, "{}"))
    if not wrong:
        return source
    parts, i = [], 0
    for at in sorted(wrong):
        parts += [source[i:at], wrong[at]]
        i = at + 1
    return "".join(parts) + source[i:]


def _expanded(source: str) -> str:
    """The source with the author's own commands, those with text in them, replaced by what they stand for."""
    macros: dict[str, tuple[int, str | None, str]] = {}  # how many arguments, what the first is if left out, the text
    definitions: list[tuple[int, int]] = []
    for found in _MACRO.finditer(source):
        if definitions and found.start() < definitions[-1][1]:
            continue
        body, end = group(source, found.end())
        definitions.append((found.start(), end))
        name = found[1] or found[4]
        if "\\" + name not in body and len(body) < _LONGEST_MACRO:
            macros[name] = (int(found[2] or 0) if found[1] else len(found[5]) // 2, found[3], body)
    source = _without(source, definitions)
    if not macros:
        return source
    pattern = re.compile(r"\\(" + "|".join(map(re.escape, macros)) + r")(?![a-zA-Z@])")
    left = _MOST_EXPANDED  # what would go beyond is left out

    def expand(text: str, depth: int) -> str:
        nonlocal left
        parts, i = [], 0
        while left > 0 and depth < _MOST_DEPTH and (use := pattern.search(text, i)):
            count, default, body = macros[use[1]]
            parts.append(text[i : use.start()])
            i = use.end()
            given = []
            if default is not None:
                option, end = optional(text, i)
                given.append(option if end > i else default)
                i = end
            while len(given) < count:
                argument, i = group(text, i)
                given.append(argument)
            shown = _filled(body, given)
            left -= len(shown) + 1
            parts.append(expand(shown, depth + 1) if left > 0 else "")
        return "".join(parts) + text[i:]

    return expand(source, 0)


def _filled(body: str, given: list[str]) -> str:
    return re.sub(r"#([1-9])", lambda number: "".join(given[int(number[1]) - 1 : int(number[1])]), body)
