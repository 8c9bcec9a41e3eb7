"""Answers, their sources and the API's description as HTML or Markdown: pure functions of their arguments.

Two walls stand between a document and the page. Every text is escaped where it enters; and every finished
piece goes through `clean`, an allow-list (nh3) that knows neither scripts, images, styles nor addresses
outside the page. So a forgotten escape costs a broken layout, not a reader's data.

The scripts in `assets/` rely on these marks: a link or button with `data-source` (a query string) opens that span in
the source panel; `data-copy` holds what a button copies, `data-act` what it does, `data-ask` what it asks; `pc-turn` is
one turn and carries `data-state` ("busy", "done"), `data-conversation`, `data-number`, and `data-question` and
`data-search-for`, with which it is asked again.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlencode

import nh3

from ingest import Passage, paragraphs
from retriever import NOT_IN_LIBRARY, Answer, Citation, Hit, Verdict

from .blocks import block
from .whereabouts import page_of

_MARK = re.compile(r"\[(\d{1,4})\]")
# A piece ends after the marks that follow a sentence, or at a line's end; nothing is lost between pieces.
_PIECE = re.compile(r".+?(?:(?<=[.!?…])(?:\s*\[\d{1,4}\])+\s*|(?<=[.!?…])\s+(?!\[\d)|\n+|\Z)", re.DOTALL)
# A question of this length may be more than the six lines of it that are shown (on a phone, 35 letters each).
_LONG_QUESTION_CHARS = 200
# The space before a chip must not break, or a chip could begin a line.
_SPACE_BEFORE_MARK = re.compile(r" (?=\[\d)")
_NO_BREAK = "\u00a0"

TAGS = {
    *("a", "article", "blockquote", "button", "code", "dd", "details", "div", "dl", "dt", "h1", "h2", "h3", "header"),
    *("input", "li", "mark", "ol", "p", "section", "span", "strong", "summary", "table", "tbody", "td", "th", "thead"),
    *("tr", "ul", "wbr"),
}
_ATTRIBUTES = {
    "*": {"class", "id", "role", "tabindex", "hidden"},
    "a": {"href"},
    "button": {"type"},
    "details": {"open"},
    "td": {"colspan"},
    "th": {"scope"},
}
# A link leads within the page, to a conversation, or to the ratings; "//host" would be another site's.
_OWN_ADDRESS = re.compile(r"#|/\?|/page/ratings\Z")

# What is said of the words behind a sentence that a language model worded.
_VERDICTS: dict[Verdict, str] = {
    "exact": "",
    "supported": '<span class="pc-flag pc-high">supports the sentence</span>',
    "unsupported": '<span class="pc-flag">does not bear out the sentence</span>',
}
# What a ranker looks at, in a reader's words; an unknown ranker keeps its own name.
_RANKERS = {"dense": "meaning", "late": "close reading", "reranker": "read together"}


def clean(html: str) -> str:
    """`html` with everything gone that the page does not itself use: the last wall before the browser."""
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=_ATTRIBUTES,
        generic_attribute_prefixes={"data-", "aria-"},
        tag_attribute_values={"input": {"type": {"checkbox"}}},
        attribute_filter=_own_addresses_only,
        url_schemes=set(),
        link_rel=None,
    )


def _own_addresses_only(tag: str, attribute: str, value: str) -> str | None:
    return None if attribute == "href" and not _OWN_ADDRESS.match(value) else value


def pieces(text: str) -> list[str]:
    """`text` in the pieces it is streamed in, about a sentence each; joined they are `text` again.

    >>> pieces("T cells kill. [1][2] They rest. And wait.")
    ['T cells kill. [1][2] ', 'They rest. ', 'And wait.']
    """
    return [match[0] for match in _PIECE.finditer(text)]


def place(title: str, heading: str | None, page: str = "") -> str:
    """Where something stands, in one line; a heading path that repeats the title is shortened.

    >>> place("CAR-T cells", "CAR-T cells > History > First trials", "p. 2")
    'CAR-T cells - History › First trials - p. 2'
    """
    return " - ".join(part for part in (title, trail(title, heading), page) if part)


def trail(title: str, heading: str | None) -> str:
    """The heading path below the title, with "›" between its steps; empty where there is none."""
    steps = (heading or "").split(" > ")
    return " › ".join(steps[1:] if steps[0] == title else steps)


def percent(confidence: float) -> str:
    """A probability as a whole percentage; never 0 % or 100 %, which would promise too much."""
    return f"{min(99, max(1, round(confidence * 100)))}{_NO_BREAK}%"


def assurance(answer: Answer) -> tuple[str, str]:
    """How far to trust the answer: a level ("high", "fair", "low") and a sentence that says it plainly."""
    sure = percent(answer.confidence)
    if not answer.answered:
        return "low", f"Chance that your documents do answer it: {sure}"
    if answer.confidence >= 0.8:
        return "high", f"Your documents answer this ({sure} sure)"
    if answer.confidence >= 0.5:
        return "fair", f"Your documents probably answer this ({sure} sure): check the sources"
    return "low", f"Your documents may answer this ({sure} sure): check the sources"


def refusal(answer: Answer, within: str) -> str:
    """What is said where there is no answer; of the documents `within` alone, if not all were asked."""
    told = answer.text or f"{NOT_IN_LIBRARY}."
    return told.replace(NOT_IN_LIBRARY, f"Not in {within}", 1) if within else told


def meant(answer: Answer) -> str:
    """What was searched for, on one line; empty where that is the question as it was asked, or nothing."""
    searched = " ".join(answer.searched_for.split())
    return "" if searched.casefold() == " ".join(answer.question.split()).casefold() else searched


def span_query(document: str, start: int, end: int) -> str:
    """The query string that names a span of a document to the source panel."""
    return urlencode({"document": document, "start": start, "end": end})


def as_markdown(answer: Answer) -> str:
    """The answer with its numbered sources as Markdown, to send to a chat client or to export.

    An image in Markdown is a request to somebody's server, so its mark is broken wherever a document's
    words bring one along.
    """
    return _with_sources(answer, plain).replace("![", "!\\[")


def _with_sources(answer: Answer, written: Callable[[str], str]) -> str:
    """The answer with its numbered sources, the names of which are `written` for where they go."""
    lines = [answer.text]
    if answer.citations:
        lines += ["", "Sources:", ""]
        for c in answer.citations:
            stands = written(place(c.passage.title, c.passage.heading, page_of(c.passage.document, c.page)))
            lines.append(f"{c.number}. {stands} ({written(c.passage.document)}, characters {c.start}-{c.end})")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class TurnId:
    """Where a turn stands: its number in a conversation that is kept (or in none). Its ids are unique by the number.

    `search_for` is what its reader had it search for in place of its question, if anything.
    """

    number: int
    conversation: str = ""
    search_for: str = ""

    def query(self, kind: str, number: int) -> str:
        """What a span's address says besides the span: which citation ("n") or hit ("h") of a kept turn it is."""
        kept = {"c": self.conversation, "t": self.number, kind: number}
        return f"&{urlencode(kept)}" if self.conversation else ""


