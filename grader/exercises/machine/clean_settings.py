"""The same random numbers and settings of PyTorch for every answer, whatever the notebook left switched on."""

import contextlib
from collections.abc import Iterator
from typing import Any

from grader.exercises.machine.random_numbers import kept_random_numbers, start_random_numbers


@contextlib.contextmanager
def clean_settings(one_thread: bool = True, eager: bool = False) -> Iterator[None]:
    """Inside: seed 0, float32, the CPU, gradients on, no inference mode, no autocast, no saved-tensor hooks.

    With ``one_thread``, which suits networks as small as the exercises': several threads would wait for each other
    longer than they compute, on a busy machine for minutes. With ``eager`` a compiled model runs as it is written,
    hooks of the check included: for answers, since our own code compiles nothing and PyTorch's compiler takes a
    second to import.

    Afterwards PyTorch's global settings are what they were, whatever the answer changed.
    """
    import torch

    dtype, gradients, device = torch.get_default_dtype(), torch.is_grad_enabled(), default_device()
    deterministic = torch.are_deterministic_algorithms_enabled()
    anomaly, threads = torch.is_anomaly_enabled(), torch.get_num_threads()
    with contextlib.ExitStack() as stack:
        stack.enter_context(kept_random_numbers())
        stack.enter_context(torch.inference_mode(False))
        for kind in ("cpu", "cuda"):
            with contextlib.suppress(RuntimeError):  # of a build without it
                stack.enter_context(torch.autocast(kind, enabled=False))
        if eager and hasattr(torch.compiler, "set_stance"):  # 2.6 and newer
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        if one_thread:
            torch.set_num_threads(1)
        start_random_numbers(0)
        torch.set_default_dtype(torch.float32)
        _set_default_device(torch.device("cpu"))
        torch.set_grad_enabled(True)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            torch.set_default_dtype(dtype)
            _set_default_device(device)
            torch.set_grad_enabled(gradients)
            if torch.are_deterministic_algorithms_enabled() != deterministic:  # the call imports the compiler
                torch.use_deterministic_algorithms(deterministic)
            torch.set_anomaly_enabled(anomaly)


def default_device() -> Any:
    """PyTorch's default device; up to 2.6 asking for it fails once it was set back to none."""
    import torch

    try:
        return torch.get_default_device()
    except AttributeError:
        return torch.device("cpu")


def _set_default_device(device: Any) -> None:
    import torch

    if default_device() != device:
        # None instead of "cpu": a default device that is set slows every call down.
        torch.set_default_device(None if device.type == "cpu" else device)
