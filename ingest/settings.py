"""Every setting: its name, its unit, its default and where that came from.

A setting is read from the environment (`PINCITE_ENCODER`) or from `pincite.toml` in the library
(`encoder = "..."`); the environment wins. An unknown key is an error, so that a typing mistake never
passes for a default. The environment's key of a language model goes to no address that a library names: the library
may be a stranger's.
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from platformdirs import user_cache_path, user_data_path

from .errors import SettingsError

BUNDLED_ENCODER = "all-MiniLM-L6-v2"
SETTINGS_FILE = "pincite.toml"
# The longest question that is looked at; a page of text. Beyond it the encoder reads nothing anyway.
MAX_QUESTION_CHARS = 4000
# A token of 16 random characters is not guessed, at the ten tries a minute that the server allows.
MIN_TOKEN_CHARS = 16
_KINDS = {str: "text", int: "a whole number", float: "a number"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user may set. Frozen; read once, at the faces of the product."""

    # A sentence-transformers model: a name it can find without a network, or a folder.
    encoder: str = BUNDLED_ENCODER
    # So many of its first dimensions are kept, of an encoder trained for that (Matryoshka); 0 = all, or what it says.
    encoder_dimension: int = 0
    # A sentence-transformers cross-encoder that ranks the best passages again, by name or folder; empty = none.
    reranker: str = ""
    # Base address of an OpenAI-compatible server, e.g. http://127.0.0.1:8080/v1; empty = no LLM.
    llm_base_url: str = ""
    llm_model: str = ""
    llm_api_key: str = field(default="", repr=False)
    # What every client of `pincite serve` must show; empty = no token, and only this machine is served.
    token: str = field(default="", repr=False)
    # Other names of the server, separated by commas: those behind which a proxy serves it.
    server_names: str = ""
    # Requests that one client of the server may make in a minute; ten times as many from this machine.
    requests_per_minute: int = 1200
    # The longest that the server works on one answer, the wait for its turn included.
    answer_seconds: float = 90.0
    # How long the LLM may take for an answer, a follow-up's rewriting included; half of it until the first word.
    llm_seconds: float = 40.0
    # What becomes of a sentence of the LLM that its source does not support: "drop" or "mark".
    llm_unsupported: str = "drop"
    # Below this confidence the answer is "not in your documents". Chosen on the open sets: DESIGN.md.
    decline_below: float = 0.3
    # How long a small file may take to read before it is refused; large ones may take longer: reading.py.
    read_seconds: float = 8.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.decline_below <= 1.0:
            raise SettingsError(f"decline_below is a probability from 0 to 1, not {self.decline_below}.")
        if not 0.0 < self.read_seconds <= 86_400.0:
            raise SettingsError(f"read_seconds is a number of seconds above 0, not {self.read_seconds}.")
        if self.token and (
            len(self.token) < MIN_TOKEN_CHARS or not self.token.isascii() or self.token.split() != [self.token]
        ):
            raise SettingsError(
                f"token is too easy to guess or to mistype: it takes {MIN_TOKEN_CHARS} ASCII characters or more and no "
                "spaces; `openssl rand -hex 16` prints one."
            )
        if self.server_names and not self.token:
            raise SettingsError("server_names lets others reach the server, which needs a token: set PINCITE_TOKEN.")
        if self.requests_per_minute < 1:
            raise SettingsError(f"requests_per_minute is a number from 1, not {self.requests_per_minute}.")
        if not 0.0 < self.answer_seconds <= 86_400.0:
            raise SettingsError(f"answer_seconds is a number of seconds above 0, not {self.answer_seconds}.")
        if self.llm_base_url and not self.llm_base_url.startswith(("http://", "https://")):
            raise SettingsError("llm_base_url is an address such as http://127.0.0.1:8080/v1.")
        if not 0.0 < self.llm_seconds <= 3600.0:
            raise SettingsError(f"llm_seconds is a number of seconds above 0, not {self.llm_seconds}.")
        if self.llm_unsupported not in ("drop", "mark"):
            raise SettingsError(f'llm_unsupported is "drop" or "mark", not {self.llm_unsupported!r}.')
        if self.encoder_dimension < 0:
            raise SettingsError(f"encoder_dimension is a number from 1, or 0 for all, not {self.encoder_dimension}.")
        if not self.encoder:
            raise SettingsError("encoder is empty: name a sentence-transformers model or its folder, or unset it.")

    @classmethod
    def read(cls, library: Path | None, environ: Mapping[str, str] | None = None) -> Self:
        """The settings in force for the library in folder `library`; SettingsError on an unknown key."""
        settings = cls()
        file = library / SETTINGS_FILE if library else None
        if file and (text := _text_of(file)) is not None:
            try:
                values = tomllib.loads(text)
            except (ValueError, RecursionError) as exc:
                raise SettingsError(f"{file} cannot be read as TOML: {exc}.") from exc
            settings = settings._with(values, str(file))
        environ = os.environ if environ is None else environ
        named = {k.removeprefix("PINCITE_").lower(): v for k, v in environ.items() if k.startswith("PINCITE_")}
        named.pop("library", None)
        if named.get("llm_api_key") and settings.llm_base_url and "llm_base_url" not in named:
            raise SettingsError(
                f"PINCITE_LLM_API_KEY would go to {settings.llm_base_url}, an address that {file} names and you may "
                "not know: set PINCITE_LLM_BASE_URL to it if you do, or to nothing to ask no language model."
            )
        return settings._with(named, "the environment (PINCITE_...)")

    def altered(self, text: str) -> Self:
        """These settings with those in `text` changed, as in "decline_below=0.2,encoder=NAME"."""
        pairs = [part.partition("=") for part in text.split(",") if part.strip()]
        return self._with({key.strip(): value.strip() for key, _, value in pairs}, repr(text))

    def _with(self, values: Mapping[str, Any], where: str) -> Self:
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for key, value in values.items():
            if key not in kinds:
                known = ", ".join(sorted(kinds))
                raise SettingsError(f"Unknown setting {key!r} in {where}; the settings are: {known}.")
            try:
                if isinstance(value, bool) or not isinstance(value, str | int | float):
                    raise ValueError
                cast = kinds[key](value)
                if kinds[key] is int and not isinstance(value, str) and cast != value:
                    raise ValueError
            except (ValueError, OverflowError) as exc:
                given = "" if key in ("llm_api_key", "token") else f", not {value!r:.80}"
                raise SettingsError(f"{key} in {where} must be {_KINDS[kinds[key]]}{given}.") from exc
            try:
                self = replace(self, **{key: cast})
            except SettingsError as exc:
                raise SettingsError(f"In {where}: {exc}") from exc
        return self