def searching(question: str, at: TurnId) -> str:
    """A turn while the library is being searched."""
    return _turn(question, at, "busy", '<p class="pc-busy">Searching your documents…</p>')


def answering(question: str, at: TurnId, text: str, citations: Sequence[Citation] = ()) -> str:
    """A turn while its answer appears: `text` is the part shown so far, `citations` those that are known by now."""
    return _turn(question, at, "busy", _prose(citations, at, text))


def turn(answer: Answer, at: TurnId, rating: int = 0, note: str = "", within: str = "") -> str:
    """A turn, complete: question, answer with its citation chips, sources, evidence, and what can be done with it.

    `within` says which documents were asked, if not all of them.
    """
    searched, also = meant(answer), ""
    if searched:
        change = button("pc-link", f'data-act="edit" data-text="{escape(searched)}"', "Change")
        also = f'<p class="pc-searched">Searched for: {escape(searched)} {change}</p>'
    body = _answered(answer, at) if answer.answered else _declined(answer, at, within)
    acts = _acts(at, rating if answer.searched_for else None, note)
    return _turn(answer.question, at, "done", also + body + _evidence(answer, at) + acts)


def failure(question: str, message: str, at: TurnId) -> str:
    """A turn that ended without an answer: what went wrong, in one sentence."""
    told = f'<p class="pc-failure" role="alert">{escape(message)}</p>'
    return _turn(question, at, "done", told + _acts(at))


