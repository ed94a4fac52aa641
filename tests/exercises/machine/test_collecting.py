"""Collecting evidence beside an answer that may do anything."""

import contextlib
import itertools
import json
import random
import re
import signal
import sys
import threading
import time

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from tqdm import tqdm

from grader.errors import CourseError
from grader.exercises.machine.clean_settings import default_device
from grader.exercises.machine.collecting import SHOWN_CHARACTERS, TimedOut, collect_evidence, time_limit
from grader.exercises.machine.evidence import digest
from grader.exercises.machine.judging import judge_evidence


@pytest.fixture
def ask(toy):
    """``ask(answer)``: bundle and verdict of the toy exercise."""

    def asked(answer):
        collected = collect_evidence(toy, answer, {"x": 21})
        json.dumps(collected.bundle, allow_nan=False)
        return collected, judge_evidence(collected.bundle, {"y": 42}, toy.id, digest({"x": 21}))

    return asked


# ---------------------------------------------------------------- answers that fail


def divides(x):
    return x / 0


def calls_what_divides(x):
    return divides(x) + 1


def says_nothing(x):
    raise ValueError


def fails_in_a_library(x):
    return torch.zeros(2, 3) @ torch.zeros(x, 4)


def leaves(x):
    sys.exit("bye")


def recurses(x):
    return recurses(x)


class Mute(Exception):
    def __str__(self):
        raise ValueError("no text for you")


def raises_mute(x):
    raise Mute


def raises_the_base_of_all(x):
    raise BaseException("all of it")


def raises_a_long_story(x):
    raise ValueError("word " * 10_000)


def raises_half_a_surrogate_pair(x):
    raise ValueError("\ud800")


def misuses_the_lab(x):
    raise CourseError("Give a list, not a number." + "!" * 5_000)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (divides, "Your code stopped with ZeroDivisionError: division by zero, in the line `return x / 0`"),
        (calls_what_divides, "in the line `return x / 0`"),
        (says_nothing, "stopped with ValueError, in the line `raise ValueError`"),
        (fails_in_a_library, "in the line `return torch.zeros(2, 3) @ torch.zeros(x, 4)`"),
        (lambda: 1, "TypeError"),
        (leaves, "SystemExit: bye, in the line `sys.exit("),
        (recurses, "RecursionError"),
        (raises_mute, "Mute: (no message), in the line `raise Mute`"),
        (raises_the_base_of_all, "BaseException: all of it"),
        (raises_a_long_story, "ValueError: word word"),
        (raises_half_a_surrogate_pair, "ValueError: ?"),
        (misuses_the_lab, "Your code stopped with Give a list, not a number."),
    ],
)
def test_an_answer_that_raises_is_told_where(ask, told, answer, words):
    collected, verdict = ask(answer)
    assert collected.bundle["outcome"] == "raised"
    assert collected.bundle["evidence"] is None
    assert verdict.points == 0
    assert words in told(verdict)
    assert len(told(verdict)) < 1_300


def stub(x):
    raise NotImplementedError()


def stub_without_a_call(x):
    raise NotImplementedError


def calls_a_stub(x):
    return 1 + stub(x)


@pytest.mark.parametrize("answer", [stub, stub_without_a_call, calls_a_stub])
def test_a_stub_is_not_written_yet(ask, told, answer):
    collected, verdict = ask(answer)
    assert collected.bundle["outcome"] == "unwritten"
    assert verdict.points == 0
    assert "Not written yet." in told(verdict)
    assert "double(x) -> number" in told(verdict)


@pytest.mark.parametrize(
    "answer",
    [lambda x: F.softmax(torch.arange(x), dim=0), lambda x: torch.nn.Module()(x)],
    ids=["dtype that an operation lacks", "module without forward"],
)
def test_pytorchs_own_not_implemented_error_is_a_mistake_and_no_stub(ask, told, answer):
    said = told(ask(answer)[1])  # up to 2.6 the first is a RuntimeError
    assert re.search("Your code stopped with (NotImplementedError|RuntimeError): ", said)
    assert "Not written yet." not in said


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (42, "This check takes a function, but it was given an int."),
        (None, "it was given None."),
        ("double", "it was given a str."),
        ([1], "it was given a list."),
        (torch.zeros(2), "it was given a Tensor."),
    ],
)
def test_an_answer_of_the_wrong_kind_is_named(ask, told, answer, words):
    collected, verdict = ask(answer)
    assert collected.bundle["outcome"] == "wrong kind"
    assert verdict.points == 0
    assert words in told(verdict)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: object(), "type object cannot be judged"),
        (lambda x: torch.zeros(2, dtype=torch.bfloat16), "tensor of torch.bfloat16"),
        (lambda x: torch.zeros(1).expand(10**7, 10**7), "more data than"),
        (lambda x: ["x" * 2_000] * 2_000, "more data than"),
        (lambda x: 10**5_000, "63 bits"),
        (lambda x: type("K" * 5_000, (), {})(), "type KKKK"),
    ],
    ids=["object", "bfloat16", "400 TB", "many texts", "huge number", "long name"],
)
def test_an_answer_that_is_no_evidence_is_told_why(ask, told, answer, words):
    collected, verdict = ask(answer)
    assert collected.bundle["outcome"] == "not encodable"
    assert verdict.points == 0
    assert words in told(verdict)


