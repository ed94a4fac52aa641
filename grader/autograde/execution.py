"""What came out of one submission's run: stored in the spool, judged now or later."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class CellRun(BaseModel):
    """One code cell.

    Attributes:
        outputs: in nbformat's form, cleaned and capped, without evidence.
        bundles: the JSON texts of all evidence that appeared in this cell; untrusted.
    """

    model_config = ConfigDict(extra="forbid")

    outputs: list[dict[str, Any]] = []
    bundles: list[str] = []
    execution_count: int | None = None


class Execution(BaseModel):
    """One run.

    Attributes:
        key: of the job that was executed.
        sandbox: that it ran in.
        stopped: why the run ended before the last cell; ``None`` if it did not.
        seconds: on the clock, from the kernel's start to its end.
        cells: the code cells, in the notebook's order.
    """

    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = 1
    lesson: str
    student: str
    key: str
    sandbox: str
    stopped: str | None = Field(default=None, max_length=1000)
    seconds: float = Field(ge=0)
    cells: list[CellRun]
