"""The best passages ranked again by a cross-encoder, where the setting names one.

It reads question and passage together, which tells more than vectors and takes a pass of the model for each passage.
Sentence-transformers runs it, and is imported then only. None is bundled.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest import EncoderError, SettingsError, model_folder

# So many of the best passages are read again.
RERANKED = 30
# The longest text, in tokens, question included.
MAX_TOKENS = 512

Floats = npt.NDArray[np.float64]


def rerank(name: str, question: str, texts: Sequence[str], scores: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """The `scores` (n,) of passages, 0 to 1, such that the best are in the cross-encoder's order; and its ranks from 1.

    Those that it did not read have rank 0 and the score they had. SettingsError if there is no such cross-encoder.
    """
    best = np.argsort(-scores, kind="stable")[:RERANKED]
    said = _load(name).predict([(question, texts[i]) for i in best], show_progress_bar=False)
    said = np.asarray(said, np.float64)
    order = np.argsort(-said, kind="stable")
    low = float(scores[best[-1]]) if len(scores) > len(best) else 0.0
    again, ranks = scores.copy(), np.zeros(len(scores), np.int64)
    again[best] = low + (1.0 - low) * (said - said.min()) / max(float(np.ptp(said)), 1e-9)
    ranks[best[order]] = np.arange(1, len(best) + 1)
    return again, ranks


@lru_cache(1)
def _load(name: str) -> Any:
    try:
        folder = model_folder(name)
    except EncoderError as exc:
        raise SettingsError(
            f"There is no reranker {name!r} on this machine, and none is fetched: give the folder of a "
            f"sentence-transformers cross-encoder, unset reranker, or, where there is a network: hf download {name}."
        ) from exc
    from sentence_transformers import CrossEncoder
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        model = CrossEncoder(str(folder), local_files_only=True, max_length=MAX_TOKENS)
    except Exception as exc:  # of whichever library reads it
        told = " ".join(str(exc).split())[:300]
        raise SettingsError(f"{folder} does not hold a usable cross-encoder: {told}") from exc
    if model.num_labels != 1:
        raise SettingsError(f"{folder} does not hold a reranker: it gives {model.num_labels} values a pair, not one.")
    return model
