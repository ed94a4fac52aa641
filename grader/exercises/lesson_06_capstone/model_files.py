"""What lies at the path of a saved model. Nothing is unpickled, whatever it is."""

import zipfile
from pathlib import Path
from typing import Any

from grader.exercises.kit.tensors import plain
from grader.exercises.machine import evidence_types
from grader.exercises.machine.evidence_types import StrictEvidence

_TENSORS = 300  # of one file
_PICKLE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


class File(StrictEvidence):
    """A file that should hold a model.

    Attributes:
        kind: "safetensors", "pickle", "numpy", "missing" or "other".
        state: the tensors by name, if it is safetensors.
        dtypes: theirs in the file, by name.
    """

    kind: str
    state: evidence_types.State
    dtypes: dict[str, str]


def read_file(path: Path) -> dict[str, Any]:
    """Evidence of a ``File``."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.is_file():
        return {"kind": "missing", "state": {}, "dtypes": {}}
    try:
        tensors = dict(list(load_file(path).items())[:_TENSORS])
    except (SafetensorError, OSError, ValueError, RuntimeError):
        return {"kind": _other_kind(path), "state": {}, "dtypes": {}}
    return {
        "kind": "safetensors",
        "state": {name: _readable(tensor) for name, tensor in tensors.items()},
        "dtypes": {name: str(tensor.dtype).removeprefix("torch.") for name, tensor in tensors.items()},
    }


def _readable(tensor: Any) -> Any:
    """As an array of a dtype that evidence has."""
    import torch

    if tensor.is_complex():
        tensor = torch.view_as_real(tensor)
    if tensor.is_floating_point() and tensor.dtype not in (torch.float16, torch.float32, torch.float64):
        tensor = tensor.float()
    if not tensor.is_floating_point() and tensor.dtype not in (torch.bool, torch.uint8, torch.int32):
        tensor = tensor.long()
    return plain(tensor)


def _other_kind(path: Path) -> str:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        if any(name.endswith(".pkl") for name in names):
            return "pickle"
        return "numpy" if names and all(name.endswith(".npy") for name in names) else "other"
    with open(path, "rb") as file:
        beginning = file.read(6)
    if beginning == b"\x93NUMPY":
        return "numpy"
    return "pickle" if beginning.startswith(_PICKLE) else "other"
