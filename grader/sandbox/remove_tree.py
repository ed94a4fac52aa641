"""Remove a folder that a student's code wrote into, however it looks.

``shutil.rmtree`` calls itself once a level and follows a path that grows: folders nested a few thousand deep
end it with ``RecursionError`` or "File name too long", which ``ignore_errors`` does not catch, or hides.
"""

import contextlib
import os
import secrets
import stat
from pathlib import Path


def remove_tree(folder: Path) -> None:
    """Remove ``folder`` and what is below it; no link is followed.

    Each folder below is moved up to ``folder`` itself before it is emptied, so that no path gets long.

    Raises:
        OSError: something belongs to somebody else, or the disk fails; the rest is removed all the same.
    """
    waiting, problems = [folder], []
    while waiting:
        current = waiting.pop()
        try:
            current.chmod(stat.S_IRWXU)
            with os.scandir(current) as entries:
                found = list(entries)
        except FileNotFoundError:
            continue
        except OSError as problem:
            problems.append(problem)
            continue
        for entry in found:
            try:
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
                elif current == folder:
                    waiting.append(Path(entry.path))
                else:
                    os.chmod(entry.path, stat.S_IRWXU)  # to be moved, a folder must be writable itself
                    moved = folder / secrets.token_hex(8)
                    os.rename(entry.path, moved)
                    waiting.append(moved)
            except OSError as problem:
                problems.append(problem)
        if current != folder:
            with contextlib.suppress(OSError):  # told already, by what is left in it
                current.rmdir()
    try:
        folder.rmdir()
    except FileNotFoundError:
        pass
    except OSError as problem:
        raise problems[0] if problems else problem from None