@pytest.mark.parametrize("value", ["text", torch.zeros(2, 3), None, float("nan"), [42], {"y": 42}, True])
def test_an_answer_of_the_wrong_form_is_judged_wrong(ask, value):
    collected, verdict = ask(lambda x: value)
    assert collected.bundle["outcome"] == "collected"
    assert verdict.points == 0
    assert verdict.findings


def test_an_answer_that_changes_the_challenge_changes_its_own_copy(toy):
    challenge = {"x": [3, 1, 2]}
    before = digest(challenge)

    def sorts_in_place(numbers):
        numbers.sort()
        return 42

    bundle = collect_evidence(toy, sorts_in_place, challenge).bundle
    assert challenge == {"x": [3, 1, 2]}
    assert bundle["challenge"] == before


# ---------------------------------------------------------------- answers that do not come back


def busy(x):
    while True:
        pass


def sleepy(x):
    time.sleep(60)


def catches_exceptions(x):
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.01)


def suppresses_interrupts(x):
    while True:
        with contextlib.suppress(KeyboardInterrupt, ValueError):
            time.sleep(0.01)


@pytest.mark.parametrize("answer", [busy, sleepy, catches_exceptions, suppresses_interrupts])
def test_an_answer_that_never_returns_is_stopped(toy, ask, told, monkeypatch, answer):
    monkeypatch.setattr(toy, "time_limit", 0.5)
    before = signal.getsignal(signal.SIGINT)
    collected, verdict = ask(answer)
    assert collected.bundle["outcome"] == "timed out"
    assert verdict.points == 0
    assert "did not come back within 0.5 seconds" in told(verdict)
    assert signal.getsignal(signal.SIGINT) is before


def test_the_limit_holds_where_a_program_in_the_background_ignores_interrupts(toy, ask, monkeypatch):
    monkeypatch.setattr(toy, "time_limit", 0.5)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert ask(busy)[0].bundle["outcome"] == "timed out"
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_answer_that_swallows_everything_once_is_let_go_on(toy, ask, monkeypatch):
    monkeypatch.setattr(toy, "time_limit", 0.2)
    slept = []
    monkeypatch.setattr("grader.exercises.machine.time_limit.time.sleep", slept.append)
    wait = threading.Event().wait

    def swallows(x):
        try:
            wait(60)
        except BaseException:
            return 2 * x

    assert ask(swallows)[1].passed
    assert slept == []  # nothing is waited for: the interrupt was delivered


def test_outside_the_main_thread_there_is_no_limit_and_no_error(toy):
    bundles = []
    thread = threading.Thread(
        target=lambda: bundles.append(collect_evidence(toy, lambda x: 2 * x, {"x": 21}).bundle)
    )
    thread.start()
    thread.join()
    assert bundles[0]["outcome"] == "collected"


def test_a_real_interrupt_reaches_the_user(toy):
    def interrupted(x):
        signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        collect_evidence(toy, interrupted, {"x": 21})
    assert signal.getsignal(signal.SIGINT) is before


@pytest.fixture
def strays():
    """Interrupts that arrive outside of a limit."""
    arrived = []
    before = signal.signal(signal.SIGINT, lambda *_: arrived.append(1))
    yield arrived
    signal.signal(signal.SIGINT, before)


def test_no_interrupt_arrives_after_a_quick_answer(toy, monkeypatch, strays):
    """Limits from far too short to just long enough: an answer counts or is stopped, and nothing follows."""
    outcomes = set()
    for number in range(300):
        monkeypatch.setattr(toy, "time_limit", 1e-5 * (number % 100))
        outcomes.add(collect_evidence(toy, lambda x: time.sleep(5e-4), {"x": 21}).bundle["outcome"])
        sum(range(1_000))  # where a stray interrupt would strike
    assert outcomes <= {"collected", "timed out"}
    assert strays == []


