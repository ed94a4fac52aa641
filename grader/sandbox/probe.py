"""Try one sandbox with a tiny process: it must read what it may, and must not read what it may not."""

import os
import subprocess
import sys
from pathlib import Path
from typing import cast

from grader.sandbox import bubblewrap
from grader.sandbox.confine import confine
from grader.sandbox.confinement import Confinement, Kind
from grader.sandbox.readable import interpreter_folders
from grader.sandbox.users import throw_away_user

# Run inside: sees the interpreter's library, its own file, but not the secret beside its scratch folder.
_INSIDE = """
import json, pathlib, socket, sys
scratch, secret = map(pathlib.Path, sys.argv[1:])
problems = []
if (scratch / "given").read_text() != "given": problems.append("its own file cannot be read")
try:
    (scratch / "written").write_text("x")
except OSError as error:
    problems.append(f"its own folder cannot be written to: {error}")
try:
    secret.read_text(); problems.append("a file outside can be read")
except OSError: pass
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 9))
    problems.append("the network can be reached")
except OSError: pass
print("; ".join(problems) or "confined")
"""


def main(kind: str, folder: Path) -> None:
    """Print "confined", or what is wrong."""
    scratch, connection, secret = folder / "scratch", folder / "connection", folder / "secret"
    for made in (scratch, connection):
        made.mkdir(mode=0o700)
    secret.write_text("secret")
    secret.chmod(0o600)
    (scratch / "given").write_text("given")
    program = [sys.executable, "-I", "-c", _INSIDE, str(scratch), str(secret)]
    confinement = Confinement(
        kind=cast(Kind, "none" if kind == "bwrap" else kind),  # validated by the model
        scratch=scratch,
        connection=connection,
        readable=interpreter_folders(),
        uid=None if kind == "bwrap" else throw_away_user(scratch, connection),
    )
    if kind == "bwrap":
        done = subprocess.run(
            [*bubblewrap.command(confinement), *program],
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        print(
            (done.stdout or done.stderr).strip().splitlines()[-1]
            if done.stdout or done.stderr
            else "no answer"
        )
        return
    child = os.fork()
    if child == 0:
        try:
            confine(confinement)
            os.execv(program[0], program)
        except OSError as error:
            print(f"{error.strerror or error}", flush=True)
        finally:
            os._exit(1)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
