"""Formulas of Office documents (OMML) as one line of text."""

from ..xml_tree import Element, attribute, child, children, local


def formula(element: Element) -> str:
    """A formula the way one types it: "x^2", "a_i", "(a + b)/c", "sqrt(x)", "∑_(i=1)^n"."""
    kind = local(element)
    if kind == "t":
        return element.text or ""
    if kind == "f":
        return f"{_grouped(element, 'num')}/{_grouped(element, 'den')}"
    if kind in ("sSup", "sSub", "sSubSup", "sPre"):
        return _part(element, "e") + _scripts(element)
    if kind == "rad":
        degree = _part(element, "deg")
        return f"{f'root_{degree}' if degree.strip() else 'sqrt'}({_part(element, 'e')})"
    if kind == "nary":
        sign = child(element, "naryPr", "chr")
        return (attribute(sign, "val") if sign is not None else "∫") + _scripts(element) + " " + _part(element, "e")
    if kind == "d":
        begin, end = child(element, "dPr", "begChr"), child(element, "dPr", "endChr")
        inner = ", ".join(formula(part) for part in children(element, "e"))
        left = attribute(begin, "val") if begin is not None else "("
        return f"{left}{inner}{attribute(end, 'val') if end is not None else ')'}"
    if kind == "m":
        rows = (", ".join(formula(cell) for cell in children(row, "e")) for row in children(element, "mr"))
        return f"[{'; '.join(rows)}]"
    if kind in ("limLow", "limUpp"):
        return f"{_part(element, 'e')}_{_grouped(element, 'lim')}"
    if kind.endswith("Pr"):
        return ""
    return "".join(formula(below) for below in element)


def _scripts(element: Element) -> str:
    found = ""
    for kind, sign in (("sub", "_"), ("sup", "^")):
        if _part(element, kind).strip():
            found += sign + _grouped(element, kind)
    return found


def _part(element: Element, kind: str) -> str:
    part = child(element, kind)
    return formula(part) if part is not None else ""


def _grouped(element: Element, kind: str) -> str:
    """A part in parentheses, if it is longer than one number or letter."""
    text = _part(element, kind).strip()
    return text if text.isalnum() else f"({text})"
