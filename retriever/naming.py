"""Questions that name the document they ask of ("How long does the NDA last?"), and which documents those are.

What a document is called stands in the name of its file, or in its title, and seldom in the sentence that answers: to
an encoder the name is noise there, and another document that says "NDA" is nearer. Both sides are strict: a word of a
file's name counts where its text never says it, a file's whole name where no other document says it, and the words of
a title where the last is a kind of document.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePath
from weakref import WeakKeyDictionary

from ingest import STOP_WORDS, Library, stem, stems, words

from .places import OPENERS
from .series import Series, named_in, series
from .topics import is_topic

# What more documents than this are called names none.
MOST_DOCUMENTS = 3
# A name has at most so many words.
LONGEST = 5

# Kinds of documents that a title ends with: no plans, protocols or rules, of which texts of every subject speak. Those
# that need more are named by a word beside that only.
_NEEDS_MORE = frozenset("agreement contract licence license manual".split())
KINDS = _NEEDS_MORE.union("act bylaws charter constitution convention deed directive handbook lease statute".split())
_DEFINITE = re.compile(r"\b(?:the|our|this|that|my|your|their|his|her)\s+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_OWNS = re.compile(r"['’]s?$")
# A file by its name: with its suffix, or in parts of which one has a number ("ch10-02", of ch10-02-traits.md).
_JOINED = re.compile(r"[\w./-]")
_FILE = re.compile(rf"(?<!{_JOINED.pattern}){_JOINED.pattern}*\w")
_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{1,4}")
_PARTED = re.compile(r"(?=.*\d)(?=.*[^\W\d_])[^\W_]+(?:[-_][^\W_]+)+")
# A longer text only mentions them: "letter to the editor, CACM 22 (1979)".
MOST_WORDS_TO_NAME = 25
# What initials stand for, as `spelling.py` writes it behind them.
_SPELLED = re.compile(r" \(([^()]+)\)")
# A capital there is no name's.
_OPENS = re.compile(r"(?:^|\n|[.!?][\"'”’)]*\s)\W*$")
_BEFORE = re.compile(r"(?:\b(?:an?|the|our|this|that|my)\s+)$", re.IGNORECASE)
_OPENER = re.compile(rf"^\W*{OPENERS}*((?P<how>in|under|for|by|from|with) )?", re.IGNORECASE)
_ENDING = re.compile(r"[\s?.!]*$")
# "The constitution of Kenya" is not that of another country.
_QUALIFIED = re.compile(r"\s+(?:between|by|for|from|of|on|to|with)\s")


@dataclass(frozen=True, slots=True)
class Naming:
    """Where a question names documents: `start:end`, and whether their own texts never say it so.

    `of_series` is what it calls one of a series, which others may speak of.
    """

    start: int
    end: int
    documents: frozenset[str]
    unsaid: bool
    of_series: str = ""


@dataclass(frozen=True, slots=True)
class _Names:
    """What documents are called, in lower case: each by name and text, and all the texts one below the other."""

    documents: Sequence[str]
    texts: Sequence[str]
    joined: str

    def having(self, wanted: Collection[str]) -> frozenset[str]:
        """The documents whose text has all the stems `wanted`."""
        begins = [_begins(term) for term in wanted]
        if not all(begin in self.joined for begin in begins):
            return frozenset()
        likely = (i for i, text in enumerate(self.texts) if all(begin in text for begin in begins))
        return frozenset(self.documents[i] for i in likely if stems(self.texts[i]).issuperset(wanted))

    def called(self, before: str, file: PurePath) -> frozenset[str]:
        """Documents, a few, whose file is so called, its name and suffix ending `before`; both in lower case."""
        written = (document for text, document in self._holding(f"{file.stem}\n") if _is_last(file.stem, text))
        ends = (document for document in written if _ends(before, document.lower(), str(file)))
        return frozenset(islice(ends, MOST_DOCUMENTS + 1))

    def beginning(self, name: str) -> frozenset[str]:
        """Documents, a few, whose file is called `name`, in lower case, or begins so before another part."""
        begun = (document for text, document in self._holding(f"\n{name}") if not text[len(name) :][:1].isalnum())
        return frozenset(islice(begun, MOST_DOCUMENTS + 1))

    def _holding(self, part: str) -> Iterator[tuple[str, str]]:
        """The texts, each between two "\\n", that hold `part`, and whose they are."""
        lines, line, before = f"\n{self.joined}\n", -1, 0
        at = lines.find(part)
        while at >= 0:
            line += lines.count("\n", before, at + 1)
            yield self.texts[line], self.documents[line]
            before = at + 1
            at = lines.find(part, before)


# Of each library as of a generation: what its files are called, what its titles and files are, and the titles as they
# are written. Reading that takes some 6 ms a thousand documents.
_known: WeakKeyDictionary[Library, tuple[int, _Names, _Names, str, Series]] = WeakKeyDictionary()


def titles(library: Library) -> str:
    """The titles of all documents, one below the other; inside `library.reading()`."""
    return _called(library)[2]


def _called(library: Library) -> tuple[_Names, _Names, str, Series]:
    kept = _known.get(library)
    if kept is None or kept[0] != library.store.generation:
        infos = library.store.documents()
        documents = [info.document for info in infos]
        names = [PurePath(document).stem.lower().replace("\n", " ") for document in documents]
        titled = [f"{info.title.lower()} {name}" for info, name in zip(infos, names, strict=True)]
        files, both = (_Names(documents, texts, "\n".join(texts)) for texts in (names, titled))
        written = "\n".join(info.title for info in infos)
        numbered = series(zip(documents, names, (info.title for info in infos), strict=True))
        _known[library] = kept = library.store.generation, files, both, written, numbered
    return kept[1:]


def _is_last(word: str, text: str) -> bool:
    """Whether `text`, which ends with `word`, has nothing written together before it: "report", but not "my-report"."""
    return not _JOINED.match(text[: -len(word)][-1:])


def _ends(before: str, document: str, file: str) -> bool:
    """Whether the text `before` ends with the name of that document, or with `file`, a path of as much as is given.

    >>> _ends("what says my report.md", "2024/my report.md", "report.md"), _ends("in a/b.md", "a/b.md", "a/b.md")
    (True, True)
    >>> _ends("what says my report.md", "a report.md", "report.md"), _ends("in b/c.md", "a/c.md", "b/c.md")
    (False, False)
    """
    if "/" in file:
        return f"/{document}".endswith(f"/{file}") or f"/{file}".endswith(f"/{document}")
    name = document.rpartition("/")[2]
    return before.endswith(name) and not before[: -len(name)][-1:].isalnum()


def _begins(stem: str) -> str:
    """What every word with that stem begins with: "polici" is of "policy", "file" of "filing"."""
    return stem[:-1] if stem.endswith(("i", "e")) and len(stem) > 3 else stem


def namings(library: Library, question: str) -> list[Naming]:
    """Where `question` names documents, in order; inside `library.reading()`."""
    short = len(question.split()) <= MOST_WORDS_TO_NAME
    suspects = list(_suspects(library, question))
    phrases = list(_phrases(question))
    numbers = short and any(map(str.isdigit, question))
    written = list(_files(question, short))
    if not suspects and not phrases and not numbers and not written:
        return []
    files, both, _, numbered = _called(library)
    count = len(files.documents)
    found: list[Naming] = []
    for start, end, file in written:
        lower = question[:end].lower()
        called = files.called(lower, file) if file.suffix else files.beginning(file.name)
        if _few(called, count) and not _says(library, called, str(file), others=bool(file.suffix)):
            start = min(start, end - max(len(PurePath(name).name) for name in called)) if file.suffix else start
            before = _BEFORE.search(question, 0, start)
            found.append(Naming(before.start() if before else start, end, called, True))
    whole = [(naming.start, naming.end) for naming in found]
    suspects, phrases = (
        [(s, e) for s, e in spans if not any(s < end and start < e for start, end in whole)]
        for spans in (suspects, phrases)
    )
    for start, end in suspects:
        term = stem(words(question[start:end])[0])
        called = files.having((term,))
        if spelled := _SPELLED.match(question, end):
            called = both.having(stems(spelled[1])) or called
            end = spelled.end()
        if _few(called, count) and not _says(library, called, question[start:end]):
            before = _BEFORE.search(question, 0, start)
            found.append(Naming(before.start() if before else start, end, called, True))
    for start, end in phrases:
        called = both.having(stems(question[start:end]))
        if _few(called, count):
            found.append(Naming(start, end, called, False))
    for start, end, called in named_in(question, numbered) if numbers else ():
        if _few(called, count) and not any(s < end and start < e for s, e in whole):
            before = _BEFORE.search(question, 0, start)
            found.append(Naming(before.start() if before else start, end, called, True, question[start:end]))
    return sorted(found, key=lambda naming: naming.start)


def by_title(library: Library, question: str) -> str:
    """`question` with the title, which passages are encoded with, for a document that its text never calls so.

    Inside `library.reading()`.
    """
    for naming in reversed(namings(library, question)):
        if naming.unsaid:
            titles = {library.store.document(name).title for name in naming.documents}
            meant = _by(titles.pop()) if len(titles) == 1 else "it"
            question = f"{question[: naming.start]}{meant}{question[naming.end :]}"
    return question


def introduced(library: Library, question: str, within: Collection[str] | None) -> tuple[str, str] | None:
    """The document at whose head a name in `question` stands that it hardly says again, and `question` by its title.

    A contract names its parties once, a letter its reader: what else it says is of them. None where there is none or
    more than one, of those `within`. Inside `library.reading()`.
    """
    said = {match.span(): _OWNS.sub("", match[0]) for match in _WORD.finditer(question)}
    # In a library of medicine, capitals are of subjects.
    said = {span: word.lower() for span, word in said.items() if _is_name(word) and not word.isupper()}
    held = library.document_frequencies({stem(word) for word in said.values()})
    found = {
        span: _heads(library, word, within)
        for span, word in said.items()
        if word.isalpha() and held.get(stem(word), 0) <= 2 * MOST_DOCUMENTS
    }
    names = {span: documents for span, documents in found.items() if documents}
    together = frozenset.intersection(*names.values()) if names else frozenset[str]()
    if len(together) != 1:
        return None
    document = next(iter(together))
    title, told = _by(library.store.document(document).title), question
    for start, end in sorted(names, reverse=True):
        follows = any(question[e:start].isspace() for _, e in names if e <= start)
        owns = _OWNS.search(question[start:end])
        meant = owns[0] if owns and follows else "" if follows else f"{title}{owns[0] if owns else ''}"
        told = f"{told[:start].rstrip() if follows else told[:start]}{meant}{told[end:]}"
    return document, told


def _by(title: str) -> str:
    return f"the {title}" if title else "it"


def _heads(library: Library, word: str, within: Collection[str] | None) -> frozenset[str]:
    """The documents, a few, at whose head the name `word` stands."""
    headed = frozenset(_headed(library, word))
    headed = headed if within is None else headed & frozenset(within)
    return headed if len(headed) <= MOST_DOCUMENTS else frozenset()


def _headed(library: Library, word: str) -> Iterator[str]:
    """The documents that say `word`, a name, at their head and at most once more."""
    ids = [id for id, _ in library.store.search_words(f'"{word}"', 2 * MOST_DOCUMENTS)]
    passages = [passage for passage, _ in library.store.passages(ids).values()]
    written = re.compile(rf"(?<!\w){word}(?!\w)", re.IGNORECASE)
    for document in {p.document for p in passages if p.start == 0}:
        own = [p for p in passages if p.document == document]
        said = [(p.text[: m.start()], m[0]) for p in own for m in written.finditer(p.text)]
        name = all(word[0].isupper() for _, word in said) and not all(_OPENS.search(before) for before, _ in said)
        if name and len(own) <= 2 and len(library.store.passage_ids([document])) > len(own) + 2:
            yield document


def turned_to(question: str, found: Collection[Naming], asked: str, before: Collection[Naming]) -> str | None:
    """What was `asked` last, of the document that is all that `question` names: "And in the lease?"; else None.

    >>> contract = Naming(11, 19, frozenset(("a",)), False)
    >>> turned_to("And in the contract?", [contract], "Who owns the deliverables?", [])
    'Who owns the deliverables in the contract?'
    >>> turned_to("And the contract?", [Naming(8, 16, frozenset("a"), False)], "Is it in the NDA?",
    ...     [Naming(9, 16, frozenset("b"), True)])
    'Is it in the contract?'
    """
    opener = _OPENER.match(question)
    ending = _ENDING.search(question)
    if len(found) != 1 or opener is None or ending is None:
        return None
    naming = next(iter(found))
    rest = question[opener.end() : naming.start]
    if naming.end != ending.start() or (rest.strip() and not _BEFORE.fullmatch(rest)):
        return None
    name = question[opener.end() : naming.end]
    if before:
        last = max(before, key=lambda naming: naming.start)
        determined = _BEFORE.search(asked, 0, last.start)
        return f"{asked[: determined.start() if determined else last.start]}{name}{asked[last.end :]}"
    end = _ENDING.search(asked)
    at = end.start() if end else len(asked)
    return f"{asked[:at]} {(opener['how'] or 'in').lower()} {name}{asked[at:]}"


def _few(called: Collection[str], documents: int) -> bool:
    return 0 < len(called) <= MOST_DOCUMENTS and len(called) < documents


def _suspects(library: Library, question: str) -> Iterator[tuple[int, int]]:
    """Words that may be of a file's name only: capitals, and what no passage holds."""
    found = [match for match in _WORD.finditer(question) if _is_name(match[0])]
    held = library.document_frequencies({stem(words(match[0])[0]) for match in found})
    for match in found:
        capitals = len(match[0]) > 1 and match[0].isupper()
        if capitals or stem(words(match[0])[0]) not in held:
            yield match.span()


