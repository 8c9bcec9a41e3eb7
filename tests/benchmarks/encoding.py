"""How fast the compiled encoder is, and whether it is the same model: python -m tests.benchmarks.encoding SET

SET is a BEIR-form folder. All its documents (at least 1,000, to mean something) and its queries are encoded by Pincite and by
sentence-transformers' `encode` with its defaults. Printed are passages/s of either, the cosine between their vectors, nDCG@10 of
ranking by either's vectors, and how much of the machine's matrix multiplication the encoder uses: the limit is the best of
OpenVINO, torch and (in 32 bits) numpy, multiplying square matrices of three sizes in the encoder's number format, in this run.
Counted are the multiplications that the texts' own tokens need, not those spent on padding. Runs alternate; of each, the best
of --rounds counts.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import openvino
import torch
from openvino import opset13 as operations
from sentence_transformers import SentenceTransformer

from ingest.compiling import model_folder
from ingest.encode import Encoder, load_encoder
from ingest.settings import Settings
from retriever.evaluate import metrics, sets

Floats = npt.NDArray[np.float32]
SIDES = (512, 1024, 2048)  # of the square matrices
PRODUCTS = 20


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def by_openvino(side: int, number_format: str) -> Callable[[], object]:
    """A product of square matrices by OpenVINO in this number format."""
    left = operations.parameter([side, side], np.float32)
    right = operations.constant(np.random.default_rng(0).standard_normal((side, side), np.float32))
    model = openvino.Model([operations.matmul(left, right, False, False)], [left])
    config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": number_format}
    request = openvino.Core().compile_model(model, "CPU", config).create_infer_request()
    matrix = np.random.default_rng(1).standard_normal((side, side), np.float32)
    return lambda: request.infer([matrix], share_inputs=True, share_outputs=True)


def by_torch(side: int, number_format: str) -> Callable[[], object]:
    """The same by torch."""
    kind = torch.bfloat16 if number_format == "bf16" else torch.float32
    left, right = torch.randn(side, side, dtype=kind), torch.randn(side, side, dtype=kind)
    return lambda: torch.mm(left, right)


def by_numpy(side: int, number_format: str) -> Callable[[], object]:
    """The same by numpy, which has no bfloat16: then in 32 bits, which is no faster."""
    left, right = np.random.default_rng(0).standard_normal((2, side, side), np.float32)
    return lambda: left @ right


def speed(side: int, multiply: Callable[[], object]) -> float:
    """GFLOP/s of the fastest of some products."""
    multiply()
    return 2 * side**3 / min(seconds(multiply) for _ in range(PRODUCTS)) / 1e9


def operations_for(lengths: Sequence[int], layers: int, width: int, inner: int) -> float:
    """Multiplications and additions that a transformer needs for texts of so many tokens."""
    tokens = np.array(lengths, np.float64)
    per_token = 2 * (4 * width * width + 2 * width * inner)
    attention = 2 * 2 * tokens * width
    return float(layers * (tokens * (per_token + attention)).sum())


def ranked(evalset: sets.EvalSet, names: Sequence[str], passages: Floats, questions: Floats) -> float:
    """nDCG@10 of ranking the documents by these vectors."""
    found = questions @ passages.T
    run = {
        query.id: {names[i]: float(row[i]) for i in np.argsort(-row, kind="stable")[:100]}
        for query, row in zip(evalset.queries, found, strict=True)
    }
    return metrics.ranking(evalset, run)["nDCG@10"]


def lengths_of(encoder: Encoder, texts: Sequence[str]) -> list[int]:
    """How many tokens the model reads of each text, its special tokens included."""
    return [min(len(encoder.token_spans(text)) + 2, encoder.spec.max_tokens) for text in texts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    evalset = sets.load(arguments.set)
    documents = list(evalset.documents())
    names, texts = [d.id for d in documents], [f"{d.title}\n{d.text}".strip() for d in documents]
    questions = [query.text for query in evalset.queries]

    name = Settings().encoder
    encoder = load_encoder(name)
    plain = SentenceTransformer(str(model_folder(name)), device="cpu")
    parts = plain[0].auto_model.config
    number_format = "bf16" if "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"
    libraries = {"OpenVINO": by_openvino, "torch": by_torch, "numpy": by_numpy}
    products = {(library, side): make(side, number_format) for library, make in libraries.items() for side in SIDES}
    encoder.encode_passages(texts[:64])
    plain.encode(texts[:64])

    ours, theirs = [], []
    limits = dict.fromkeys(products, 0.0)
    for _ in range(arguments.rounds):
        limits = {which: max(limits[which], speed(which[1], products[which])) for which in products}
        ours.append(seconds(lambda: encoder.encode_passages(texts)))
        theirs.append(seconds(lambda: plain.encode(texts)))
    best = max(limits, key=lambda which: limits[which])
    needed = operations_for(
        lengths_of(encoder, texts), parts.num_hidden_layers, parts.hidden_size, parts.intermediate_size
    )
    used = needed / min(ours) / 1e9

    passages = encoder.encode_passages(texts).pooled, plain.encode(texts, normalize_embeddings=True)
    asked = (
        np.concatenate([encoder.encode_question(question).pooled for question in questions]),
        plain.encode(questions, normalize_embeddings=True),
    )
    cosines = (passages[0] * passages[1]).sum(axis=1)
    gains = [ranked(evalset, names, p, q) for p, q in zip(passages, asked, strict=True)]
    count = len(texts)
    print(f"{count} texts of {np.mean(lengths_of(encoder, texts)):.0f} tokens in the mean; numbers in {number_format}")
    print(f"Pincite               {count / min(ours):7.1f} passages/s")
    print(f"sentence-transformers {count / min(theirs):7.1f} passages/s: {min(theirs) / min(ours):.2f} times slower")
    for library in libraries:
        print(f"{library:22}" + ", ".join(f"{limits[library, side]:.1f} at {side}" for side in SIDES) + " GFLOP/s")
    print(
        f"used by the encoder   {used:7.1f} GFLOP/s: {used / limits[best]:.1%} of the limit, {best[0]}'s at {best[1]}"
    )
    print(f"cosine: mean {cosines.mean():.6f}, worst {cosines.min():.6f}")
    print(f"nDCG@10: {gains[0]:.4f} by Pincite, {gains[1]:.4f} by sentence-transformers: {gains[0] - gains[1]:+.4f}")


if __name__ == "__main__":
    main()
