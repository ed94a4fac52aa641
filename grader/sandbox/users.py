"""Users that exist for one kernel, where the grader is root: limits do not bind root."""

import os
import secrets
from pathlib import Path

_FIRST, _COUNT = 1_200_000_000, 500_000_000  # above the numbers that systems and user namespaces give out


def throw_away_user(*folders: Path) -> int | None:
    """A number that no user has, owner of ``folders`` from now on; ``None`` where the grader is not root."""
    if os.geteuid() != 0:
        return None
    uid = _FIRST + secrets.randbelow(_COUNT)
    for folder in folders:
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, uid, uid, follow_symlinks=False)
    return uid
