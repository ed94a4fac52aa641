"""PyTorch's random numbers on the CPU and on an accelerator, which draws numbers of its own: kept and put back."""

import contextlib
from collections.abc import Iterator
from typing import Any


def start_random_numbers(seed: int) -> None:
    """Start the numbers of the CPU, and of the accelerator that is in use, from ``seed``.

    One that is not in use stays asleep: to wake CUDA takes seconds and memory, and a seed that waits for it would
    replace the student's own.
    """
    import torch

    if _in_use():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)


@contextlib.contextmanager
def kept_random_numbers() -> Iterator[None]:
    """Whatever is drawn inside, on whichever device: afterwards the numbers go on as if nothing had been."""
    import torch

    with torch.random.fork_rng(_in_use()):
        yield


@contextlib.contextmanager
def random_numbers_from(seed: int) -> Iterator[None]:
    """Inside, they start from ``seed``; afterwards they go on as if nothing had been drawn."""
    with kept_random_numbers():
        start_random_numbers(seed)
        yield


def random_state() -> list[Any]:
    """Where the random numbers are now, on the CPU and on each accelerator in use; for ``set_random_state``."""
    import torch

    return [torch.get_rng_state(), *(_module().get_rng_state(index) for index in _in_use())]


def set_random_state(state: list[Any]) -> None:
    """Let the random numbers go on from ``state``."""
    import torch

    torch.set_rng_state(state[0])
    for index, of_accelerator in zip(_in_use(), state[1:], strict=False):
        _module().set_rng_state(of_accelerator, index)


def _in_use() -> range:
    """The accelerator's numbers of devices, none if there is none or nothing has been computed on it yet."""
    import torch

    if not torch.accelerator.is_available():  # PyTorch 2.6 has no other way to ask
        return range(0)
    is_initialized = getattr(_module(), "is_initialized", lambda: True)  # MPS is always ready
    return range(torch.accelerator.device_count() if is_initialized() else 0)


def _module() -> Any:
    import torch

    return torch.get_device_module(torch.accelerator.current_accelerator())
