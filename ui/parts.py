"""The parts of the chat's page, at `/page/*`: scripts and style, sources, documents, conversations, files in and out.

The page asks for each as finished HTML, so that none of it needs a session: what a conversation is, stands in the
library. What changes something is a PUT, a DELETE, or a POST of JSON, none of which another site's page can send.
"""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from pydantic import BaseModel, Field

from ingest import Document, LibraryError, PageImage, QuestionError, SourceError, UnknownDocumentError, shipped
from retriever import Retriever

from . import exports, lists, panel, render
from .conversations import MAX_NOTE_CHARS, Conversation, Conversations, KeptTurn, Scope
from .suggestions import FirstQuestions, suggest
from .uploads import MAX_UPLOAD_BYTES, Uploads
from .whereabouts import found_again

ASSETS = Path(__file__).parent / "assets"
FILES = ("pincite.css", "pincite.js", "source.js", "lists.js", "asking.js")
# Bodies that are larger than a question: path -> bytes, for the guard.
BODY_LIMITS = {"/page/uploads": MAX_UPLOAD_BYTES}
# Paragraphs around a quote that the panel shows at first, and the most that it may be asked for.
_AROUND = 3
_MOST_AROUND = 400
# Paragraphs of a document that is opened without a quote.
_FIRST_PARAGRAPHS = 40
# Pictures of pages that are kept, some 200 KB each.
_PICTURES = 24
_PICTURE_PIXELS = 1200

Around = Annotated[int, Query(ge=0, le=_MOST_AROUND)]
Offset = Annotated[int, Query(ge=0)]
ConversationId = Annotated[str, InPath(max_length=40)]
# Names and tags; that they have a most also lets no half a character in, which the library could not look up.
Text = Annotated[str, Field(max_length=5000)]
Export = Literal["markdown", "json", "bibtex", "csl"]


class TitleForm(BaseModel):
    """What a conversation is to be called."""

    title: str = Field(max_length=400)


class RatingForm(BaseModel):
    """What a reader thinks of an answer."""

    conversation: str = Field(max_length=40)
    number: int = Field(ge=1, lt=1_000_000)
    rating: Literal[-1, 0, 1]
    note: str = Field("", max_length=MAX_NOTE_CHARS)


class DocumentForm(BaseModel):
    """A document, and the tags it is to have where that is what is asked for."""

    document: Text
    tags: list[Text] = Field([], max_length=50)


class ScopeForm(BaseModel):
    """Which documents a conversation asks."""

    documents: list[Text] = []
    tags: list[Text] = []


def add_parts(
    app: FastAPI, retriever: Retriever, conversations: Conversations, uploads: Uploads, offered: FirstQuestions
) -> None:
    """Adds the parts of the page to `app`; `offered` are the questions to begin with."""
    for name in FILES:
        app.get(f"/page/{name}", include_in_schema=False)(_file(ASSETS / name))
    _add_sources(app, retriever, conversations)
    _add_documents(app, retriever, uploads, offered)
    _add_conversations(app, retriever, conversations)


def _document(retriever: Retriever, name: str) -> Document:
    """A document; an UnknownDocumentError that fits the page, where there is none."""
    try:
        return retriever.document(name)
    except UnknownDocumentError as exc:
        told = f"{name} is not in the library: it was removed, or never there. “All documents” lists what there is."
        raise UnknownDocumentError(told) from exc


