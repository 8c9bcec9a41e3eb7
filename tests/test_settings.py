"""Settings: from the environment before the file before the defaults, and never from a mistyped key."""

from pathlib import Path
from typing import Any

import pytest

from ingest import Library, Settings, SettingsError
from ingest.settings import BUNDLED_ENCODER, cache_folder, default_library, expanded


def toml(folder: Path, text: str) -> Path:
    (folder / "pincite.toml").write_text(text, "utf-8")
    return folder


def test_without_anything_set_they_are_the_defaults(tmp_path: Path) -> None:
    settings = Settings.read(tmp_path, {})
    assert settings == Settings.read(None, {}) == Settings()
    assert settings.encoder == BUNDLED_ENCODER
    assert (settings.llm_base_url, settings.llm_model, settings.llm_api_key) == ("", "", "")
    assert 0 < settings.decline_below < 1


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    toml(tmp_path, 'decline_below = 0.5\nllm_model = "from the file"\n')
    settings = Settings.read(tmp_path, {"PINCITE_LLM_MODEL": "from outside", "PINCITE_ENCODER": "/m", "OTHER": "x"})
    assert settings == Settings(encoder="/m", llm_model="from outside", decline_below=0.5)


def test_the_library_of_the_environment_is_no_setting(tmp_path: Path) -> None:
    assert Settings.read(tmp_path, {"PINCITE_LIBRARY": "/somewhere"}) == Settings()
    with pytest.raises(SettingsError, match="library"):
        Settings.read(toml(tmp_path, 'library = "/somewhere"'), {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "decline_bellow = 0.5",
            r"'decline_bellow' in .*pincite\.toml; the settings are: answer_seconds, decline_below, encoder",
        ),
        ("decline_below = 'much'", "decline_below in .* must be a number"),
        ("decline_below = 1.5", r"In .*pincite\.toml: .*from 0 to 1"),
        ("decline_below = nan", "from 0 to 1"),
        ("decline_below = true", "must be a number"),
        ("encoder = ['a']", "must be text"),
        ("encoder = ''", "encoder is empty"),
        ("[encoder]\nname = 'a'", "must be text"),
        ("decline_below 0.5", "cannot be read as TOML"),
        ("requests_per_minute = inf", "must be a whole number, not inf"),
        ("requests_per_minute = 1.5", "must be a whole number, not 1.5"),
        (f"requests_per_minute = {'9' * 5000}", "cannot be read as TOML"),
        (f"encoder = {'[' * 5000}", "cannot be read as TOML"),
        ("token = true", "must be text\\.$"),
    ],
)
def test_what_is_wrong_in_the_file_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        Settings.read(toml(tmp_path, text), {})
    with pytest.raises(SettingsError, match=told):
        Library.open(tmp_path, create=True)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "pincite.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.read(tmp_path, {})


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "pincite.toml").mkdir()
    for folder, why in ((tmp_path, "Is a directory"), (tmp_path / ("x" * 300), "File name too long")):
        with pytest.raises(SettingsError, match=f"pincite.toml cannot be read: {why}"):
            Settings.read(folder, {})


def test_a_mark_of_the_encoding_is_no_fault(tmp_path: Path) -> None:
    assert Settings.read(toml(tmp_path, "\ufeffdecline_below = 0.5"), {}).decline_below == 0.5


def test_what_is_wrong_in_the_environment_is_told() -> None:
    with pytest.raises(SettingsError, match="'llm_modle' in the environment"):
        Settings.read(None, {"PINCITE_LLM_MODLE": "x"})
    with pytest.raises(SettingsError, match="must be a number, not 'high'"):
        Settings.read(None, {"PINCITE_DECLINE_BELOW": "high"})


def test_the_environment_s_key_goes_to_no_address_of_a_library(tmp_path: Path) -> None:
    address, mine = "http://stranger.example/v1", "http://127.0.0.1:8080/v1"
    toml(tmp_path, f'llm_base_url = "{address}"')
    with pytest.raises(SettingsError, match=f"PINCITE_LLM_API_KEY would go to {address}") as raised:
        Settings.read(tmp_path, {"PINCITE_LLM_API_KEY": "sk-mine"})
    assert "sk-mine" not in str(raised.value)
    for own in (mine, ""):
        read = Settings.read(tmp_path, {"PINCITE_LLM_API_KEY": "sk-mine", "PINCITE_LLM_BASE_URL": own})
        assert (read.llm_base_url, read.llm_api_key) == (own, "sk-mine")
    assert Settings.read(tmp_path, {}).llm_base_url == address
    toml(tmp_path, f'llm_base_url = "{address}"\nllm_api_key = "sk-theirs"')
    assert Settings.read(tmp_path, {}).llm_api_key == "sk-theirs"


def test_a_number_may_be_written_whole() -> None:
    assert Settings.read(None, {"PINCITE_DECLINE_BELOW": "1"}).decline_below == 1.0


def test_a_library_reads_the_settings_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml(tmp_path, "decline_below = 0.125")
    with Library.open(tmp_path, create=True) as library:
        assert library.settings.decline_below == 0.125
    monkeypatch.setenv("PINCITE_DECLINE_BELOW", "0.25")
    with Library.open(tmp_path) as library:
        assert library.settings.decline_below == 0.25
    with Library.open(tmp_path, settings=Settings(decline_below=0.75)) as library:
        assert library.settings.decline_below == 0.75, "settings that are passed in are those in force"


def test_where_things_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PINCITE_LIBRARY", str(tmp_path / "mine"))
    assert default_library() == tmp_path / "mine"
    monkeypatch.delenv("PINCITE_LIBRARY")
    assert default_library().parts[-2:] == ("pincite", "default")
    assert cache_folder().name == "pincite"
    assert cache_folder() not in default_library().parents


def test_without_a_home_it_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*names: object, **more: object) -> Path:
        raise RuntimeError

    monkeypatch.delenv("PINCITE_LIBRARY")
    monkeypatch.setattr("ingest.settings.user_data_path", unknown)
    with pytest.raises(SettingsError, match="set HOME"):
        default_library()


def test_a_tilde_is_a_home_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("PINCITE_LIBRARY", "~/papers")
    assert default_library() == Path("/home/me/papers")
    assert expanded("~no-such-user.txt") == Path("~no-such-user.txt")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"token": "short"}, "too easy to guess"),
        ({"token": "0123456789abcdef with spaces"}, "no spaces"),
        ({"token": "0123456789abcdéf0"}, "too easy"),
        ({"server_names": "docs.example.org"}, "needs a token"),
        ({"requests_per_minute": 0}, "from 1"),
        ({"answer_seconds": float("nan")}, "above 0"),
    ],
)
def test_a_server_is_not_opened_by_mistake(given: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told) as raised:
        Settings(**given)
    assert str(given.get("token", "no token")) not in str(raised.value)
    assert "0123456789abcdef" not in repr(Settings(token="0123456789abcdef"))


def test_settings_are_altered_by_a_line_of_text() -> None:
    altered = Settings(llm_model="m").altered("decline_below=0.2, encoder=other")
    assert altered == Settings(llm_model="m", decline_below=0.2, encoder="other")
    assert Settings().altered("") == Settings()
    for wrong in ("decline=0.2", "decline_below", "decline_below=often", "decline_below=2"):
        with pytest.raises(SettingsError):
            Settings().altered(wrong)
