"""Which version of the grading code runs here: workers must have the grader's own."""

import functools
import hashlib
from pathlib import Path

import grader


@functools.cache
def package_version() -> str:
    """A digest over the package's modules: an editable install has one version number for many states."""
    root = Path(grader.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]