def _add_sources(app: FastAPI, retriever: Retriever, conversations: Conversations) -> None:
    @app.get("/page/source", include_in_schema=False)
    def source(
        document: str,
        start: Offset,
        end: Offset,
        before: Around = _AROUND,
        after: Around = _AROUND,
        c: str = "",
        t: int = 0,
        n: int = 0,
        h: int = 0,
    ) -> Response:
        title, quote = _kept(conversations.get(c), t, n, h) if c else ("", None)
        told = lost = ""
        if quote is None:
            shown = _document(retriever, document)
            if not start <= end <= len(shown.text):
                changed = f"{shown.id} has changed: it has no characters {start} to {end} any more."
                return JSONResponse({"error": changed}, 409)
        else:
            try:
                shown, fate, start, end = found_again(retriever.library, document, quote, start)
            except UnknownDocumentError:
                return HTMLResponse(panel.gone(document, title, quote))
            if fate == "gone":
                told, lost = "The document has changed since: these words are not in it any more.", quote
            elif shown.id != document:
                told = f"This was cited from {document}; the words stand here now."
            elif fate == "moved":
                told = "The document has changed since; the words stand here now."
        if start == end:
            before, after = (before, after) if lost else (0, after + _FIRST_PARAGRAPHS)
        link = render.span_query(shown.id, start, end)
        return HTMLResponse(panel.source(shown, start, end, before, after, told, lost, link))

    @lru_cache(_PICTURES)
    def pictured(document: str, sha256: str, page: int) -> PageImage | None:
        return retriever.library.page_image(document, page, _PICTURE_PIXELS)

    def found(document: str, page: int) -> PageImage:
        image = pictured(document, _document(retriever, document).sha256, page)
        if image is None:
            raise UnknownDocumentError(f"{document} has no pages that can be shown.")
        return image

    @app.get("/page/picture", include_in_schema=False)
    def picture(document: str, page: Annotated[int, Query(ge=1)]) -> Response:
        """The picture of a page."""
        return Response(found(document, page).png, media_type="image/png", headers={"cache-control": "no-cache"})

    @app.get("/page/places", include_in_schema=False)
    def places(document: str, page: Annotated[int, Query(ge=1)], start: Offset, end: Offset) -> Response:
        """The size of a page, and the rectangles of a span on it as shares of its width and height."""
        image = found(document, page)
        told, boxes = "", []
        try:
            boxes = retriever.library.rectangles(document, start, end) if start < end else []
        except SourceError as exc:  # the page can be shown, only where the quote is on it is not known
            told = str(exc)
        shares = [
            [r.left / image.width, r.top / image.height, r.right / image.width, r.bottom / image.height]
            for r in boxes
            if r.page == page
        ]
        pages = [p.number for p in retriever.document(document).pages]
        size = {"ratio": image.width / image.height, "pages": max(pages, default=1)}
        return JSONResponse({**size, "boxes": shares, "told": told})


def _add_documents(app: FastAPI, retriever: Retriever, uploads: Uploads, offered: FirstQuestions) -> None:
    @app.get("/page/examples", include_in_schema=False)
    def examples() -> Response:
        return HTMLResponse(lists.examples(offered.now()))

    @app.get("/page/documents", include_in_schema=False)
    def documents() -> Response:
        library = retriever.library
        return HTMLResponse(lists.documents(retriever.documents(), frozenset(library.missing()), shipped(library)))

    @app.delete("/page/articles", include_in_schema=False)
    def remove_articles() -> Response:
        uploads.remove_articles()
        return Response(status_code=202)

    @app.post("/page/documents/{act}", include_in_schema=False)
    def change(act: Literal["reread", "tags", "remove"], form: DocumentForm) -> Response:
        name = _document(retriever, form.document).id  # raises where there is none
        if act == "remove":
            uploads.remove(name)
        elif act == "tags":
            uploads.tag(name, tuple(dict.fromkeys(t for tag in form.tags if (t := tag.strip()))))
        else:
            path = retriever.library.source_path(name)
            if path is None:
                raise LibraryError(f"{name} was not read from a file, so that it cannot be read again.")
            uploads.reread(name, path)
        return Response(status_code=202)

    @app.post("/page/scope", include_in_schema=False)
    def scope(form: ScopeForm) -> Response:
        """In words, which documents are asked."""
        names = {d.document for d in retriever.documents()}
        return JSONResponse({"told": lists.scope(Scope(tuple(form.documents), tuple(form.tags)), names)})

    @app.get("/page/uploads", include_in_schema=False)
    def jobs(after: Annotated[int, Query(ge=0)] = 0) -> Response:
        return HTMLResponse(lists.jobs(uploads.jobs(), after))

    @app.put("/page/uploads", include_in_schema=False)
    async def upload(request: Request, name: Annotated[str, Query(max_length=1000)]) -> Response:
        try:
            await uploads.receive(name, request.stream())
        except SourceError as exc:
            return JSONResponse({"error": str(exc)}, 422)
        return Response(status_code=202)

    @app.put("/page/uploads/{number}", include_in_schema=False)
    def retry(number: int) -> Response:
        return Response(status_code=202 if uploads.retry(number) else 404)

    @app.put("/page/uploads/{number}/replace", include_in_schema=False)
    def replace(number: int) -> Response:
        return Response(status_code=202 if uploads.replace(number) else 404)

    @app.delete("/page/uploads", include_in_schema=False)
    def dismiss() -> Response:
        uploads.dismiss()
        return Response(status_code=204)