def _text_of(file: Path) -> str | None:
    """The text of `file`; None if there is no such file."""
    try:
        return file.read_text("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as exc:
        raise SettingsError(f"{file} cannot be read as TOML: it is not text in UTF-8.") from exc
    except OSError as exc:
        raise SettingsError(f"{file} cannot be read: {exc.strerror}.") from exc


def default_library() -> Path:
    """The library that is meant when none is named: $PINCITE_LIBRARY, else one in the user's data folder."""
    named = os.environ.get("PINCITE_LIBRARY")
    return expanded(named) if named else own_folder(user_data_path) / "default"


def cache_folder() -> Path:
    """Where compiled encoders are kept; safe to delete at any time."""
    return own_folder(user_cache_path)


def own_folder(kind: Callable[..., Path]) -> Path:
    """This user's folder of a `kind`, one of platformdirs' functions; SettingsError where no home is known."""
    try:
        return kind("pincite", appauthor=False)
    except RuntimeError as exc:
        raise SettingsError("Your home folder is not known: set HOME to a folder that you can write to.") from exc


def path_text(path: str | os.PathLike[str]) -> str:
    """`path` as a str; TypeError for what is none, such as several in a list."""
    text = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(text, str):
        raise TypeError(f"a path is a str or a Path, not {path!r:.80}")
    return text


def expanded(path: str | os.PathLike[str]) -> Path:
    """`path` with a leading ~ or ~user as that home; as it is if there is no such user: a file may be called "~x"."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)