def notice(message: str) -> str:
    """A sentence in the place of a turn."""
    return clean(f'<p class="pc-failure" role="status">{escape(message)}</p>')


def stopped(question: str, at: TurnId) -> str:
    """A turn that the reader stopped before anything was found."""
    return _turn(question, at, "done", '<p class="pc-busy">Stopped.</p>' + _acts(at))


def reference(openapi: Mapping[str, Any]) -> str:
    """The API's description as a page of its own: every path, what it takes, what comes back."""
    parts = []
    for path, methods in openapi.get("paths", {}).items():
        for method, told in methods.items():
            body = told.get("requestBody", {}).get("content", {}).get("application/json", {})
            takes = "".join(f"<li>{field}</li>" for field in _fields(body.get("schema", {}), openapi))
            replies = "".join(
                f"<dt>{escape(code)}</dt><dd>{_coded(reply.get('description', ''))}</dd>"
                for code, reply in told.get("responses", {}).items()
            )
            parts.append(
                f'<section class="pc-route"><h2><span class="pc-method">{escape(method.upper())}</span> '
                f"<code>{escape(path)}</code></h2><p>{_coded(told.get('summary', ''))}.</p>"
                f"<p>{_coded(told.get('description', ''))}</p>"
                + (f"<h3>Takes, as JSON</h3><ul>{takes}</ul>" if takes else "")
                + f"<h3>Gives</h3><dl>{replies}</dl></section>"
            )
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Pincite API</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/page/pincite.css"></head><body class="pc-plain"><main>'
    )
    info = openapi.get("info", {})
    intro = f"<h1>{escape(info.get('title', ''))} API</h1><p>{_coded(info.get('description', ''))}</p>"
    return head + clean(f'<div class="pc-reference">{intro}{"".join(parts)}</div>') + "</main></body></html>"


def _turn(question: str, at: TurnId, state: str, body: str) -> str:
    """One turn of the conversation as an article."""
    id = f"t{at.number}"
    # What scrolls must be reached by keyboard.
    reached = 'tabindex="0" ' if len(question) > _LONG_QUESTION_CHARS else ""
    return clean(
        f'<article class="pc-turn" id="{id}" data-state="{state}" data-number="{at.number}" '
        f'data-conversation="{escape(at.conversation)}" data-question="{escape(question)}" '
        f'data-search-for="{escape(at.search_for)}" aria-labelledby="{id}-q">'
        f'<h2 class="pc-question" {reached}id="{id}-q">{escape(question)}</h2>{body}</article>'
    )


def _acts(at: TurnId, rating: int | None = None, note: str = "") -> str:
    """What can be done with a finished turn; without a `rating` there is no answer to rate."""
    if not at.conversation:
        return ""
    acts = button("pc-link", 'data-act="edit"', "Edit question") + button("pc-link", 'data-act="again"', "Ask again")
    acts += button("pc-link", 'data-act="link"', "Copy link")
    rate = ""
    if rating is not None:
        chosen = ((1, "Yes"), (-1, "No"))
        rates = "".join(
            button("pc-link", f'data-act="rate" data-rating="{n}" aria-pressed="{str(n == rating).lower()}"', word)
            for n, word in chosen
        )
        rate = f'<span class="pc-rate" role="group" aria-label="Helpful?">Helpful? {rates}</span>'
    # The script writes it so, too.
    change = button("pc-link", 'data-act="note"', "Edit note" if note else "Add a note")
    kept = f'<p class="pc-note"><span>{escape(note)}</span> {change}</p>' if rating else ""
    return f'<p class="pc-acts">{acts}{rate}</p>{kept}'


