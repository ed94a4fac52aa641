"""Run in the wrapper: a kernel in one sandbox (or in none, the control) tries to reach what it must not.

    python probing.py SANDBOX FOLDER

Prints a JSON object: for each probe whether it got through.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

from grader.sandbox import Limits, Sandbox, open_kernel
from grader.sandbox.kernel import fork_server

MIB = 1024**2
LIMITS = Limits(data_bytes=1500 * MIB, processes=60, file_bytes=5 * MIB, scratch_bytes=20 * MIB)

# Each prints REACHED if it got through, or does something that the grader notices.
PROBES = {
    "reads a file outside": "print(open(SECRET).read() and 'REACHED')",
    "lists a folder outside": "import os; print('secret' in os.listdir(FOLDER) and 'REACHED')",
    "writes a file outside": "open(SECRET + '.new', 'w').write('x')",
    "sends by UDP": """
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT))
""",
    "connects to an abstract socket": """
import socket
socket.socket(socket.AF_UNIX).connect(ABSTRACT)
print('REACHED')
""",
    "connects to a socket file": """
import socket
socket.socket(socket.AF_UNIX).connect(SOCKET)
print('REACHED')
""",
    # In a process table of its own the grader's number is somebody else's.
    "signals the grader": """
import os, signal
try:
    theirs = b'probing.py' in open(f'/proc/{PARENT}/cmdline', 'rb').read()
except FileNotFoundError:
    theirs = False
except OSError:
    theirs = True
if theirs: os.kill(PARENT, signal.SIGUSR1)
""",
    "reads the grader's environment": """
print('REACHED' if b'MARK_OF_THE_GRADER' in open(f'/proc/{PARENT}/environ', 'rb').read() else '')
""",
    "has the grader's environment": """
import os
print('REACHED' if 'MARK_OF_THE_GRADER' in os.environ else '')
""",
    "unshares a user namespace": """
import ctypes, os
child = os.fork()
if child == 0:
    os._exit(7 if ctypes.CDLL(None).unshare(0x10000000) == 0 else 0)
print('REACHED' if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7 else '')
""",
    "takes more memory": "x = bytearray(3_000_000_000); print('REACHED')",
    "writes a larger file": """
import os
open('large', 'wb').write(bytes(8_000_000))
print('REACHED' if os.path.getsize('large') > 6_000_000 else '')
""",
    "starts many processes": """
import os, signal
children = []
try:
    while len(children) < 150:
        child = os.fork()
        if child == 0:
            signal.pause()
            os._exit(0)
        children.append(child)
except OSError:
    pass
for child in children:
    os.kill(child, 9)
    os.waitpid(child, 0)
print('REACHED' if len(children) >= 150 else '')
""",
    "fills the disk": """
written = 0
try:
    while written < 12:
        open(f'part{written}', 'wb').write(bytes(4_000_000))
        written += 1
except OSError:
    pass
print('REACHED' if written >= 12 else '')
""",
    "leaves a process behind": """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: time.sleep(1)
    os._exit(0)
""",
}


async def probe(sandbox: Sandbox, folder: Path) -> dict[str, bool]:
    scratch = folder / "scratch"
    scratch.mkdir()
    (folder / "secret").write_text("secret")
    signalled = []
    signal.signal(signal.SIGUSR1, lambda *_: signalled.append(True))
    by_udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    by_udp.bind(("127.0.0.1", 0))
    by_udp.setblocking(False)
    abstract, of_file = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    for listening, address in ((abstract, "\0of-the-grader"), (of_file, str(folder / "socket"))):
        listening.bind(address)
        listening.listen()
    names = {
        "FOLDER": str(folder),
        "SECRET": str(folder / "secret"),
        "PARENT": os.getpid(),
        "PORT": by_udp.getsockname()[1],
        "ABSTRACT": "\0of-the-grader",
        "SOCKET": str(folder / "socket"),
    }
    sources = ["; ".join(f"{name} = {value!r}" for name, value in names.items()), *PROBES.values()]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    async with open_kernel(sandbox, scratch, LIMITS) as manager:
        await NotebookClient(notebook, km=manager, timeout=60, allow_errors=True).async_execute()
    reached = {
        name: any("REACHED" in str(output.get("text", "")) for output in cell.outputs)
        for name, cell in zip(PROBES, notebook.cells[1:], strict=True)
    }
    reached["writes a file outside"] = (folder / "secret.new").exists()
    reached["signals the grader"] = bool(signalled)
    reached["sends by UDP"] = _received(by_udp)
    reached["leaves a process behind"] = _something_is_left()
    return reached


def _received(by_udp: socket.socket) -> bool:
    try:
        return bool(by_udp.recv(10))
    except BlockingIOError:
        return False


def _something_is_left() -> bool:
    """Whether a process of the kernel's is there some seconds after its end."""
    for _ in range(50):
        ours = {os.getpid(), fork_server().pid, 1}
        others = [process for process in psutil.process_iter() if process.pid not in ours]
        left = [p for p in others if p.status() != psutil.STATUS_ZOMBIE and p.ppid() != 0]
        if not left:
            return False
        time.sleep(0.1)
    return True


if __name__ == "__main__":
    found = asyncio.run(probe(Sandbox(sys.argv[1]), Path(sys.argv[2])))
    print(json.dumps(found))
