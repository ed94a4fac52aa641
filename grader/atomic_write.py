"""Write a file so that a reader sees the old content or the new, never a part, whenever we are killed."""

import os
import secrets
from pathlib import Path


def write_atomically(path: Path, content: bytes | str, mode: int | None = None) -> None:
    """Write ``content`` beside ``path``, flush it to the disk, and rename it into place.

    Args:
        path: replaced if it exists; a link is replaced, not followed.
        content: text is written as UTF-8.
        mode: permission bits of the new file; by default those that the umask leaves.

    Raises:
        OSError: the disk is full, the folder cannot be written to, …; ``path`` is what it was.
    """
    raw = content.encode("utf-8") if isinstance(content, str) else content
    # A name of its own: two threads or processes may write the same file, and the last one wins whole.
    new = path.with_name(f".{path.name[:150]}.{os.getpid()}-{secrets.token_hex(4)}.new")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(descriptor)
            if mode is not None:
                os.fchmod(descriptor, mode)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
