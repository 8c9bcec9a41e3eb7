"""What the server counts, in Prometheus' form at `/metrics`. No question and no name of a document is in it."""

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

if TYPE_CHECKING:
    from retriever import Answer, LibraryState

_BUCKETS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The counters of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.asks = Counter(
            "pincite_asks",
            "Questions, by face (chat, api, openai, mcp) and outcome (answered, declined, refused, failed).",
            ("face", "outcome"),
            registry=self.registry,
        )
        self.stages = Histogram(
            "pincite_ask_seconds",
            "Time of each stage of answering; `total` is all of them, `wait` the time before the first.",
            ("stage",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.searches = Counter("pincite_searches", "Searches for passages.", registry=self.registry)
        self.responses = Counter(
            "pincite_http_responses", "HTTP responses, by status.", ("status",), registry=self.registry
        )
        self._library = {
            what: Gauge(f"pincite_library_{what}", told, registry=self.registry)
            for what, told in (
                ("documents", "Documents in the library."),
                ("passages", "Passages in the library."),
                ("generation", "Changes made to the library so far."),
            )
        }

    def answered(self, face: str, answer: "Answer", waited_seconds: float | None = None) -> None:
        """Counts an answer."""
        self.asks.labels(face, "answered" if answer.answered else "declined").inc()
        if waited_seconds is not None:
            self.stages.labels("wait").observe(waited_seconds)
        for stage, milliseconds in answer.timings_ms.items():
            self.stages.labels(stage).observe(milliseconds / 1000)

    def page(self, state: "LibraryState") -> bytes:
        """All of it as text, in Prometheus' form."""
        for what, value in state.to_dict().items():
            self._library[what].set(value)
        return generate_latest(self.registry)
