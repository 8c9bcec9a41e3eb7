"""The text of reStructuredText inline markup."""

import re

_ROLE = re.compile(r":(?:[\w.+-]+:)*([\w.+-]+):`([^`]+)`|`([^`]+)`:(?:[\w.+-]+:)*[\w.+-]+:")
_LITERAL = re.compile(r"``(.+?)``")
_REFERENCE = re.compile(r"`([^`]+)`(?:__?)?")
_FOOTNOTE = re.compile(r"\s?\[(#?[\w.-]*|\*)\]_(?!\w)")
_STRONG = re.compile(r"(?<![\w*\\])\*\*(?=\S)(.+?)(?<=\S)\*\*(?!\w)")
_EMPHASIS = re.compile(r"(?<![\w*\\])\*(?=[^\s*])([^*]+?)(?<=\S)\*(?![\w*])")
_NAME = re.compile(r"(?<![\w_`])([A-Za-z0-9](?:[\w.+:-]*[A-Za-z0-9])?)__?(?![\w_])")
_SUBSTITUTION = re.compile(r"\|([^|\s][^|\n]{0,60}?)\|_{0,2}")
_TARGET = re.compile(r"(.*?)\s*<[^<>]*>$", re.DOTALL)
_ESCAPE = re.compile(r"\\(\s|\S)")
_KEPT = "\x00"  # stands for what must not be looked at again


class Inline:
    """Takes inline markup off; knows the substitutions of a document and counts its unnumbered notes."""

    def __init__(self) -> None:
        self.substitutions: dict[str, str] = {}
        self._notes: dict[str, int] = {}

    def text(self, markup: str) -> str:
        r"""The text that `markup` shows.

        >>> Inline().text("See :pep:`8`, ``a_b``, `the docs <http://x>`_ and *this* [1]_.")
        'See PEP 8, a_b, the docs and this[1].'
        """
        kept: list[str] = []

        def keep(text: str) -> str:
            kept.append(text)
            return f"{_KEPT}{len(kept) - 1}{_KEPT}"

        text = _LITERAL.sub(lambda found: keep(found[1]), markup)
        text = _ESCAPE.sub(lambda found: keep("" if found[1].isspace() else found[1]), text)
        text = _ROLE.sub(lambda found: keep(_role(found[1] or "", found[2] or found[3])), text)
        text = _FOOTNOTE.sub(lambda found: keep(f"[{self.note(found[1])}]"), text)
        text = _REFERENCE.sub(lambda found: keep(_target(found[1])), text)
        text = _SUBSTITUTION.sub(lambda found: self.substitutions.get(found[1], found[0]), text)
        text = _STRONG.sub(r"\1", text)
        text = _EMPHASIS.sub(r"\1", text)
        text = _NAME.sub(r"\1", text)
        while _KEPT in text:  # what is kept may hold what was kept before
            text = re.sub(f"{_KEPT}(\\d+){_KEPT}", lambda found: kept[int(found[1])], text)
        return text

    def note(self, label: str) -> str:
        """The mark of a note: its label, or its number if it is numbered by itself ("#", "#name", "*")."""
        if label.startswith("#") or label == "*":
            key = label if len(label) > 1 else f"{label}{len(self._notes)}"
            return label[1:] if len(label) > 1 else str(self._notes.setdefault(key, len(self._notes) + 1))
        return label


def _role(role: str, content: str) -> str:
    text = _target(content)
    if role in ("pep", "rfc") and text == content:
        return f"{role.upper()} {text}"
    if role in ("class", "func", "meth", "mod", "attr", "exc", "data", "obj", "const", "type", "ref", "doc"):
        # "~package.module.name" shows its last part.
        return text.rpartition(".")[2] if text.startswith("~") else text.lstrip("!")
    return text


def _target(content: str) -> str:
    """The shown text of "text <target>"."""
    found = _TARGET.match(content)
    return found[1] if found and found[1] else content.strip("<>") if content.startswith("<") else content
