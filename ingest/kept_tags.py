"""The tags of documents whose files hold nothing that can be read just now: given back when the files do again.

A file may be empty or broken for the moment in which it is saved. Its document is not in the library then, but what a
person has said of it is not lost.
"""

import json
from collections.abc import Callable, Sequence

from .records import Source
from .store import Store

_KEY = "kept_tags"


def keep_tags(store: Store, names: Sequence[str]) -> None:
    """Keeps the tags of documents that are about to be removed though their files are there; inside `writing`."""
    tagged = {info.document: list(info.tags) for info in store.documents() if info.tags}
    sources = {name: store.source(name) for name in names if name in tagged}
    _write(store, _kept(store) | {source.path: tagged[name] for name, source in sources.items() if source})


def give_back_tags(store: Store, name: str, source: Source | None) -> None:
    """Gives the document made from `source` the tags that were kept for it; inside `writing`."""
    kept = _kept(store)
    if source and source.path in kept:
        store.tag([name], kept.pop(source.path))
        _write(store, kept)


def forget_tags(store: Store, is_gone: Callable[[str], bool]) -> None:
    """Forgets the tags kept for sources that are gone."""
    with store.reading():
        gone = [path for path in _kept(store) if is_gone(path)]
    if gone:
        with store.writing():
            _write(store, {path: tags for path, tags in _kept(store).items() if path not in gone})


def _kept(store: Store) -> dict[str, list[str]]:
    kept: dict[str, list[str]] = json.loads(store.meta(_KEY) or "{}")
    return kept


def _write(store: Store, kept: dict[str, list[str]]) -> None:
    store.set_meta(_KEY, json.dumps(kept, ensure_ascii=False, sort_keys=True))
