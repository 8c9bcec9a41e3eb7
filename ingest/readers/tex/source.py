"""The source of a LaTeX document: its arguments, its environments, its author's own commands."""

import re

COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%.*(?:\n[ \t]*)?")
_VERBATIM = re.compile(
    r"\\begin\{(verbatim\*?|lstlisting|minted|Verbatim|alltt|comment)\}(?:\[[^\]]*\])?(?:\{[^}]*\})?(.*?)\\end\{\1\}",
    re.DOTALL,
)
_MACRO = re.compile(r"\\(?:re)?newcommand\*?\s*\{?\\([a-zA-Z]+)\}?\s*(?:\[(\d)\])?(?:\[[^\]]*\])?\s*(?=\{)")
_MOST_EXPANSIONS = 5_000


def group(source: str, i: int) -> tuple[str, int]:
    """The argument at `i`: what stands between braces, or the next command or character; and where it ends."""
    while i < len(source) and source[i] in " \t\n":
        i += 1
    if source[i : i + 1] != "{":
        found = re.compile(r"\\(?:[a-zA-Z]+|.)|[^\\{}]").match(source, i)
        return (found[0], found.end()) if found else ("", i)
    depth = 0
    for found in re.compile(r"\\.|[{}]", re.DOTALL).finditer(source, i):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if not depth:
            return source[i + 1 : found.start()], found.end()
    return source[i + 1 :], len(source)


def optional(source: str, i: int) -> tuple[str, int]:
    """The optional argument at `i`, in brackets, and where it ends; "" and `i` if there is none."""
    found = re.compile(r"[ \t]*\[((?:[^\[\]{}]|\{[^{}]*\})*)\]").match(source, i)
    return (found[1], found.end()) if found else ("", i)


def after_space(source: str, i: int, command: str) -> int:
    """Behind the spaces that end the name of a command."""
    while command[-1].isalpha() and source[i : i + 1] == " ":
        i += 1
    return i


def end_of(source: str, i: int, name: str) -> tuple[int, int]:
    """Where the environment that is open at `i` ends, and where its end ends."""
    depth = 1
    for found in re.finditer(r"\\(begin|end)\s*\{" + re.escape(name) + r"\}", source[i:]):
        depth += 1 if found[1] == "begin" else -1
        if not depth:
            return i + found.start(), i + found.end()
    return len(source), len(source)


def without_verbatim(source: str) -> tuple[str, list[str]]:
    r"""The source with \kept{n} for its n-th verbatim part, and those parts."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append("" if found[1] == "comment" else found[2])
        return f"\\kept{{{len(kept) - 1}}}"

    return _VERBATIM.sub(keep, source), kept


def expanded(source: str) -> str:
    """The source with the author's own commands, those with text in them, replaced by what they stand for."""
    macros: dict[str, tuple[int, str]] = {}
    for found in _MACRO.finditer(source):
        body = group(source, found.end())[0]
        if "\\" + found[1] not in body and len(body) < 500:
            macros[found[1]] = (int(found[2] or 0), body)
    if not macros:
        return source
    pattern = re.compile(r"\\(" + "|".join(map(re.escape, macros)) + r")(?![a-zA-Z])")
    definitions = {found.start(): found.end() for found in _MACRO.finditer(source)}
    parts, i = [], 0
    for _ in range(_MOST_EXPANSIONS):
        use: re.Match[str] | None = pattern.search(source, i)
        if use is None:
            break
        defined = next((end for start, end in definitions.items() if start < use.start() < end), None)
        if defined is not None:
            parts.append(source[i:defined])
            i = defined
            continue
        count, body = macros[use[1]]
        parts.append(source[i : use.start()])
        i = use.end()
        for number in range(1, count + 1):
            argument, i = group(source, i)
            body = body.replace(f"#{number}", argument)
        parts.append(body)
    return "".join(parts) + source[i:]
