"""Sources in: files become documents, passages and vectors in a library on disk."""

from .corpus import open_default, shipped
from .documents import Content, Document, Page, PageImage, Passage, Rectangle, Section, page_at
from .earlier_names import present_name
from .encode import Encoder, model_folder
from .errors import (
    BusyError,
    CutShortError,
    EncoderError,
    FormatError,
    LibraryError,
    LLMError,
    LockedError,
    NoTextError,
    PinciteError,
    QuestionError,
    SettingsError,
    SourceError,
    TooSlowError,
    UnknownDocumentError,
)
from .indexes.late import POOLED_TOKENS, maxsim, similarities
from .indexes.lexical import STOP_WORDS, content_words, expression, stem, stems, words
from .library import Library
from .pipeline import Progress, Report, encoder_text
from .products import product
from .records import DocumentInfo
from .sentences import heads, is_code, may_head, paragraphs, sentences
from .settings import BUNDLED_ENCODER, MAX_QUESTION_CHARS, Settings, default_library, own_folder
from .watching import follow

__all__ = [
    "BUNDLED_ENCODER",
    "MAX_QUESTION_CHARS",
    "POOLED_TOKENS",
    "STOP_WORDS",
    "BusyError",
    "Content",
    "CutShortError",
    "Document",
    "DocumentInfo",
    "Encoder",
    "EncoderError",
    "FormatError",
    "LLMError",
    "Library",
    "LibraryError",
    "LockedError",
    "NoTextError",
    "Page",
    "PageImage",
    "Passage",
    "PinciteError",
    "Progress",
    "QuestionError",
    "Rectangle",
    "Report",
    "Section",
    "Settings",
    "SettingsError",
    "SourceError",
    "TooSlowError",
    "UnknownDocumentError",
    "content_words",
    "default_library",
    "encoder_text",
    "expression",
    "follow",
    "heads",
    "is_code",
    "maxsim",
    "may_head",
    "model_folder",
    "open_default",
    "own_folder",
    "page_at",
    "paragraphs",
    "present_name",
    "product",
    "sentences",
    "shipped",
    "similarities",
    "stem",
    "stems",
    "words",
]
