"""A question with its slips of the pen mended, where the library leaves no doubt what was meant.

Only a longer word in small letters is looked at that neither the library nor the encoder's vocabulary holds, and only
words one slip away (Damerau, 1964: a letter too many, too few, wrong, or two in the wrong order) between the first
letter and the last.
"""

import re
from collections.abc import Iterator

from ingest import Library, stem

# Short words have too many neighbours.
LEAST_LETTERS = 6
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORD = re.compile(rf"(?<![^\W_])[a-z]{{{LEAST_LETTERS},}}(?![^\W_])")


def mend(library: Library, question: str) -> str:
    """`question` with mistyped words as the library writes them; inside `library.reading()`."""
    return _WORD.sub(lambda found: _nearest(library, found.group()), question)


def _nearest(library: Library, word: str) -> str:
    """The library's word one slip away from `word` that most passages hold; `word` if that is a word, or none is."""
    store = library.store
    if len(library.encoder.token_spans(word)) < 2 or store.holds_word(word):
        return word
    near = {other: stem(other) for other in dict.fromkeys(slips(word))}
    held = library.document_frequencies(set(near.values()))
    # A stem stands for words that nobody writes too: what was meant is written so somewhere.
    for other in sorted((o for o in near if near[o] in held), key=lambda o: -held[near[o]]):
        if store.holds_word(other):
            return other
    return word


def slips(word: str) -> Iterator[str]:
    """Every word one slip away from `word` that begins and ends as it does.

    >>> {"inflammation", "iflamation", "ifnlamation", "imflamation"} <= set(slips("inflamation"))
    True
    """
    for i in range(1, len(word)):
        before, after = word[:i], word[i:]
        yield from (before + letter + after for letter in _LETTERS)
        if len(after) > 1:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in _LETTERS)
        if len(after) > 2:
            yield before + after[1] + after[0] + after[2:]