def _add_conversations(app: FastAPI, retriever: Retriever, conversations: Conversations) -> None:
    def kept(id: str) -> Conversation:
        conversation = conversations.get(id)
        if conversation is None:
            raise _no_conversation()
        return conversation

    @app.get("/page/conversations", include_in_schema=False)
    def listed(search: Annotated[str, Query(max_length=200)] = "") -> Response:
        found = conversations.search(search)
        return HTMLResponse(lists.conversations(found, search, conversations.lasting, conversations.has_ratings()))

    @app.post("/page/conversations/{id}", include_in_schema=False)
    def rename(id: ConversationId, form: TitleForm) -> Response:
        if not conversations.rename(id, form.title):
            raise _no_conversation()
        return Response(status_code=204)

    @app.delete("/page/conversations/{id}", include_in_schema=False)
    def delete(id: ConversationId) -> Response:
        if not conversations.delete(id):
            raise _no_conversation()
        return Response(status_code=204)

    @app.get("/page/conversations/{id}/{form}", include_in_schema=False)
    def export(id: ConversationId, form: Export) -> Response:
        conversation = kept(id)
        write, suffix, kind = {
            "markdown": (exports.as_markdown, "md", "text/markdown"),
            "json": (exports.as_json, "json", "application/json"),
            "bibtex": (exports.as_bibtex, "bib", "application/x-bibtex"),
            "csl": (exports.as_csl, "csl.json", "application/json"),
        }[form]
        return _attached(write(conversation), exports.file_name(conversation, suffix), kind)

    @app.post("/page/rating", include_in_schema=False)
    def rate(form: RatingForm) -> Response:
        if not conversations.rate(form.conversation, form.number, form.rating, form.note):
            raise _no_conversation()
        return Response(status_code=204)

    @app.get("/page/ratings", include_in_schema=False)
    def ratings() -> Response:
        """Every rated answer, as a set that `pincite eval` reads."""
        rated = conversations.rated()
        if not rated:
            raise QuestionError("No answer has been rated yet.")
        documents: list[Document] = [retriever.document(d.document) for d in retriever.documents()]
        return _attached(exports.evaluation_set(rated, documents), "pincite-ratings.zip", "application/zip")

    @app.get("/page/suggestions", include_in_schema=False)
    def suggestions(c: str, t: int) -> Response:
        conversation = conversations.get(c)
        turn = conversation.turn(t) if conversation else None
        if conversation is None or turn is None or turn.answer is None:  # deleted or asked anew meanwhile
            return HTMLResponse("")
        asked = {past.question for past in conversation.turns}
        scope = conversation.scope
        return HTMLResponse(lists.suggestions(suggest(retriever, turn.answer, asked, scope.documents, scope.tags)))


def _kept(conversation: Conversation | None, number: int, cited: int, rank: int) -> tuple[str, str | None]:
    """The title and the words that citation `cited` of a kept turn, or its hit of that rank, stood for, if kept."""
    turn: KeptTurn | None = conversation.turn(number) if conversation else None
    if turn is None or turn.answer is None:
        return "", None
    if rank > 0:
        hits = turn.answer.evidence[rank - 1 : rank]
        return next(((h.passage.title, h.passage.text) for h in hits), ("", None))
    return next(((c.passage.title, c.quote) for c in turn.answer.citations if c.number == cited), ("", None))


def _no_conversation() -> UnknownDocumentError:
    return UnknownDocumentError("There is no such conversation or answer any more.")


def _attached(content: str | bytes, name: str, kind: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type=kind, headers=headers)


def _file(path: Path) -> Any:
    def send() -> Response:
        # Asked for anew each time, sent only if changed: an upgrade shows at once.
        return FileResponse(path, headers={"cache-control": "no-cache"})

    return send
