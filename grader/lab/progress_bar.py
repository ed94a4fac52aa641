"""A bar that moves while something is computed, and leaves one line of plain text in the saved notebook.

A widget's state is not saved with a notebook: where it stood, a saved lesson says "model not found", and an
export a bar at 0 %. So this is an ordinary output, which is redrawn in place.
"""

import html
import time
from types import TracebackType

from IPython import get_ipython
from IPython.display import DisplayHandle, display
from tqdm.std import tqdm

MARK = {"finetuning_course": "progress"}  # metadata of the output; a build leaves such outputs out
_INTERVAL = 0.2  # seconds between two drawings


class ProgressBar:
    """Counts what is done. Use it in a ``with`` block; outside a notebook it is a bar of tqdm's on stderr.

    Nothing is drawn before the first ``update``, so that what stops at once leaves nothing.

    Args:
        total: how many there are.
        name: what is computed; with "" nothing is ever drawn.
        unit: one of what is counted, such as ``"step"``.
        done: how many were done before.
    """

    def __init__(self, total: int, name: str, unit: str, done: int = 0) -> None:
        self.n, self._total, self._name, self._unit = done, total, name, unit
        self._started, self._drawn = time.perf_counter(), 0.0
        self._handle: DisplayHandle | None = None
        self._in_notebook = getattr(get_ipython(), "kernel", None) is not None
        self._elsewhere = tqdm(
            total=total,
            initial=done,
            desc=name,
            unit=unit,
            leave=False,
            disable=self._in_notebook or not name,
        )

    def __enter__(self) -> "ProgressBar":
        return self

    def update(self, count: int = 1) -> None:
        """``count`` more are done."""
        self.n += count
        self._elsewhere.update(count)
        if self._in_notebook and self._name and time.perf_counter() - self._drawn >= _INTERVAL:
            self._draw(self._far, with_bar=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._elsewhere.close()
        if self._handle is not None:
            self._draw(self._far if self.n >= self._total else f"stopped after {self._far}", with_bar=False)

    @property
    def _far(self) -> str:
        passed = time.perf_counter() - self._started
        took = f"{passed / 60:.1f} min" if passed >= 120 else f"{passed:.0f} s"
        plural = "" if self._total == 1 else "s"
        return (
            f"{self.n:,} of {self._total:,} {self._unit}{plural} in {'less than 1 s' if passed < 1 else took}"
        )

    def _draw(self, text: str, with_bar: bool) -> None:
        told = f"{self._name}: {text}"
        shown = {"text/plain": told}
        if with_bar:
            label = html.escape(self._name, quote=True)
            bar = f'<progress value="{self.n}" max="{self._total}" aria-label="{label}"></progress>'
            shown["text/html"] = f"<div>{bar} {html.escape(told)}</div>"
        if self._handle is None:
            self._handle = display(shown, raw=True, metadata=MARK, display_id=True)
        else:
            self._handle.update(shown, raw=True, metadata=MARK)
        self._drawn = time.perf_counter()
