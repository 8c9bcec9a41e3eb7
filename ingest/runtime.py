"""The compiled encoder run by OpenVINO.

What OpenVINO makes of a model for this processor is kept beside the model and read back, mapped into memory, by the
next process: that takes half as long as making it. It bears its own digest and is bound to OpenVINO's version and to
the processor; what is missing, damaged or refused is made anew, and where it cannot be kept nothing is lost but time.
"""

import hashlib
import os
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from .encode import STREAMS, Forward, Integers
from .indexes.late import Floats

DIGEST_BYTES = 32
PART = "tmp"
# What is being kept was written to no longer ago, or its process was killed: writing it takes a second. Who was only
# stopped meanwhile finds it gone, and keeps nothing.
SECONDS_TO_KEEP = 60.0


def openvino_forward(folder: Path) -> tuple[Forward, bool]:
    """The model in the folder of a compiled encoder, and whether it computes in bfloat16: so it does where it can."""
    openvino = _openvino()
    core = openvino.Core()
    bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    config = {
        "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32",
        "NUM_STREAMS": str(min(STREAMS, os.cpu_count() or 1)),
    }
    _clear(folder)
    prepared = folder / _name(openvino.__version__, core, config)
    mapped = _mapped(prepared)
    model = None
    if mapped is not None:
        with suppress(RuntimeError):  # of another build of OpenVINO
            model = core.import_model(openvino.Tensor(mapped, shared_memory=True), "CPU", config)
    if model is None:
        model = core.compile_model(str(folder / "model.xml"), "CPU", config)
        with suppress(OSError):
            _keep(model.export_model().getvalue(), prepared)
    of_thread = threading.local()

    # The mapped memory is the model's: it has to stay as long as this function does.
    def forward(ids: Integers, mask: Integers, _weights: Any = mapped) -> tuple[Floats, Floats]:
        if not hasattr(of_thread, "request"):
            of_thread.request = model.create_infer_request()
        result = of_thread.request.infer([ids, mask], share_inputs=True)
        return np.asarray(result[0], np.float32), np.asarray(result[1], np.float32)

    return forward, bf16


def _openvino() -> Any:
    # It imports a telemetry client, whose stub is used instead and phones nobody; and its converter, which takes a
    # quarter of the time and which only compiling needs: there it is imported by its own name.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None blocks the import
    converter = "openvino.tools.ovc"
    blocked = converter not in sys.modules
    if blocked:
        sys.modules[converter] = None  # type: ignore[assignment]
    try:
        import openvino
    finally:
        if blocked:
            sys.modules.pop(converter, None)
    return openvino


def _name(version: str, core: Any, config: dict[str, str]) -> str:
    """The name of what is prepared here: another one on another processor, or by another version."""
    machine = [core.get_property("CPU", name) for name in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES")]
    return f"prepared-{_short([version])}-{_short([machine, config])}.blob"


def _short(parts: list[Any]) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:8]


def _mapped(prepared: Path) -> Any:
    """What was prepared, mapped from its file; None if it is not there or not whole."""
    try:
        # Private and writable: OpenVINO takes no other memory. Nothing is written.
        mapped = np.memmap(prepared, np.uint8, "c")
    except (OSError, ValueError):
        return None
    body, digest = mapped[:-DIGEST_BYTES], mapped[-DIGEST_BYTES:]
    return body if hashlib.sha256(body.data).digest() == digest.tobytes() else None


def _clear(folder: Path) -> None:
    """Removes what processes that were killed had begun to keep."""
    with suppress(OSError):
        for part in folder.glob(f"{PART}*"):
            if time.time() - part.stat().st_mtime > SECONDS_TO_KEEP:
                part.unlink()


def _keep(body: bytes, prepared: Path) -> None:
    """Writes what was prepared; what other versions did here goes."""
    descriptor, part = tempfile.mkstemp(prefix=PART, dir=prepared.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.write(hashlib.sha256(body).digest())
        os.replace(part, prepared)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    for other in prepared.parent.glob("prepared-*.blob"):
        if other.name.split("-")[1] != prepared.name.split("-")[1]:
            other.unlink(missing_ok=True)
