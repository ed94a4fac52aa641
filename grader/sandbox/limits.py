"""What one student's notebook may use."""

from pydantic import BaseModel, ConfigDict, Field

GIB = 1024**3
MIB = 1024**2


class Limits(BaseModel):
    """Limits of one notebook's run: plain numbers, so that they travel to any worker.

    Attributes:
        cell_seconds: of one cell, on the clock.
        notebook_seconds: of all cells together.
        data_bytes: ``RLIMIT_DATA`` of each process. PyTorch alone needs 1.1 GB of it.
        memory_bytes: of all processes together, where a cgroup can be made; ``None`` for one GiB above
            ``data_bytes``.
        processes: processes and threads together.
        file_bytes: of one file that is written.
        scratch_bytes: of everything that is written (namespaces only: a file system of that size).
        output_bytes: of all outputs of the notebook, as UTF-8 JSON.
        threads: of PyTorch and of the linear algebra below it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cell_seconds: float = Field(default=600.0, gt=0)
    notebook_seconds: float = Field(default=1800.0, gt=0)
    data_bytes: int = Field(default=4 * GIB, gt=0)
    memory_bytes: int | None = Field(default=None, gt=0)
    processes: int = Field(default=160, gt=0)
    file_bytes: int = Field(default=200 * MIB, gt=0)
    scratch_bytes: int = Field(default=500 * MIB, gt=0)
    output_bytes: int = Field(default=2_000_000, gt=0)
    threads: int = Field(default=1, gt=0)

    @property
    def cgroup_bytes(self) -> int:
        """What the cgroup is given."""
        return self.memory_bytes or self.data_bytes + GIB
