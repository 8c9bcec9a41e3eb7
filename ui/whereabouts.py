"""Where the words of a kept citation stand today: where they were, moved, or not in the document any more."""

import re
from typing import Literal

Fate = Literal["there", "moved", "gone"]

_WORD = re.compile(r"\w+")


def whereabouts(text: str, quote: str, start: int) -> tuple[Fate, int, int]:
    """What became of `quote`, which stood at `start` of an earlier `text`, and its span in `text` now.

    Looked for as it stood, then by its words alone, whatever stands between them now; of several places the
    nearest to the old one counts. For "gone" the span is empty, at the old place or at the end.

    >>> whereabouts("New. T cells\\nkill.", "T cells kill.", 0)
    ('moved', 5, 17)
    """
    end = start + len(quote)
    if text[start:end] == quote:
        return "there", start, end
    spans = [match.span() for match in re.finditer(re.escape(quote), text)]
    words = _WORD.findall(quote)
    if not spans and words:
        pattern = r"\b" + r"\W+".join(map(re.escape, words)) + r"\b"
        spans = [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)]
    if not spans:
        at = min(start, len(text))
        return "gone", at, at
    found = min(spans, key=lambda span: abs(span[0] - start))
    return "moved", *found
