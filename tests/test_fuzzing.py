"""schemathesis over the server's own description: whatever is sent, no failure of the server, and answers as described."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from ingest import Library
from ingest.encode import Encoder
from retriever import Retriever
from tests.serving import serving
from ui.guard import Access


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory, encoder_cache: Encoder) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("fuzzing")
    (folder / "kitchen.md").write_text("# Kitchen\n\nThe kettle is blue. It whistles.\n", "utf-8")
    with Library.open(folder / "library", create=True) as library:
        library.ingest(folder / "kitchen.md", tags=["home"])
    with (
        Retriever.open(folder / "library") as retriever,
        serving(retriever, Access(requests_per_minute=100_000)) as address,
    ):
        yield schemathesis.openapi.from_url(f"{address}/api/openapi.json")


OPERATIONS = [
    "POST /api/ask",
    "POST /api/search",
    "GET /api/documents",
    "GET /api/health",
    "GET /v1/models",
    "GET /v1/models/{name}",
    "POST /v1/chat/completions",
]


def test_every_operation_is_tried(schema: Any) -> None:
    assert [operation.ok().label for operation in schema.get_all_operations()] == OPERATIONS


@pytest.mark.parametrize(
    ("label", "mode"),
    [(label, GenerationMode.POSITIVE) for label in OPERATIONS]
    # Nothing can be wrong in a request without a body: any path is a name.
    + [(label, GenerationMode.NEGATIVE) for label in OPERATIONS if "POST" in label],
)
def test_whatever_is_sent_is_answered(schema: Any, label: str, mode: GenerationMode) -> None:
    """Bodies and parameters that fit the description, and such as break it."""
    (operation,) = [o.ok() for o in schema.get_all_operations() if o.ok().label == label]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def try_it(case: Any) -> None:
        case.call_and_validate(checks=[not_a_server_error, content_type_conformance, response_schema_conformance])

    try_it()
