"""How fast the compiled encoder is, and whether it is the same model: python -m tests.benchmarks.encoding SET

SET is a BEIR-form folder. All its documents (at least 1,000, to mean something) and its queries are encoded by Pincite and by
sentence-transformers' `encode` with its defaults. Printed are passages/s of either, the cosine between their vectors, nDCG@10 of
ranking by either's vectors, and how much of the machine's matrix multiplication the encoder uses: the limit is the best of
OpenVINO and torch multiplying square matrices in the encoder's number format, in this run. Counted are the multiplications that
the texts' own tokens need, not those spent on padding. Runs alternate; of each, the best of --rounds counts.
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
SIDE = 2048  # of the square matrices
PRODUCTS = 20


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def products_by_openvino(number_format: str) -> Callable[[], object]:
    """Some products of square matrices by OpenVINO in this number format."""
    left = operations.parameter([SIDE, SIDE], np.float32)
    right = operations.constant(np.random.default_rng(0).standard_normal((SIDE, SIDE), np.float32))
    model = openvino.Model([operations.matmul(left, right, False, False)], [left])
    config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": number_format}
    request = openvino.Core().compile_model(model, "CPU", config).create_infer_request()
    matrix = np.random.default_rng(1).standard_normal((SIDE, SIDE), np.float32)
    return lambda: [request.infer([matrix], share_inputs=True, share_outputs=True) for _ in range(PRODUCTS)]


def products_by_torch(number_format: str) -> Callable[[], object]:
    """The same by torch."""
    kind = torch.bfloat16 if number_format == "bf16" else torch.float32
    left, right = torch.randn(SIDE, SIDE, dtype=kind), torch.randn(SIDE, SIDE, dtype=kind)
    return lambda: [torch.mm(left, right) for _ in range(PRODUCTS)]


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
    multiply = [products_by_openvino(number_format), products_by_torch(number_format)]
    encoder.encode_passages(texts[:64])
    plain.encode(texts[:64])
    for work in multiply:
        work()  # all are warm now

    ours, theirs, products = [], [], []
    for _ in range(arguments.rounds):
        products.append([seconds(work) for work in multiply])
        ours.append(seconds(lambda: encoder.encode_passages(texts)))
        theirs.append(seconds(lambda: plain.encode(texts)))
    limit = 2 * SIDE**3 * PRODUCTS / np.array(products).min(axis=0) / 1e9
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
    print(f"matrix multiplication {limit[0]:7.1f} GFLOP/s by OpenVINO, {limit[1]:.1f} by torch")
    print(f"used by the encoder   {used:7.1f} GFLOP/s: {used / limit.max():.1%} of the better")
    print(f"cosine: mean {cosines.mean():.6f}, worst {cosines.min():.6f}")
    print(f"nDCG@10: {gains[0]:.4f} by Pincite, {gains[1]:.4f} by sentence-transformers: {gains[0] - gains[1]:+.4f}")


if __name__ == "__main__":
    main()
