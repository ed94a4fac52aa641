"""What an answer returned, where a model is asked for."""

from typing import Any

from grader.exercises.kit.numbers import described


def returned_model(result: object) -> tuple[Any, str]:
    """The model that an answer returned, a compiled one unwrapped; or ``None`` and, in words, what it is instead."""
    import torch

    if not isinstance(result, torch.nn.Module):
        return None, described(result)
    return getattr(result, "_orig_mod", result), ""
