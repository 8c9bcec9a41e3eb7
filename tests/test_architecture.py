"""The way the house is built: who may import whom, what is loaded when, and what nobody does."""

import ast
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import ingest
import ingest.errors
import retriever
import ui
from ingest import PinciteError

ROOT = Path(__file__).parents[1]
PACKAGES = ("ingest", "retriever", "ui")
# A package may use those to its left, and only their faces; `pincite eval` alone loads the third.
FACES = ("ingest", "retriever", "retriever.evaluate")
MAY_USE = {"ingest": set[str](), "retriever": {"ingest"}, "ui": {"ingest", "retriever"}}
HEAVY = (
    "torch",
    "sentence_transformers",
    "transformers",
    "faiss",
    "openvino",
    "gradio",
    "fastapi",
    "nupunkt",
    "sklearn",
)
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
UNSAFE = {"pickle", "marshal", "shelve", "dill"}
MAX_LINES = 500


def at(path: Path, node: ast.expr | ast.stmt | ast.ExceptHandler | ast.keyword) -> str:
    """Where `node` stands, as an editor understands it."""
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def modules() -> Iterator[ModuleType]:
    for package in (ingest, retriever, ui):
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


def run(code: str, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *args],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_imports_go_one_way_and_through_the_faces() -> None:
    for path in FILES:
        own = path.relative_to(ROOT).parts[0]
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    assert alias.name.split(".")[0] not in PACKAGES, f"{at(path, node)}: import names from the face"
            elif isinstance(node, ast.ImportFrom) and not node.level:
                package = (node.module or "").split(".")[0]
                if package in PACKAGES:
                    assert package != own, f"{at(path, node)}: inside a package imports are relative"
                    assert package in MAY_USE[own], f"{at(path, node)}: {own} may not use {package}"
                    assert node.module in FACES, f"{at(path, node)}: {node.module} is no face"
                    names = {alias.name for alias in node.names}
                    face = set(importlib.import_module(node.module or "").__all__)
                    assert names <= face, f"{at(path, node)}: not on the face: {names - face}"
            elif isinstance(node, ast.ImportFrom):
                assert node.level < len(path.relative_to(ROOT).parts), f"{at(path, node)}: leaves the package"


def test_no_file_grows_too_long() -> None:
    sizes = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert {path: size for path, size in sizes.items() if size > MAX_LINES} == {}


def test_nothing_is_executed_that_was_read() -> None:
    for path in FILES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec", "compile", "__import__"), at(path, node)
            if isinstance(node, ast.Import):
                assert not {alias.name for alias in node.names} & UNSAFE, at(path, node)
            if isinstance(node, ast.ImportFrom):
                assert node.module not in UNSAFE, at(path, node)
            if isinstance(node, ast.keyword) and node.arg in ("shell", "allow_pickle", "trust_remote_code", "share"):
                assert isinstance(node.value, ast.Constant), at(path, node.value)
                assert node.value.value is False, at(path, node.value)


def test_every_module_says_what_it_is() -> None:
    for path in FILES:
        parsed = tree(path)
        assert ast.get_docstring(parsed) or not parsed.body, path
        for node in parsed.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                overload = any(isinstance(d, ast.Name) and d.id == "overload" for d in node.decorator_list)
                assert overload or ast.get_docstring(node), f"{at(path, node)}: {node.name} says nothing"


def test_errors_are_not_swallowed() -> None:
    for path in FILES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"{at(path, node)}: what is caught?"
                caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
                names = {name.id for name in caught if isinstance(name, ast.Name)}
                again = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
                broad = names & {"Exception", "BaseException", "ImportError", "ModuleNotFoundError"}
                assert again or not broad, f"{at(path, node)}: {broad} caught and not raised again"


def test_no_file_is_named_like_a_standard_module() -> None:
    assert not {path.stem for path in FILES} & sys.stdlib_module_names


def test_errors_are_all_in_one_file() -> None:
    every = list(modules())

    def below(kind: type[PinciteError]) -> Iterator[type[PinciteError]]:
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    kinds = set(below(PinciteError))
    assert len(every) > 20
    assert {kind.__module__ for kind in kinds} == {"ingest.errors"}
    assert {kind.__name__ for kind in kinds} <= set(ingest.__all__)
    drawn = inspect.getdoc(ingest.errors) or ""
    assert all(kind.__name__ in drawn for kind in kinds), "the tree at the top shows all of them"


@pytest.mark.parametrize("package", [ingest, retriever])
def test_a_face_is_what_it_says(package: ModuleType) -> None:
    public = {name for name, value in vars(package).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert public == set(package.__all__)


def test_importing_loads_nothing_heavy() -> None:
    code = f"import ingest, retriever, ui.cli, sys; print(*(set({HEAVY!r}) & set(sys.modules)))"
    assert run(code).strip() == ""


def test_asking_loads_no_torch_and_opens_no_connection(demo_library: Path) -> None:
    code = """
import socket, sys
def refuse(*args, **named): raise SystemExit("a connection was tried")
socket.socket.__init__ = socket.create_connection = socket.getaddrinfo = refuse
from retriever import ask
assert ask("What do checkpoint inhibitors block?", library=sys.argv[1]).answered
print(*({"torch", "sentence_transformers", "transformers", "gradio", "fastapi", "requests"} & set(sys.modules)))
"""
    assert run(code, str(demo_library)).strip() == ""


def test_ingesting_with_a_compiled_encoder_loads_no_torch(tmp_path: Path, encoder_cache: object) -> None:
    (tmp_path / "note.md").write_text("# Note\n\nThe kettle is blue.\n", "utf-8")
    code = """
import sys
from ingest import Library
with Library.open(sys.argv[1] + "/library", create=True) as library:
    assert library.ingest(sys.argv[1] + "/note.md").added == 1
print(*({"torch", "sentence_transformers", "transformers", "gradio"} & set(sys.modules)))
"""
    assert run(code, str(tmp_path)).strip() == ""
