"""Sets of names, written as a text."""


def words(text: str) -> frozenset[str]:
    """The words of `text`, parted by white space.

    >>> sorted(words("td th"))
    ['td', 'th']
    """
    return frozenset(text.split())
