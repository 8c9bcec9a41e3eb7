"""The reference of the command line in README.md, made from its own help: python -m tests.reference writes it anew."""

from pathlib import Path

from typer.testing import CliRunner

from ui.cli import app

README = Path(__file__).parents[1] / "README.md"
BEGIN = "<!-- reference: written by `python -m tests.reference` from `pincite --help` -->"
END = "<!-- end of the reference -->"
COLUMNS = 92


def reference() -> str:
    """Every command's help as Markdown."""
    names = [command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands]
    parts = [f"```text\n{_help()}\n```"]
    parts += [f"### pincite {name}\n\n```text\n{_help(name)}\n```" for name in names]
    return "\n\n".join(parts)


def with_reference(readme: str) -> str:
    """`readme` with the reference as it is now between its marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{reference()}\n\n{END}{after}"


def _help(*command: str) -> str:
    ran = CliRunner().invoke(app, [*command, "--help"], prog_name="pincite", terminal_width=COLUMNS)
    assert ran.exit_code == 0, ran.output
    return "\n".join(line.rstrip() for line in ran.output.strip().splitlines())


if __name__ == "__main__":
    README.write_text(with_reference(README.read_text("utf-8")), "utf-8")
