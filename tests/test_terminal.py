"""The terminal's own comforts: opening a source of the last answer, conversations, MCP, completion, the reference."""

import io
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ingest import Library, PinciteError, Progress, Settings, open_default
from retriever import Retriever
from tests.reference import README, reference, with_reference
from ui import cli, server, viewing
from ui.cli import app
from ui.guard import Access
from ui.last import Source, recall, remember
from ui.mcp import speak
from ui.terminal import place

ROOT = Path(__file__).parents[1]
QUESTION = "Which colour has the kettle?"
KITCHEN = "# Kitchen\n\nIt is in the cellar.\n\nThe kettle is blue. It whistles.\n\n## Drawer\n\nSpoons: 12.\n"


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the terminal remembers is kept in the test's folder, and there is no screen."""
    monkeypatch.setattr("ui.last.state_folder", lambda: tmp_path / "state")
    monkeypatch.setattr("ui.chat.state_folder", lambda: tmp_path / "state")
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def house(library: Library, tmp_path: Path) -> Path:
    """A folder of one document, and the library of it."""
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "kitchen.md").write_text(KITCHEN, "utf-8")
    library.ingest(folder)
    return folder


def run(library: Library, *args: str, input: str = "") -> Result:
    return CliRunner().invoke(app, [*args, "--library", str(library.folder)], input=input, prog_name="pincite")


def source_of(library: Library, quote: str, number: int = 1) -> Source:
    start = library.text("kitchen.md").index(quote)
    return Source(number, "kitchen.md", None, start, start + len(quote), quote)


# -- open -------------------------------------------------------------------------------------------------


def test_a_source_of_the_last_answer_is_printed_where_there_is_no_screen(library: Library, house: Path) -> None:
    assert run(library, "search", QUESTION, "-k", "1").exit_code == 0
    ran = run(library, "open", "1")
    assert ran.exit_code == 0, ran.output
    assert "[1] Kitchen" in ran.stdout
    assert "The kettle is blue." in ran.stdout
    assert str(house / "kitchen.md") in ran.stdout


def test_only_the_paragraphs_around_the_quote_are_printed(library: Library, house: Path) -> None:
    remember(library.folder, [source_of(library, "Spoons: 12.", 2)])
    ran = run(library, "open", "2")
    assert "[2] Kitchen · Drawer (kitchen.md)" in ran.stdout
    assert "Spoons: 12." in ran.stdout
    assert "cellar" not in ran.stdout


def test_a_heading_without_its_text_is_not_printed_after_a_source(library: Library, house: Path) -> None:
    remember(library.folder, [source_of(library, "The kettle is blue.")])
    ran = run(library, "open", "1", "--print")
    assert "It is in the cellar." in ran.stdout
    assert "Drawer" not in ran.stdout
    remember(library.folder, [source_of(library, "Drawer")])
    assert "«Drawer»" in run(library, "open", "1", "--print").stdout


def test_what_cannot_be_opened_is_told(library: Library, house: Path) -> None:
    with pytest.raises(PinciteError, match="no last answer.*ask first"):
        recall(library.folder, 1)
    remember(library.folder, [source_of(library, "blue")])
    with pytest.raises(PinciteError, match="no source 2; its sources are 1 to 1"):
        recall(library.folder, 2)
    (house / "kitchen.md").write_text(KITCHEN.replace("blue", "red"), "utf-8")
    library.ingest(house)
    assert "has changed since" in str(run(library, "open", "1").exception)
    library.remove("kitchen.md")
    assert "no document 'kitchen.md'" in str(run(library, "open", "1").exception)


