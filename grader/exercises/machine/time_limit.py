"""A limit on how long a block may run, as Ctrl-C would end it."""

import _thread
import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator

_AGAIN = 1.0  # seconds between two interrupts


class TimedOut(BaseException):
    """The student's code took longer than it may. No ``Exception``: her ``except Exception`` must not stop it."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the block after ``seconds``, as Ctrl-C would, and again each second until it has ended:
    Python drops an exception that reaches a finaliser or a callback of the garbage collector.

    Works in the main thread, where notebooks run their cells; elsewhere there is no limit. Code with a
    bare ``except:`` in an endless loop, or in one long call of a compiled library, goes on.

    Raises:
        TimedOut: the time was over.
        KeyboardInterrupt: the user pressed Ctrl-C (or the stop button).
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    lock = threading.Lock()
    ended = threading.Event()
    on_its_way = False

    def on_interrupt(*_: object) -> None:
        nonlocal on_its_way
        if not on_its_way:
            raise KeyboardInterrupt  # the user's own
        on_its_way = False
        raise TimedOut

    def fire() -> None:
        nonlocal on_its_way
        wait = seconds
        while not ended.wait(wait):
            with lock:
                if not ended.is_set():
                    on_its_way = True
                    _interrupt_main_thread()
            wait = _AGAIN

    # Our own handler, since a program started in the background ignores the interrupt.
    previous = signal.signal(signal.SIGINT, on_interrupt)
    try:
        threading.Thread(target=fire, daemon=True).start()
        yield
    finally:
        try:
            with lock:
                ended.set()
            if on_its_way:
                time.sleep(5)  # the interrupt must end here, not in the caller
        finally:
            ended.set()
            signal.signal(signal.SIGINT, previous if previous is not None else signal.SIG_DFL)


def _interrupt_main_thread() -> None:
    main = threading.main_thread().ident
    if main is not None and hasattr(signal, "pthread_kill"):  # also ends a sleep or a read
        signal.pthread_kill(main, signal.SIGINT)
    elif os.name == "posix":  # the main thread gets what is sent to the process
        os.kill(os.getpid(), signal.SIGINT)
    else:  # Windows, where this wakes a sleep
        _thread.interrupt_main()