def _prose(citations: Sequence[Citation], at: TurnId, text: str) -> str:
    """`text` as paragraphs, with each mark that has a citation made a chip."""
    cited = {c.number: c for c in citations}
    alike = _alike(citations)

    def chip(mark: re.Match[str]) -> str:
        n = int(mark[1])
        if n not in cited:
            return mark[0]
        c = cited[n]
        doubt = ", which does not bear out the sentence" if c.verdict == "unsupported" else ""
        stands = place(c.passage.title, c.passage.heading, page_of(c.passage.document, c.page))
        stands += f" - {c.passage.document}" if c.passage.title in alike else ""
        told = escape(f"Source {n}: {stands}{doubt}")
        opens = _opens(c, at.query("n", n))
        doubted = " pc-doubted" if c.verdict == "unsupported" else ""
        return f'<a class="pc-chip{doubted}" href="#t{at.number}-s{n}" aria-label="{told}" {opens}>{n}</a>'

    def said(low: int, high: int) -> str:
        return _MARK.sub(chip, _SPACE_BEFORE_MARK.sub(_NO_BREAK, escape(text[low:high])))

    html = "".join(block(text, low, high, said) for low, high in paragraphs(text))
    return f'<div class="pc-answer">{html}</div>'


def _answered(answer: Answer, at: TurnId) -> str:
    level, told = assurance(answer)
    alike = _alike(answer.citations)
    rows = "".join(
        f'<li id="t{at.number}-s{c.number}">{_row(c, c.quote, c.page, at.query("n", c.number), alike, c.verdict)}</li>'
        for c in answer.citations
    )
    copy = button("pc-copy", f'data-copy="{escape(_with_sources(answer, str))}"', "Copy with sources")
    return (
        _prose(answer.citations, at, answer.text)
        + (f'<p class="pc-remark">{escape(answer.note)}</p>' if answer.note else "")
        + f'<p class="pc-meta"><span class="pc-sure pc-{level}">{escape(told)}</span>{copy}</p>'
        + (f'<h3 class="pc-small">Sources</h3><ol class="pc-sources">{rows}</ol>' if rows else "")
    )


def _declined(answer: Answer, at: TurnId, within: str) -> str:
    """The honest "no": it is said in plain words what is missing, and the nearest passages can be opened.

    Where nothing was searched for, the reply to small talk alone.
    """
    if not answer.searched_for:
        return _prose((), at, answer.text)
    nearest = answer.evidence[:4]
    alike = _alike(nearest)
    rows = "".join(
        f"<li>{_row(hit, _opening(hit.passage), hit.passage.page, at.query('h', rank), alike)}</li>"
        for rank, hit in enumerate(nearest, 1)
    )
    heading = '<h3 class="pc-small">The nearest passages</h3>'
    told, chance, wider = refusal(answer, within), assurance(answer)[1], ""
    if within:
        chance = f"Chance that the answer is there: {percent(answer.confidence)}"
        wider = button("pc-link", 'data-act="all"', "Ask all documents") if at.conversation else ""
    return (
        f'<div class="pc-declined"><p><strong>{escape(told)}</strong> No passage answers this, so '
        "Pincite does not guess. Other words may help, or a document that covers it.</p>"
        + (f'<p class="pc-remark">{escape(answer.note)}</p>' if answer.note else "")
        + f'<p class="pc-meta"><span class="pc-sure pc-low">{escape(chance)}</span>{wider}</p></div>'
        + (f'{heading}<ul class="pc-sources">{rows}</ul>' if rows else "")
    )


def _alike(shown: Sequence[Citation | Hit]) -> set[str]:
    """The titles that several documents of these bear, which only the names of their files tell apart."""
    documents = {what.passage.document: what.passage.title for what in shown}
    return {title for title, times in Counter(documents.values()).items() if title and times > 1}


