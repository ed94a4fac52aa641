"""Stock nbgrader commands for the tests, each in a process of its own that has imported everything already.

``python nbgrader_commands.py`` reads requests, a line of JSON each, and answers with a command's exit status.
Importing nbgrader, the course and PyTorch takes longer than most of the commands do.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


class NbgraderCommands:
    """A process that forks a child for each command; usable as a context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> "NbgraderCommands":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait(30)

    def run(self, root: Path, words: tuple[str, ...], environment: dict[str, str]) -> tuple[int, str, str]:
        """What ``nbgrader`` does with these words, started in ``root``.

        Returns:
            the exit status (negative: the signal that ended it), what it printed, and its errors.
        """
        printed, errors = root / ".nbgrader-printed", root / ".nbgrader-errors"
        request = {"root": str(root), "words": words, "environment": environment}
        request |= {"printed": str(printed), "errors": str(errors)}
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
            assert answer, "the process that runs nbgrader's commands has ended"
            return int(answer), printed.read_text(encoding="utf-8"), errors.read_text(encoding="utf-8")
        finally:
            printed.unlink(missing_ok=True)
            errors.unlink(missing_ok=True)


def _serve() -> None:
    import nbgrader.apps.nbgraderapp

    import grader.authoring.release_checks
    import grader.autograde.run.class_run  # and with it every step  # noqa: F401

    answers = os.fdopen(os.dup(1), "w")  # standard output is each command's own
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(request)
            sys.exit(nbgrader.apps.nbgraderapp.main())
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=answers, flush=True)


def _become(request: dict[str, Any]) -> None:
    """Make this child what ``python -m nbgrader`` would be in that folder."""
    os.chdir(request["root"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for number, name, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, request["printed"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, request["errors"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        opened = os.open(name, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - for as long as the process lives
    sys.argv, sys.path[0] = ["nbgrader", *request["words"]], request["root"]


if __name__ == "__main__":
    _serve()
