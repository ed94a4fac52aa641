"""The soft device's own random numbers, as every accelerator has some of its own.

``torch.manual_seed`` seeds them too, but a seed gives other numbers than on the CPU, and drawing on the
device leaves the CPU's numbers where they were. Code that keeps only the CPU's state is found out.
"""

import contextlib
from collections.abc import Iterator

import torch

_OTHER_THAN_THE_CPU = 0x50F7  # CUDA has another generator (Philox), which makes other numbers of a seed


class BackendModule:
    """What PyTorch asks of ``torch.soft``, the namespace of a device, as ``torch.cuda`` is one."""

    def __init__(self) -> None:
        self._generator = torch.Generator()
        self.manual_seed_all(0)

    def is_available(self) -> bool:
        return True

    def is_initialized(self) -> bool:
        return True

    def device_count(self) -> int:
        return 1

    def current_device(self) -> int:
        return 0

    def _is_in_bad_fork(self) -> bool:
        return False

    def manual_seed_all(self, seed: int) -> None:
        self._generator.manual_seed(seed ^ _OTHER_THAN_THE_CPU)

    def get_rng_state(self, device: object = 0) -> torch.Tensor:
        return self._generator.get_state()

    def set_rng_state(self, state: torch.Tensor, device: object = 0) -> None:
        self._generator.set_state(state)

    @contextlib.contextmanager
    def drawing(self) -> Iterator[None]:
        """Inside, whatever the CPU draws comes from the device's numbers."""
        of_the_cpu = torch.get_rng_state()
        torch.set_rng_state(self._generator.get_state())
        try:
            yield
        finally:
            self._generator.set_state(torch.get_rng_state())
            torch.set_rng_state(of_the_cpu)
