"""What the lessons import: data, the backbone, training, features, figures.

Small on purpose: ``lab.train??`` in a cell shows a page that can be read.

A name is imported when it is first used: PyTorch, timm and scikit-learn together take seconds, and who grades
a class or reads a lesson's first cell needs none of them yet. What there is stands in ``__init__.pyi``.

May import: progress.
"""

import lazy_loader

from grader.lab.allocator import keep_freed_memory
from grader.lab.waiting import wait_briefly

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

wait_briefly()  # before PyTorch is imported: afterwards nothing of it can be changed
keep_freed_memory()  # before any network runs: halves the time of a forward pass on a CPU