def _row(
    what: Citation | Hit, quote: str, page: int | None, more: str, alike: Collection[str], verdict: Verdict = "exact"
) -> str:
    """A source as a button: its number if it has one, where it stands, its words.

    Its file is named where its title is one of those `alike`.
    """
    p = what.passage
    file = p.document if p.title in alike else ""
    number = f'<span class="pc-number">{what.number}</span>' if isinstance(what, Citation) else ""
    steps = "".join(
        f"<span>{escape(part)}</span>" for part in (file, trail(p.title, p.heading), page_of(p.document, page)) if part
    )
    # An answer in the source's own words needs no verdict.
    flag = _VERDICTS[verdict]
    return button(
        "pc-row",
        _opens(what, more),
        f'{number}<span class="pc-row-text"><span class="pc-row-place">'
        f"<strong>{escape(p.title or p.document)}</strong>{steps}{flag}</span>"
        f'<span class="pc-quote">{escape(quote)}</span></span>',
    )


def _evidence(answer: Answer, at: TurnId) -> str:
    """Why these passages: for each passage that was weighed, its rank by every ranker."""
    if not answer.evidence:
        return ""
    alike = _alike(answer.evidence)
    rankers = list(dict.fromkeys(name for hit in answer.evidence for name in hit.found_by))
    head = "".join(f'<th scope="col">{escape(_RANKERS.get(name, name))}</th>' for name in rankers)
    rows = ""
    for rank, hit in enumerate(answer.evidence, 1):
        p = hit.passage
        opener = button("pc-link", _opens(hit, at.query("h", rank)), escape(_opening(p, 90)))
        ranks = "".join(f"<td>{_rank(hit, name)}</td>" for name in rankers)
        stands = place(p.title, p.heading, page_of(p.document, p.page))
        stands += f" - {p.document}" if p.title in alike else ""
        rows += f"<tr><td>{opener}<span>{escape(stands)}</span></td>{ranks}</tr>"
    return (
        '<details class="pc-why"><summary>Why these passages</summary>'
        "<p>The passages that were weighed, best first, and their rank by each way of searching.</p>"
        f'<table><thead><tr><th scope="col">passage</th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></details>"
    )


def _rank(hit: Hit, ranker: str) -> str:
    return str(hit.found_by[ranker]) if ranker in hit.found_by else "-"


def _opens(what: Citation | Hit, more: str) -> str:
    """The attribute by which a click opens this span in the source panel."""
    if isinstance(what, Citation):
        query = span_query(what.passage.document, what.start, what.end)
        return f'data-number="{what.number}" data-source="{escape(query + more)}"'
    p = what.passage
    return f'data-source="{escape(span_query(p.document, p.start, p.end) + more)}"'


def button(kind: str, attributes: str, inner: str) -> str:
    """A button of class `kind`; `attributes` and `inner` are HTML."""
    return f'<button type="button" class="{kind}" {attributes}>{inner}</button>'


def _opening(passage: Passage, chars: int = 240) -> str:
    """The first words of a passage on one line, without the title and headings it may begin with: they are beside."""
    text, above = passage.text, [passage.title, *(passage.heading or "").split(" > ")]
    for step in above:
        first, _, rest = text.lstrip().partition("\n")
        text = rest if " ".join(first.split()) == step else text
    line = " ".join(text.split()) or above[-1] or passage.title
    return line if len(line) <= chars else line[: chars - 1].rsplit(" ", 1)[0] + "…"


def count(n: int, noun: str) -> str:
    """`n` things in words.

    >>> count(1, "passage"), count(1200, "passage")
    ('1 passage', '1,200 passages')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def plain(text: str) -> str:
    """`text` with the characters that mean something in Markdown made plain."""
    return re.sub(r"([\\`*_\[\]<>!|])", r"\\\1", text)


def _coded(text: str) -> str:
    """`text` with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _fields(schema: Mapping[str, Any], openapi: Mapping[str, Any]) -> list[str]:
    """The fields of a request body, one line of HTML each."""
    named = schema.get("$ref", "").rpartition("/")[2]
    schema = openapi.get("components", {}).get("schemas", {}).get(named, schema)
    needed = schema.get("required", ())
    return [
        f"<code>{escape(name)}</code>{'' if name in needed else ' (optional)'} " + _coded(field.get("description", ""))
        for name, field in schema.get("properties", {}).items()
    ]