def test_words_are_opened_where_they_stand_now(library: Library, house: Path) -> None:
    quote = "The kettle is blue. It whistles."
    remember(library.folder, [source_of(library, quote)])
    (house / "kitchen.md").write_text(KITCHEN.replace("It is in", "It was painted, and is in"), "utf-8")
    (house / "rooms").mkdir()
    library.ingest(house)
    (house / "kitchen.md").rename(house / "rooms" / "galley.md")
    assert library.ingest(house).moved == 1
    ran = run(library, "open", "1")
    assert "(rooms/galley.md)" in ran.stdout
    assert f"«{quote}»" in ran.stdout
    assert str(house / "rooms" / "galley.md") in ran.stdout
    (house / "rooms" / "galley.md").rename(house / "stove.md")
    library.remove("rooms/galley.md")  # so that nothing tells of the move but the words
    library.ingest(house)
    assert f"«{quote}»" in run(library, "open", "1").stdout


def test_that_the_file_is_another_than_was_read_is_told(library: Library, house: Path) -> None:
    remember(library.folder, [source_of(library, "The kettle is blue.")])
    assert run(library, "open", "1").stderr == ""
    (house / "kitchen.md").write_text("Nothing of it.", "utf-8")
    ran = run(library, "open", "1")
    assert "The kettle is blue." in ran.stdout
    again = f"pincite ingest {house / 'kitchen.md'} --library {library.folder}"
    assert ran.stderr == f"The file has changed since it was read; to read it again, run: {again}\n"


def test_what_is_remembered_is_the_user_s_alone(library: Library, house: Path, tmp_path: Path) -> None:
    remember(library.folder, [source_of(library, "blue")])
    (file,) = (tmp_path / "state" / "last").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    file.write_text('{"no": "list"}')
    with pytest.raises(PinciteError, match="ask first"):
        recall(library.folder, 1)


