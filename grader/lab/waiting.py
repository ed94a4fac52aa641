"""How PyTorch's threads wait for each other: spinning for long, unless told otherwise before it is imported.

On a machine that does nothing else, spinning saves a little. Beside a browser, or with several kernels on one
machine, it burns the time that the others need. Measured once on two cores, a training step at 96 pixels,
alone and beside two others like it: 150 and 1,300 ms as PyTorch has it, 161 and 560 with a short spin, 208
and 430 without any. ``tests/bench/bench_waiting.py`` measures anew.
"""

import os
import sys
from collections.abc import MutableMapping

# Of the GNU OpenMP library, of any, and of Intel's and LLVM's: who set one of them knows why.
_SET_BY_THE_USER = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "KMP_BLOCKTIME")
_SHORT = "1000"  # turns of the loop, some microseconds
_HUB = "JUPYTERHUB_USER"  # set by JupyterHub in each student's server


def wait_briefly(environment: MutableMapping[str, str] = os.environ) -> bool:
    """Let threads spin shortly, on a hub not at all; nothing where the user chose, or PyTorch is there.

    Returns:
        whether anything was set.
    """
    if "torch" in sys.modules or any(name in environment for name in _SET_BY_THE_USER):
        return False
    if environment.get(_HUB):
        environment["OMP_WAIT_POLICY"] = "passive"
    else:
        environment["GOMP_SPINCOUNT"] = _SHORT
    return True