def test_no_interrupt_arrives_after_a_quick_block(strays):
    for number in range(300):
        with contextlib.suppress(TimedOut), time_limit(2e-4):
            time.sleep(1e-5 * (number % 50))
        sum(range(2_000))
    assert strays == []
    with pytest.raises(TimedOut), time_limit(0.01):
        time.sleep(60)


# ---------------------------------------------------------------- what answers print


def test_ten_megabytes_of_print_do_not_flood(ask, capsys):
    def chatty(x):
        for _ in range(10_000):
            print("x" * 1_000)
        return 2 * x

    collected, verdict = ask(chatty)
    assert verdict.passed
    assert len(collected.printed) <= SHOWN_CHARACTERS + 100
    assert "10,010,000 characters" in collected.printed
    assert capsys.readouterr() == ("", "")


def test_one_print_of_ten_megabytes_does_not_either(ask):
    collected, _ = ask(lambda x: print("x" * 10_000_000))
    assert collected.printed.startswith("x" * SHOWN_CHARACTERS + "\n…")
    assert "10,000,001 characters" in collected.printed


def test_little_output_is_shown_whole_with_stderr_in_its_place(ask, capsys):
    def speaks(x):
        print("first")
        print("second", file=sys.stderr)
        sys.stdout.write("third \ud800")
        return 2 * x

    collected, verdict = ask(speaks)
    assert verdict.passed
    assert collected.printed == "first\nsecond\nthird ?"
    assert capsys.readouterr() == ("", "")


def test_what_was_printed_before_a_failure_is_kept(ask):
    def speaks_and_fails(x):
        print("so far so good")
        raise ValueError

    assert ask(speaks_and_fails)[0].printed == "so far so good\n"


def test_a_progress_bar_in_an_answer_works(ask):
    collected, verdict = ask(lambda x: 2 * sum(1 for _ in tqdm(range(x))))
    assert verdict.passed
    assert "21/21" in collected.printed


# ---------------------------------------------------------------- what answers change


def settings():
    return torch.get_default_dtype(), default_device(), torch.is_grad_enabled()


def meddles(x):
    torch.manual_seed(123)
    torch.rand(5)
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_grad_enabled(False)
    return 2 * x


def meddles_and_fails(x):
    meddles(x)
    raise ValueError


def meddles_and_hangs(x):
    meddles(x)
    time.sleep(60)


@pytest.mark.parametrize("answer", [meddles, meddles_and_fails, meddles_and_hangs])
def test_pytorch_is_left_as_it_was(toy, ask, monkeypatch, answer):
    if answer is meddles_and_hangs:
        monkeypatch.setattr(toy, "time_limit", 0.5)
    before = settings()
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    ask(answer)
    assert settings() == before
    assert torch.equal(torch.rand(3), expected)


def test_the_settings_of_a_notebook_do_not_change_what_is_asked(toy):
    def describes(x):
        return [
            torch.rand(1).item(),
            str(torch.ones(1).dtype),
            str(torch.ones(1).device),
            torch.is_grad_enabled(),
        ]

    plain = collect_evidence(toy, describes, {"x": 21}).bundle
    before = settings()
    try:
        torch.manual_seed(99)
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        torch.set_grad_enabled(False)
        meddled = settings()
        again = collect_evidence(toy, describes, {"x": 21}).bundle
        assert settings() == meddled
    finally:
        torch.set_default_dtype(before[0])
        torch.set_default_device(None)
        torch.set_grad_enabled(before[2])
    assert again == plain
    assert plain["evidence"]["y"][1:] == ["torch.float32", "cpu", True]


def test_the_same_answer_gives_the_same_bundle(toy):
    first, second = (
        collect_evidence(toy, lambda x: [torch.rand(3), np.float32(x)], {"x": 21}) for _ in range(2)
    )
    assert first == second


def test_pythons_and_numpys_random_numbers_are_not_touched(toy):
    random.seed(1)
    np.random.seed(1)
    before = random.getstate(), np.random.get_state()[1].tolist()
    collect_evidence(toy, lambda x: 2 * x, {"x": 21})
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


def test_endless_evidence_is_stopped_too(toy, ask, monkeypatch):
    class Endless(list):
        def __iter__(self):
            return itertools.repeat(torch.zeros(100))

    monkeypatch.setattr(toy, "time_limit", 0.3)
    assert ask(lambda x: Endless())[0].bundle["outcome"] == "timed out"


def test_an_interrupt_that_got_lost_is_repeated(toy, ask, monkeypatch):
    """As Python loses one that reaches a finaliser, or a callback of the garbage collector."""

    def lost_once(x):
        try:
            while True:
                pass
        except BaseException:
            while True:
                pass

    monkeypatch.setattr(toy, "time_limit", 0.3)
    assert ask(lost_once)[0].bundle["outcome"] == "timed out"