def _is_name(word: str) -> bool:
    parts = words(word)
    return len(parts) == 1 and parts[0] not in STOP_WORDS and is_topic(word) and not word.isdigit()


def _phrases(question: str) -> Iterator[tuple[int, int]]:
    """What stands behind "the" up to a kind of document: "employment contract"."""
    for match in _DEFINITE.finditer(question):
        at = end = match.end()
        for word in islice(_WORD.finditer(question, at), LONGEST):
            if question[end : word.start()].strip() or word[0].lower() in STOP_WORDS:
                break
            end = word.end()
            if word[0].lower() in KINDS:
                alone = word.start() == at
                if not alone or not (word[0].lower() in _NEEDS_MORE or _QUALIFIED.match(question, end)):
                    yield at, end
                break


def _files(question: str, short: bool) -> Iterator[tuple[int, int, PurePath]]:
    """What may be the name of a file, with its suffix or, in a `short` question, in parts; in lower case."""
    for match in _FILE.finditer(question):
        file = PurePath(match[0].lower())
        if _SUFFIX.fullmatch(file.suffix) or (short and _PARTED.fullmatch(match[0])):
            yield *match.span(), file


def _says(library: Library, documents: Collection[str], said: str, others: bool = False) -> bool:
    """Whether a passage of these documents, or of `others`, holds a word, or several in a row."""
    phrase = f'"{" ".join(words(said))}"'
    own = library.store.passage_ids(documents)
    if not others:
        return bool(library.store.search_words(phrase, 1, own))
    return not {id for id, _ in library.store.search_words(phrase, len(own) + 1)} <= set(own)
