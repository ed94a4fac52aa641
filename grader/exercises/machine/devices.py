"""What an answer left on an accelerator comes back to the CPU: the same answer gets the same verdict everywhere.

``model.to(lab.device())`` changes nothing on a machine without a GPU, nor where a class is graded. So it must
change nothing at a desk with one.
"""

import contextlib
import itertools
from collections.abc import Iterator
from typing import Any

_DEEPEST, _MOST = 5, 1_000  # of lists in lists that are looked into, and of what one holds


def bring_home(given: Any, returned: Any = None) -> None:
    """Move to the CPU, in place, the models in these lists, tuples and dicts.

    Numbers, flags, gradients, modes and hooks stay. An optimizer's state comes along where the optimizer is new:
    one that was given will be used by the same answer again, which moves the model again, but not the state.

    What cannot be moved stays where it is, such as a model on the device "meta", even in part: it holds no numbers.
    """
    import torch

    for value in _inside([given, returned], _DEEPEST + 1):
        with contextlib.suppress(
            Exception
        ):  # of a module of the student's own: it will be asked, and then judged
            if isinstance(value, torch.nn.Module) and _is_away([*value.parameters(), *value.buffers()]):
                value.to("cpu")
    for value in _inside(returned, _DEEPEST):
        with contextlib.suppress(Exception):
            if isinstance(value, torch.optim.Optimizer):
                for state in value.state.values():
                    state |= {name: one.cpu() for name, one in state.items() if _is_away([one])}


def _inside(value: Any, deepest: int) -> Iterator[Any]:
    """What lists, tuples and dicts hold, or the value itself."""
    if not isinstance(value, list | tuple | dict):
        yield value
    elif deepest:
        held = value.values() if isinstance(value, dict) else value
        for one in itertools.islice(held, _MOST):
            yield from _inside(one, deepest - 1)


def _is_away(tensors: list[Any]) -> bool:
    kinds = {tensor.device.type for tensor in tensors if hasattr(tensor, "device")}
    return bool(kinds - {"cpu"}) and "meta" not in kinds
