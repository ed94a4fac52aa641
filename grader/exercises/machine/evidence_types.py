"""What evidence is made of: the strict types of which each exercise declares its model.

Evidence comes from a kernel in which a student's code ran. It is validated against the exercise's model before
any judge reads it: names, kinds of value, dtypes and shapes. What does not fit earns nothing and is told so.
"""

from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

Shape = tuple[int | None, ...]  # None: any length


class StrictEvidence(BaseModel):
    """Base of every exercise's evidence: no extra fields, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True, frozen=True)


def array(dtypes: str = "bool int64 int32 uint8 float32 float64 float16", shape: Shape | None = None) -> Any:
    """The type of an array of one of ``dtypes`` (names, separated by spaces) and of ``shape``.

    >>> class Evidence(StrictEvidence):
    ...     logits: array("float32", (None, 2))
    """
    allowed = frozenset(dtypes.split())

    def validate(value: Any) -> np.ndarray:
        if not isinstance(value, np.ndarray):
            raise ValueError("an array is expected")
        if value.dtype.name not in allowed:
            raise ValueError(f"an array of {value.dtype.name} is not expected here")
        if shape is not None and (
            value.ndim != len(shape)
            or any(want not in (None, got) for want, got in zip(shape, value.shape, strict=True))
        ):
            raise ValueError(f"an array of shape {value.shape} is not expected here")
        return value

    return Annotated[np.ndarray, BeforeValidator(validate), PlainSerializer(lambda value: value.tolist())]


NumberArray = Annotated[np.ndarray, *array().__metadata__]
State = dict[
    str, NumberArray
]  # a state_dict: names of weights and buffers, of whatever shapes the answer left


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number is expected")
    return float(value)


Number = Annotated[float, BeforeValidator(_number)]  # NaN and infinity included: a judge must expect them
