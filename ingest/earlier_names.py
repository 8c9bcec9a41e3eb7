"""The names that documents had before their files were moved: who has such a name is led to what it is now.

Citations are kept outside the library, in conversations, links and programs; a file that is renamed must not break
them. A document that has the name now comes first, whatever had it before.
"""

from .store import Store


def present_name(store: Store, name: str) -> str:
    """What the document once called `name` is called now; `name` itself if none is known by it. Inside `reading`."""
    found: str | None = name
    passed = set[str]()
    while found is not None and found not in passed:
        if store.has(found):
            return found
        passed.add(found)
        found = store.moved(found)
    return name
