"""The lists beside the conversation as HTML: documents, jobs on them, conversations, suggestions, and the scope.

Pure functions of their arguments; every text is escaped and every piece goes through `render.clean`. The scripts rely
on `data-document`, `data-conversation`, `data-job` (what a row stands for), `data-act` (what a button does with it) and
`data-ask` (the question that a button asks).
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Sequence
from html import escape

from ingest import DocumentInfo

from .conversations import Conversation, Scope
from .render import button, clean, count, span_query
from .suggestions import Suggestion
from .uploads import Job

_STATES = {"queued": "queued", "reading": "reading", "encoding": "encoding", "ready": "ready", "failed": "failed"}
_KINDS = {"add": "", "remove": "Remove ", "tag": "Tag ", "replace": "", "articles": "Remove "}


def documents(found: Sequence[DocumentInfo], missing: Collection[str] = (), articles: Collection[str] = ()) -> str:
    """Every document of the library with what can be done with it, and the tags to choose by.

    Of those that are `missing` it is said that their files are gone. The `articles`, which came with Pincite, can be
    removed together once there are others.
    """
    if not found:
        return clean(
            '<p class="pc-empty">No documents yet. Drop files here, choose them with “Add files”, or run '
            "<code>pincite ingest FOLDER</code>.</p>"
        )
    tags = sorted({tag for d in found for tag in d.tags})
    chips = "".join(button("pc-tag", f'data-tag="{escape(tag)}" aria-pressed="false"', escape(tag)) for tag in tags)
    titles = Counter(d.title for d in found)
    rows = "".join(_document(d, d.document in missing, titles[d.title] > 1) for d in found)
    held = f"{count(len(found), 'document')}, {count(sum(d.passages for d in found), 'passage')}"
    came = ""
    if 0 < len(articles) < len(found):
        remove = button("pc-link", 'data-act="articles"', f"Remove {count(len(articles), 'article')}")
        came = f'<p class="pc-where">{len(articles)} of them came with Pincite. {remove}</p>'
    return clean(
        (f'<div class="pc-tags" role="group" aria-label="Ask only documents tagged">{chips}</div>' if chips else "")
        + f'<p class="pc-where" data-count="{len(found)}">{held}. Tick some to ask only those.</p>{came}'
        f'<ul class="pc-docs">{rows}</ul>'
    )


def _document(d: DocumentInfo, is_missing: bool, is_alike: bool) -> str:
    title = escape(d.title or d.document)
    # What is heard of a box or a menu must tell it from those of other documents, which may be titled alike.
    heard = escape(f"{d.title}, {d.document}") if d.title and is_alike else title
    tags = "".join(f'<span class="pc-doc-tag">{escape(tag)}</span>' for tag in d.tags)
    tags += '<span class="pc-doc-gone">its file is gone</span>' if is_missing else ""
    opens = f'data-source="{escape(span_query(d.document, 0, 0))}"'
    named = f'<span class="pc-doc-title">{title}</span><span class="pc-doc-name">{escape(d.document)}{tags}</span>'
    acts = button("pc-act", 'data-act="reread"', "Read again")
    acts += button("pc-act", f'data-act="tags" data-tags="{escape(", ".join(d.tags))}"', "Tags…")
    acts += button("pc-act", 'data-act="link"', "Copy link") + button("pc-act pc-risky", 'data-act="remove"', "Remove")
    return (
        f'<li data-document="{escape(d.document)}">'
        f'<input type="checkbox" class="pc-pick" aria-label="Ask only {heard}">{button("pc-doc", opens, named)}'
        f"{_menu(heard, acts)}</li>"
    )


def jobs(all: Sequence[Job], after: int = 0) -> str:
    """The status of what is being done with files and documents, and of what ended after job `after`.

    First what failed, then what is under way, the newest of each first. `data-last` is the number of the last that
    ended.
    """
    last = max((job.number for job in all if job.ended), default=0)
    found = [job for job in reversed(all) if job.number > after or not job.ended]
    if not found:
        return clean(f'<div data-busy="0" data-last="{last}" hidden></div>')
    rows = ""
    for job in sorted(found, key=lambda job: (job.state != "failed", job.ended)):
        may_pass = job.state == "failed" and not job.refused
        retry = button("pc-link", 'data-act="retry"', "Try again") if may_pass else ""
        if job.beside and job.ended:
            retry += button("pc-link", 'data-act="replace"', f"Replace {escape(job.beside)}")
        told = job.told.removeprefix(f"{job.name} ")  # which stands beside it
        told = f'<span class="pc-told">{escape(told)}</span>' if told else ""
        name = re.sub(r"(?<=[_-])", "<wbr>", escape(job.name))  # where it may break, besides at blanks
        rows += (
            f'<tr data-job="{job.number}" data-state="{job.state}">'
            f"<td><span>{_KINDS[job.kind]}{name}</span></td>"
            f"<td>{_STATES[job.state]}{told}{retry}</td></tr>"
        )
    busy, failed = sum(not job.ended for job in found), sum(job.state == "failed" for job in found)
    done = "" if busy == len(found) else button("pc-link", 'data-act="dismiss"', "Clear")
    said = f"{busy} of {len(found)} to do" if busy else "All done"
    if failed:
        said = (f"{said}, " if busy else "") + f"{failed} of {len(found)} failed"
    return clean(
        f'<div class="pc-jobs" tabindex="0" data-busy="{busy}" data-last="{last}">'
        f'<p class="pc-jobs-head"><span>{said}</span>{done}</p>'
        f'<table><thead class="pc-hidden"><tr><th scope="col">file</th><th scope="col">state</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def conversations(found: Sequence[Conversation], search: str, lasting: bool, rated: bool = False) -> str:
    """The kept conversations, each a link that opens it; and one to the ratings, if answers were `rated`.

    When it was last asked is put in by the script, in the reader's time: it tells those of one title apart.
    """
    if not found:
        told = "No conversation holds these words." if search.strip() else "Conversations are kept here."
        return clean(f'<p class="pc-empty">{told}</p>')
    rows = ""
    for c in found:
        title = escape(c.title)
        acts = button("pc-act", 'data-act="rename"', "Rename") + button("pc-act", 'data-act="link"', "Copy link")
        acts += button("pc-act pc-risky", 'data-act="delete"', "Delete")
        named = f'<span class="pc-name">{title}</span><span class="pc-when" data-updated="{c.updated:.0f}"></span>'
        opens = f'<a class="pc-conversation" href="/?c={escape(c.id)}">{named}</a>'
        rows += f'<li data-conversation="{escape(c.id)}">{opens}{_menu(title, acts)}</li>'
    note = "" if lasting else '<p class="pc-empty">This library is read-only: conversations end with the server.</p>'
    ratings = '<p class="pc-side-foot"><a href="/page/ratings">Ratings as an evaluation set</a></p>' if rated else ""
    return clean(f'<ul class="pc-conversations">{rows}</ul>{note}{ratings}')


def scope(asked: Scope, names: Collection[str]) -> str:
    """Which documents are asked, in words.

    >>> scope(Scope(tags=("trials",)), {"a.md", "b.md"}), scope(Scope(("a.md",)), {"a.md", "b.md"})
    ('Asks documents tagged trials', 'Asks 1 of 2 documents')
    """
    if asked.tags:
        also = f" and {len(asked.documents)} more" if asked.documents else ""
        return f"Asks documents tagged {', '.join(asked.tags)}{also}"
    if asked.documents:
        return f"Asks {len(set(asked.documents) & set(names))} of {count(len(names), 'document')}"
    return f"Asks all {count(len(names), 'document')}" if len(names) != 1 else "Asks the one document"


def within(asked: Scope) -> str:
    """The documents that were asked, as the object of a sentence; empty if all were.

    >>> within(Scope(("a.md",))), within(Scope(tags=("drug", "trial")))
    ('the 1 document you asked', 'the documents tagged drug or trial')
    """
    if asked.tags:
        also = f" and {count(len(asked.documents), 'other')} you asked" if asked.documents else ""
        return f"the documents tagged {' or '.join(asked.tags)}{also}"
    return f"the {count(len(asked.documents), 'document')} you asked" if asked.documents else ""


def suggestions(found: Sequence[Suggestion]) -> str:
    """Topics near the answer that the library answers too, each a button that asks; empty if there is none."""
    if not found:
        return ""
    rows = ""
    for s in found:
        asks = f'data-ask="{escape(s.question)}"'
        rows += f"<li>{button('pc-suggestion', asks, escape(s.shown))}</li>"
    return clean(f'<h3 class="pc-small">Also in your documents</h3><ul class="pc-suggestions">{rows}</ul>')


def examples(found: Sequence[Suggestion]) -> str:
    """Questions to begin with, each a button that asks it."""
    return clean("".join(button("pc-example", f'data-ask="{escape(s.question)}"', escape(s.shown)) for s in found))


def mark(conversation: Conversation | None) -> str:
    """An invisible mark that tells the page which conversation it shows, its title, and what it asks."""
    c = conversation or Conversation("", "", Scope(), 0)
    told = f'data-title="{escape(c.title)}" data-scope="{escape(json.dumps(c.scope.to_dict()))}"'
    return clean(f'<div class="pc-kept" data-conversation="{escape(c.id)}" {told} hidden></div>')


def _menu(title: str, acts: str) -> str:
    return f'<details class="pc-menu"><summary aria-label="More: {title}">⋯</summary><div>{acts}</div></details>'
