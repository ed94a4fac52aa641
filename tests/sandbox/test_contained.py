"""The wrapper itself: what runs in it ends with it."""

import sys
import time

import psutil
import pytest

from tests.sandbox.contained import contained

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

# Ignores what it can and leaves the session: only the end of its namespace ends it.
STUBBORN = (
    "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.fork(); os.setsid(); "
    "time.sleep(1000)  # of the wrapper's test"
)


def running() -> list[int]:
    return [p.pid for p in psutil.process_iter(["cmdline"]) if STUBBORN in (p.info["cmdline"] or [])]


def test_what_takes_too_long_is_ended_whole():
    with pytest.raises(pytest.fail.Exception, match="still running after"):
        contained([sys.executable, "-P", "-c", STUBBORN], timeout=10)
    deadline = time.monotonic() + 10
    while running() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert running() == []
