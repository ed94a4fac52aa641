"""Evidence as JSON: encoded beside the student's code, decoded where nothing of hers is trusted.

Numbers, strings, booleans and None stand as they are. An array is ``{"__array__": {dtype, shape, data}}``
with base64 bytes, a number that JSON lacks ``{"__number__": "nan"}``. Nothing is ever unpickled.
"""

import base64
import binascii
import hashlib
import json
import math
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grader.errors import CourseError

MIME = "application/vnd.finetuning-course.evidence"  # JSON, as text: tools that compare outputs can read it
FORMAT = 1
MAX_BYTES = 2_000_000  # of one bundle's JSON text
MAX_ITEMS = 20_000  # values in one bundle, an array counting as one
MAX_DEPTH = 8
MAX_TEXT = 2_000  # characters of one string
MAX_DIMENSIONS = 6
LARGEST = 2**63  # whole numbers stay below it, on both sides of zero
DTYPES = frozenset(
    ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
)  # plain numbers of a fixed size


class EvidenceError(CourseError):
    """Evidence that cannot be encoded or must not be believed, in one sentence."""


class EvidenceContradicts(EvidenceError):
    """For a judge: evidence of the right form that no ``collect`` gives, such as lists of different lengths."""

    def __init__(self) -> None:
        super().__init__("The evidence contradicts itself: it does not come from this check.")


class Bundle(BaseModel):
    """Everything that one run of one check hands to the judge."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal[1]
    exercise: str = Field(max_length=100)
    challenge: str = Field(pattern=r"^[0-9a-f]{64}$", description="digest of the challenge that was asked")
    outcome: Literal[
        "collected", "unwritten", "raised", "timed out", "wrong kind", "not encodable", "check failed"
    ]
    message: str = Field(default="", max_length=MAX_TEXT)
    hint: str = Field(default="", max_length=MAX_TEXT, description="what to do about an exception")
    evidence: Any = None


def digest(challenge: dict[str, Any]) -> str:
    """SHA-256 of a challenge, as 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(challenge, sort_keys=True).encode()).hexdigest()


def encode(value: Any, _depth: int = 0) -> Any:
    """``value`` as JSON: numbers, strings, arrays and tensors of numbers, in lists and dicts.

    Raises:
        EvidenceError: something else, or too deep.
    """
    if _depth > MAX_DEPTH:
        raise EvidenceError("The answer is nested too deeply to be judged.")
    if hasattr(value, "detach"):
        value = _from_tensor(value)
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(int(value)) >= LARGEST:
            raise EvidenceError(
                "The answer holds a whole number of more than 63 bits, which cannot be judged."
            )
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"__number__": str(float(value))}
    if isinstance(value, str):
        return printable(value)[:MAX_TEXT]
    if isinstance(value, np.ndarray):
        return _encode_array(value)
    if isinstance(value, list | tuple):
        return [encode(item, _depth + 1) for item in value]
    if isinstance(value, dict):
        return {printable(str(name)): encode(item, _depth + 1) for name, item in value.items()}
    raise EvidenceError(f"A value of type {type(value).__name__} cannot be judged: give plain numbers.")


def printable(text: str) -> str:
    """``text`` as a plain ``str`` that every output can carry: halves of surrogate pairs become "?"."""
    return str.encode(text, "utf-8", "replace").decode()


def _from_tensor(tensor: Any) -> Any:
    try:
        return tensor.detach().cpu().numpy()
    except (TypeError, RuntimeError) as error:  # bfloat16, sparse, on no device, …
        raise EvidenceError(
            f"A tensor of {getattr(tensor, 'dtype', 'unknown type')} on {getattr(tensor, 'device', 'no device')} "
            "cannot be judged: give plain numbers."
        ) from error


