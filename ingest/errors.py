"""What can go wrong on the way in and on the way out.

    PinciteError                 the message is fit to show: what is wrong and what to do
    ├── SettingsError            an unknown or malformed setting
    ├── SourceError              one file cannot be read; a run lists it and goes on
    │   └── NoTextError          the file was read, but holds no text (a scan, say)
    ├── LibraryError             the library is missing, locked or damaged
    │   ├── LockedError          another process is writing to it
    │   ├── FormatError          another version made it, in a format that this one does not read
    │   └── UnknownDocumentError no document of that name
    ├── EncoderError             the embedding model is missing, damaged or not usable
    ├── QuestionError            the question is empty or too long
    ├── BusyError                too much is being asked at once
    ├── TooSlowError             an answer took longer than it may
    └── LLMError                 the language model failed; the retriever then answers without it
        └── CutShortError        its reply can be read, but was cut off before its end

A wrong call from code (k = 0, a history of the wrong shape) raises ValueError or TypeError instead.
"""


class PinciteError(Exception):
    """A failure whose message is one sentence that a person can act on."""


class SettingsError(PinciteError):
    """An unknown or malformed setting."""


class SourceError(PinciteError):
    """A source file that cannot be read."""


class NoTextError(SourceError):
    """A source file without any text."""


class LibraryError(PinciteError):
    """A library that is missing, locked, damaged, or written by another version."""


class LockedError(LibraryError):
    """Another process is writing to the library."""


class FormatError(LibraryError):
    """The library was made by another version, whose format this one does not read."""


class UnknownDocumentError(LibraryError):
    """No document of that name is in the library."""


class EncoderError(PinciteError):
    """An embedding model that is missing, damaged, or not usable here."""


class QuestionError(PinciteError):
    """A question that is empty or too long."""


class BusyError(PinciteError):
    """So many questions wait that one more would wait too long."""


class TooSlowError(PinciteError):
    """An answer that took longer than it may."""


class LLMError(PinciteError):
    """A language model that cannot be reached, or sends nothing that can be used. No full stop: a note goes on."""


class CutShortError(LLMError):
    """The reply of a language model is over, but not whole: it met the server's limit, or its filter."""