def test_nothing_remembered_is_no_failure(library: Library, house: Path, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    assert run(library, "search", QUESTION).exit_code == 0


@pytest.mark.parametrize(
    ("name", "page", "installed", "expected"),
    [
        ("a.pdf", 3, ["evince", "xdg-open"], ["/bin/evince", "--page-index=3", "a.pdf"]),
        ("a.pdf", 3, ["okular", "evince"], ["/bin/okular", "--page=3", "a.pdf"]),
        ("a.md", None, ["xdg-open"], ["/bin/xdg-open", "a.md"]),
        ("a.md", None, [], None),
    ],
)
def test_the_viewer_is_told_the_page(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, page: int | None,
    installed: list[str], expected: list[str] | None,
) -> None:  # fmt: skip
    (tmp_path / name).write_text(KITCHEN)
    started: list[list[str]] = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("shutil.which", lambda tool: f"/bin/{tool}" if tool in installed else None)
    monkeypatch.setattr("subprocess.Popen", lambda command, **more: started.append(list(command)))
    shown = viewing._view(tmp_path / name, page)
    assert shown is (expected is not None)
    assert [[part.removeprefix(f"{tmp_path}/") for part in command] for command in started] == (
        [expected] if expected else []
    )


def test_a_title_is_left_out_only_where_the_heading_goes_on_from_it() -> None:
    assert (
        place("a.pdf", "Annual Report", "Annual Report 2024", 1) == "Annual Report · Annual Report 2024 · p. 1 (a.pdf)"
    )
    assert place("a.pdf", "Annual Report", "Annual Report > Costs", None) == "Annual Report · Costs (a.pdf)"
    assert place("a.pdf", "Annual Report", "Annual Report", None) == "Annual Report (a.pdf)"


def test_a_history_is_read_from_standard_input(library: Library, house: Path) -> None:
    said = '[{"role": "user", "text": "Which colour has the kettle?"}]'
    found = run(library, "search", "And is it loud?", "--history", "-", "--json", input=said)
    assert "kettle" in json.loads(found.stdout)["searched_for"]
    assert "- cannot be read as a conversation" in str(run(library, "ask", "Why?", "--history", "-").exception)


def test_a_tag_where_there_are_none_is_told(library: Library, house: Path) -> None:
    told = str(run(library, "ask", "Why?", "--tag", "nope").exception)
    assert told == "No document has the tag 'nope'; none has any tag."


# -- chat, mcp --------------------------------------------------------------------------------------------


def test_a_conversation_opens_and_lists_its_sources(library: Library, house: Path) -> None:
    lines = [
        "/open 1",
        QUESTION,
        "",
        "Thanks!",
        "/sources",
        "/open 1",
        "/open 9",
        "/new",
        "/sources",
        "/what",
        "/help",
        "/quit",
        "x",
    ]
    ran = run(library, "chat", input="\n".join(lines))
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.count("Confidence") == 1
    assert ran.stdout.count("[1] ") >= 2, "listed and opened after small talk, too"
    assert str(house / "kitchen.md") in ran.stdout
    assert ran.stderr.count("Ask something first.") == 2
    assert "Which source? The last answer has" in ran.stderr
    assert "A new conversation." in ran.stderr
    assert "There is no command /what" in ran.stderr
    assert "/open N" in ran.stdout


def test_a_conversation_at_a_terminal_has_a_history(demo_library: Path, tmp_path: Path) -> None:
    """At a real terminal: an arrow key brings the last line back, and the file of the lines is private."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path), "TERM": "xterm"}
    main, side = pty.openpty()
    command = [sys.executable, "-c", "from ui.cli import main; main()", "chat", "--library", str(demo_library)]
    with subprocess.Popen(command, stdin=side, stdout=side, stderr=side, env=environment) as process:
        os.close(side)
        seen = until(main, "> ")
        os.write(main, b"/help\r")
        seen = until(main, "> ")
        assert "/sources" in seen
        os.write(main, b"\x1b[A\r")
        assert "/sources" in until(main, "> ")
        os.write(main, b"\x04")
        assert process.wait(30) == 0
    os.close(main)
    file = tmp_path / "pincite" / "chat_history"
    assert file.read_text().splitlines()[-1] == "/help"
    assert file.stat().st_mode & 0o077 == 0


def until(descriptor: int, prompt: str, seconds: float = 60.0) -> str:
    """What the terminal shows until `prompt` stands at its end."""
    seen, ends = "", time.monotonic() + seconds
    while not seen.endswith(prompt):
        assert select.select([descriptor], [], [], max(0.0, ends - time.monotonic()))[0], seen
        seen += os.read(descriptor, 4096).decode("utf-8", "replace")
    return seen


def test_mcp_line_by_line(library: Library, house: Path) -> None:
    lines = [
        '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}}',
        '{"jsonrpc": "2.0", "method": "notifications/initialized"}',
        "",
        "{nope",
        "[" * 100_000,
        "[]",
        '{"jsonrpc": "2.0", "id": true, "method": "ping"}',
        '{"jsonrpc": "2.0", "id": 3, "result": {}}',
        '{"jsonrpc": "2.0", "id": "four", "method": "tools/call", "params": {"name": ["ask"]}}',
        '{"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "list_documents"}}',
    ]
    out = io.StringIO()
    speak(Retriever(library), lines, out)
    replies: list[dict[str, Any]] = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [reply["id"] for reply in replies] == [1, None, None, None, None, "four", 5]
    assert replies[0]["result"]["protocolVersion"] == "2025-06-18"
    assert [reply["error"]["code"] for reply in replies[1:6]] == [-32700, -32700, -32600, -32600, -32602]
    assert replies[6]["result"]["structuredContent"]["documents"][0]["document"] == "kitchen.md"


# -- completion, reference --------------------------------------------------------------------------------


@pytest.fixture
def tagged(library: Library, house: Path) -> Library:
    library.ingest(house, tags=["home"])
    return library


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("pincite te", "text"),
        ("pincite text --library {} ki", "kitchen.md"),
        ("pincite ask --library {} --document k", "kitchen.md"),
        ("pincite ask --library {} --tag h", "home"),
        ("pincite text --library {}/none k", ""),
    ],
)
def test_the_shell_completes(tagged: Library, typed: str, completed: str) -> None:
    words = typed.format(tagged.folder)
    environment = {"_PINCITE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    ran = CliRunner().invoke(app, [], prog_name="pincite", env=environment)
    assert ran.stdout.split() == completed.split()


def test_the_readme_s_reference_is_that_of_the_command() -> None:
    readme = README.read_text("utf-8")
    assert with_reference(readme) == readme, "run: python -m tests.reference"
    commands = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    assert all(f"### pincite {name.rstrip('_')}\n" in reference() for name in commands)


def test_a_taken_port_gives_way_unless_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with server.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(server, "PORT", port)
        with server._listen_near("127.0.0.1") as other:
            assert port < other.getsockname()[1] < port + server.PORTS_TRIED
        with pytest.raises(PinciteError, match=rf"Port {port} cannot be used .*--port {port + 1}\."):
            server.listen("127.0.0.1", port)
        with pytest.raises(PinciteError, match=f"Port {port} cannot be used"):
            server._listen_near("203.0.113.1")


def test_others_are_served_only_with_a_token(library: Library) -> None:
    with pytest.raises(PinciteError, match=r"Whoever reaches 0\.0\.0\.0 .* PINCITE_TOKEN"):
        server.serve(Retriever(library), "0.0.0.0")
    assert Access.of(Settings()).names == {"localhost", "127.0.0.1", "::1"}
    named = Access.of(Settings(token="0123456789abcdef", server_names="Docs.example.org, b"), "10.0.0.7").names
    assert named >= {"localhost", "10.0.0.7", "docs.example.org", "b"}


def test_the_building_of_the_default_library_is_told_and_taken_up_by_any_command(
    tmp_path: Path, fake_encoder: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PINCITE_LIBRARY", str(tmp_path / "mine"))

    def interrupt(progress: Progress) -> None:
        if progress.files == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_default(progress=interrupt)
    cli.documents()
    first = capsys.readouterr()
    assert first.out.count("\n") >= 30
    assert first.err.count("\n") == 1
    assert first.err.startswith("Building your library")
    cli.check()
    assert capsys.readouterr().err == ""


def test_documents_whose_files_are_gone_are_told_and_removed_on_demand(library: Library, house: Path) -> None:
    assert "not where" not in run(library, "check").stderr
    (house / "kitchen.md").rename(house.parent / "pantry.md")
    checked = run(library, "check")
    assert checked.exit_code == 0
    assert re.search("1 document is not where it was read: kitchen.md.*pincite remove --missing", checked.stderr)
    assert json.loads(run(library, "check", "--json").stdout)["missing"] == ["kitchen.md"]
    assert run(library, "remove").exit_code == 2
    assert run(library, "remove", "--missing").stdout == "1 removed.\n"
    assert "kitchen.md" not in run(library, "documents").stdout
    assert run(library, "remove", "--missing").stdout == "0 removed.\n"


def test_the_articles_among_one_s_own_documents_are_told_and_removed_on_demand(
    own_place: Path, tmp_path: Path, fake_encoder: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*args: str) -> str:
        return CliRunner().invoke(app, args, prog_name="pincite").stdout

    for name in ("shipped/cells.md", "shipped/editions/genes.md", "own/cells.md", "own/kettle.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"# {name}\n\nThis is {name}.\n", "utf-8")
    monkeypatch.setattr("ingest.corpus._FOLDERS", (tmp_path / "absent", tmp_path / "shipped"))
    said("ask", "What are genes?")
    assert "articles" not in said("ingest", str(tmp_path / "shipped"))
    told = said("ingest", str(tmp_path / "own"))
    assert "has 4 documents in 4 passages; 2 of them are the articles" in told
    assert "pincite remove --articles takes them out" in told
    assert said("remove", "--articles", "*/genes.md") == "1 removed.\n"
    assert said("remove", "--articles") == "1 removed.\n"
    assert said("ask", "What are genes?")
    assert len(said("documents").splitlines()) == 2
    assert "\t1 passage\n" in said("documents")
    assert "1 added" in said("ingest", str(tmp_path / "own" / "kettle.md"), "--library", str(tmp_path / "other"))
    assert said("check", "--library", str(tmp_path / "other")).endswith(": 1 document in 1 passage.\n")