def _encode_array(array: np.ndarray) -> dict[str, Any]:
    name = array.dtype.name
    if name not in DTYPES:
        raise EvidenceError(f"An array of {name} cannot be judged: give plain numbers.")
    if array.ndim > MAX_DIMENSIONS:
        raise EvidenceError(
            f"An array of {array.ndim} dimensions cannot be judged: at most {MAX_DIMENSIONS}."
        )
    if array.nbytes > MAX_BYTES:  # before it is copied: an expanded tensor may be larger than the memory
        raise EvidenceError("The answer gives more data than the check can take.")
    native = np.ascontiguousarray(array, dtype=name)  # in this machine's byte order, as decode reads it
    data = base64.b64encode(native.tobytes()).decode()
    return {"__array__": {"dtype": name, "shape": list(array.shape), "data": data}}


def decode(value: Any) -> Any:
    """Plain scalars, arrays, lists and dicts from JSON of whatever origin, each re-typed on the way.

    Raises:
        EvidenceError: a dtype, size, shape or depth that evidence must not have.
    """
    return _Decoder().decode(value, 0)


class _Decoder:
    """Counts values while it decodes, so that a small text cannot become a large structure."""

    def __init__(self) -> None:
        self._items = 0

    def decode(self, value: Any, depth: int) -> Any:
        self._items += 1
        if depth > MAX_DEPTH or self._items > MAX_ITEMS:
            raise EvidenceError("The evidence is larger than this check gives.")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            if abs(value) >= LARGEST:
                raise EvidenceError("The evidence holds a number that is too large.")
            return int(value)
        if isinstance(value, float):
            return float(value)
        if isinstance(value, str):
            if len(value) > MAX_TEXT:
                raise EvidenceError("The evidence holds a text that is too long.")
            return str(value)
        if isinstance(value, list):
            return [self.decode(item, depth + 1) for item in value]
        if isinstance(value, dict):
            if "__array__" in value:
                return _array(value)
            if "__number__" in value:
                return _special_number(value)
            return {str(name)[:MAX_TEXT]: self.decode(item, depth + 1) for name, item in value.items()}
        raise EvidenceError(f"The evidence holds a value of type {type(value).__name__}.")


class _ArrayRecord(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    dtype: str
    shape: list[int] = Field(max_length=MAX_DIMENSIONS)
    data: str = Field(max_length=MAX_BYTES)


def _array(value: dict) -> np.ndarray:
    try:
        if len(value) != 1:
            raise EvidenceError("The evidence holds an array with something beside it.")
        record = _ArrayRecord.model_validate(value["__array__"])
        raw = base64.b64decode(record.data, validate=True)
    except (ValidationError, binascii.Error, ValueError) as error:
        raise EvidenceError("The evidence holds an array that is malformed.") from error
    if record.dtype not in DTYPES:
        raise EvidenceError("The evidence holds an array of a kind that is not numbers.")
    dtype = np.dtype(record.dtype)
    if any(side < 0 for side in record.shape) or math.prod(record.shape) * dtype.itemsize != len(raw):
        raise EvidenceError("The evidence holds an array whose shape does not fit its data.")
    return np.frombuffer(raw, dtype=dtype).reshape(record.shape).copy()


def _special_number(value: dict) -> float:
    if value["__number__"] not in ("nan", "inf", "-inf") or len(value) != 1:
        raise EvidenceError("The evidence holds a malformed number.")
    return float(value["__number__"])


def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For ``json.loads(object_pairs_hook=…)``: a name that stands twice is refused.

    Raises:
        EvidenceError: a name stands twice.
    """
    read = dict(pairs)
    if len(read) != len(pairs):
        raise EvidenceError("The evidence gives one thing twice.")
    return read


def read_bundle(content: dict[str, Any] | str | None) -> Bundle:
    """A bundle from JSON text or from its parsed content.

    Raises:
        EvidenceError: it is missing, too large, or not a bundle.
    """
    if not content:
        raise EvidenceError("There is no evidence: the check did not run to its end.")
    try:
        text = content if isinstance(content, str) else json.dumps(content)
        if len(text) > MAX_BYTES:
            raise EvidenceError("The evidence is larger than this check gives.")
        return Bundle.model_validate(json.loads(text, object_pairs_hook=refuse_duplicates))
    except (ValidationError, ValueError, TypeError, RecursionError) as error:
        raise EvidenceError("The evidence is malformed.") from error
