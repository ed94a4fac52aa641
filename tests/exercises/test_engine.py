"""The way from an answer to a verdict: what it takes, what it refuses, what it survives."""

import contextlib
import json
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from nbformat.v4 import new_code_cell, new_output
from nbgrader.utils import determine_grade

from grader import course
from grader.errors import CourseError
from grader.exercises import checking, registry
from grader.exercises.checking import check, try_answer
from grader.exercises.collecting import TimedOut, collect_evidence, time_limit
from grader.exercises.evidence import DTYPES, MIME, EvidenceError, decode, digest, encode
from grader.exercises.exercise import Exercise
from grader.exercises.judging import judge_evidence
from grader.exercises.registry import find_exercise
from grader.exercises.rendering import as_html
from grader.exercises.verdict import Finding, Verdict


class Double(Exercise):
    """A toy: return twice the number."""

    id = "toy.double"
    lesson = "99_toy"
    title = "Double"
    signature = "double(x) -> number"
    points = 2
    minutes = 1
    difficulty = 1
    section = "Doubling numbers"
    time_limit = 20.0

    def challenge(self, rng):
        return {"x": int(rng.integers(1, 100))}

    def collect(self, answer, challenge):
        return {"y": answer(challenge["x"])}

    def judge(self, evidence, expected):
        if np.asarray(evidence["y"]).tolist() == expected["y"]:
            return self.verdict(2, [Finding(text="Right.")])
        return self.verdict(
            0, [Finding(text=f"{evidence['y']} is not twice the number.", hint="Add it to itself.")]
        )

    def published(self):
        return {"x": 21}, {"y": 42}


@pytest.fixture
def toy(monkeypatch):
    exercise = Double()
    monkeypatch.setitem(registry._exercises(), exercise.id, exercise)
    monkeypatch.setattr(checking, "_failed", checking.Counter())
    return exercise


def told(verdict):
    return " ".join(finding.text for finding in verdict.findings)


# ---------------------------------------------------------------- evidence


def round_trip(value):
    return decode(json.loads(json.dumps(encode(value))))


@pytest.mark.parametrize("value", [0, -3, 2.5, True, None, "text", [1, [2.0]], {"a": {"b": [None]}}])
def test_plain_values_come_back(value):
    assert round_trip(value) == value
    assert type(round_trip(value)) is type(value)


@pytest.mark.parametrize("dtype", sorted(DTYPES))
def test_arrays_come_back(dtype):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    again = round_trip(array)
    assert again.dtype == array.dtype
    assert np.array_equal(again, array)


def test_tensors_and_special_numbers_come_back():
    tensor = torch.arange(3.0, requires_grad=True)
    assert round_trip({"t": tensor})["t"].tolist() == [0, 1, 2]
    assert np.isnan(round_trip(float("nan")))
    assert round_trip([float("inf"), -float("inf")]) == [float("inf"), -float("inf")]


class EqualsEverything:
    def __eq__(self, other):
        return True

    __hash__ = None


@pytest.mark.parametrize("value", [EqualsEverything(), object(), np.array([object()]), 3j, {1, 2}])
def test_other_things_are_not_evidence(value):
    with pytest.raises(EvidenceError):
        encode(value)


def test_a_number_that_claims_to_equal_everything_is_only_a_number():
    class Liar(float):
        def __eq__(self, other):
            return True

        __hash__ = float.__hash__

    assert type(encode(Liar(3.0))) is float
    assert encode(Liar(3.0)) != 4.0


def array_record(**changes):
    return {"__array__": {"dtype": "float32", "shape": [1], "data": "AAAAAA=="} | changes}


@pytest.mark.parametrize(
    "hostile",
    [
        array_record(dtype="object"),
        array_record(dtype="O"),
        array_record(shape=[2]),
        array_record(shape=[-1]),
        array_record(shape=[10**9, 10**9]),
        array_record(shape=[1] * 9),
        array_record(shape="1"),
        array_record(data="not base64!"),
        array_record(extra=1),
        array_record() | {"beside": 1},
        {"__number__": "1e999"},
        {"__number__": "nan", "beside": 1},
        2**70,
        "x" * 10_000,
        [[[[[[[[[[[[1]]]]]]]]]]]],
        [0] * 30_000,
    ],
    ids=lambda value: str(value)[:40],
)
def test_hostile_evidence_is_refused(hostile):
    with pytest.raises(EvidenceError):
        decode(hostile)


# ---------------------------------------------------------------- judging


def bundle_of(exercise, answer):
    return collect_evidence(exercise, answer, exercise.published()[0]).bundle


def test_a_right_answer_earns_everything(toy):
    verdict = judge_evidence(bundle_of(toy, lambda x: 2 * x), {"y": 42})
    assert verdict.passed
    assert verdict.points == 2


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda bundle: None, "no evidence"),
        (lambda bundle: "", "no evidence"),
        (lambda bundle: "{not json", "malformed"),
        (lambda bundle: [1, 2], "malformed"),
        (lambda bundle: bundle | {"format": 2}, "malformed"),
        (lambda bundle: bundle | {"outcome": "perfect"}, "malformed"),
        (lambda bundle: bundle | {"points": 2}, "malformed"),
        (lambda bundle: bundle | {"exercise": "start.majority_baseline"}, "another exercise"),
        (lambda bundle: bundle | {"challenge": "0" * 64}, "another question"),
        (lambda bundle: bundle | {"evidence": None}, "malformed"),
        (lambda bundle: bundle | {"evidence": {}}, "form"),
        (lambda bundle: bundle | {"evidence": {"y": "x" * 3_000_000}}, "larger"),
        (lambda bundle: json.dumps(bundle)[:-1] + ', "evidence": {"y": 42}}', "one thing twice"),
        (lambda bundle: json.dumps(bundle).replace("1.5", "NaN"), "not twice"),
    ],
)
def test_evidence_that_is_not_right_earns_nothing_and_says_why(toy, spoil, reason):
    bundle = bundle_of(toy, lambda x: 1.5)
    verdict = judge_evidence(spoil(bundle), {"y": 42}, toy.id, digest({"x": 21}))
    assert verdict.points == 0
    assert verdict.max_points == 2
    assert reason in told(verdict)


def test_judging_needs_nothing_but_json():
    """In a fresh process that never saw the answer, and never loads IPython."""
    exercise = find_exercise("start.majority_baseline")
    challenge, expected = exercise.published()
    right = collect_evidence(
        exercise, lambda t: t.unique(return_counts=True)[1].max().item() / len(t), challenge
    )
    wrong = collect_evidence(exercise, lambda t: 0.5, challenge)
    program = (
        "import json, sys\n"
        "from grader.exercises.judging import judge_evidence\n"
        "asked = json.load(sys.stdin)\n"
        "print(json.dumps([judge_evidence(b, asked['expected']).points for b in asked['bundles']]))\n"
        "assert 'IPython' not in sys.modules and 'torch' not in sys.modules, 'judging loads too much'\n"
    )
    asked = json.dumps({"expected": expected, "bundles": [right.bundle, json.dumps(wrong.bundle)]})
    done = subprocess.run(
        [sys.executable, "-c", program], input=asked, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [3.0, 0.0]


# ---------------------------------------------------------------- collecting


def raises(x):
    return x / 0


def unwritten(x):
    raise NotImplementedError


def leaves(x):
    raise SystemExit(0)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (raises, "ZeroDivisionError: division by zero, in the line `return x / 0`"),
        (unwritten, "Not written yet"),
        (leaves, "SystemExit"),
        (5, "takes a function, but it was given an int"),
        (None, "it was given None"),
        (lambda: 1, "TypeError"),
        (lambda x: object(), "type object cannot be judged"),
        (lambda x: np.zeros(3_000_000), "more data than"),
        (lambda x: "wrong", "wrong is not twice"),
        (lambda x: torch.zeros(2, 3), "is not twice"),
    ],
)
def test_mistakes_become_sentences(toy, answer, words):
    verdict = try_answer(toy.id, answer)
    assert verdict.points == 0
    assert words in told(verdict)


def busy(x):
    while True:
        pass


def sleepy(x):
    time.sleep(600)


def stubborn(x):
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.01)


@pytest.mark.parametrize("answer", [busy, sleepy, stubborn])
def test_an_answer_that_never_returns_is_stopped(toy, monkeypatch, answer):
    monkeypatch.setattr(toy, "time_limit", 0.3)
    assert "did not come back within 0.3 seconds" in told(try_answer(toy.id, answer))


def test_no_interrupt_arrives_after_a_quick_answer():
    for _ in range(300):
        try:
            with time_limit(0.002):
                time.sleep(0.0018)
        except TimedOut:
            pass
        sum(range(2000))


def test_a_real_interrupt_reaches_the_user(toy):
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        try_answer(toy.id, interrupted)


def test_ten_megabytes_of_print_do_not_flood(toy, capsys):
    def chatty(x):
        for _ in range(10_000):
            print("x" * 1_000)
        return 2 * x

    collected = collect_evidence(toy, chatty, {"x": 21})
    assert len(collected.printed) < 2_200
    assert "10,010,000 characters" in collected.printed
    assert capsys.readouterr().out == ""
    assert judge_evidence(collected.bundle, {"y": 42}).passed


def test_pytorch_is_left_as_it_was(toy):
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)

    def meddling(x):
        torch.manual_seed(0)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        raise ValueError

    try_answer(toy.id, meddling)
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()
    assert torch.equal(torch.rand(1), expected)


# ---------------------------------------------------------------- the check cell


def nbgraders_score(result, points=2):
    marks = {
        "grade": True,
        "solution": False,
        "locked": True,
        "grade_id": "x",
        "schema_version": 3,
        "points": points,
    }
    output = new_output("execute_result", data=result._repr_mimebundle_())
    return determine_grade(new_code_cell("check", metadata={"nbgrader": marks}, outputs=[output]))


def test_nbgrader_reads_the_score(toy):
    assert nbgraders_score(check(toy.id, lambda x: 2 * x)) == (2, 2)
    assert nbgraders_score(check(toy.id, lambda x: x)) == (0, 2)
    half = checking.CheckResult(Verdict(exercise="x", points=1.5, max_points=2, findings=[]))
    assert nbgraders_score(half) == (1.5, 2)


def test_the_bundle_travels_with_the_verdict(toy):
    shown = check(toy.id, lambda x: 2 * x)._repr_mimebundle_()
    assert judge_evidence(shown[MIME], {"y": 42}).passed


def test_an_unknown_id_suggests_the_nearest_and_never_raises():
    result = check("start.majority_baselin", lambda labels: 0)
    assert float(result) == 0
    assert 'did you mean "start.majority_baseline"' in told(result.verdict)


@pytest.mark.parametrize("content", [None, "{", '{"format": 1, "lesson": "x"}'])
def test_a_missing_or_damaged_file_is_a_sentence_in_the_box(tmp_path, monkeypatch, content):
    lesson = tmp_path / "notebooks" / "00_start_here"
    lesson.mkdir(parents=True)
    if content is not None:
        (lesson / "checks.json").write_text(content)
    monkeypatch.setattr(course, "RELEASES", tmp_path / "notebooks")
    monkeypatch.setattr(course, "SOLUTIONS", tmp_path / "solutions")
    monkeypatch.chdir(tmp_path)
    result = check("start.majority_baseline", lambda labels: 0)
    assert float(result) == 0
    assert "checks.json" in told(result.verdict)


def test_a_notebook_run_from_another_folder_finds_its_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert try_answer("start.majority_baseline", lambda labels: 0.5).max_points == 3


def test_the_section_is_named_from_the_third_failure_on(toy):
    texts = [str(check(toy.id, lambda x: x)) for _ in range(3)]
    assert ["Doubling numbers" in text for text in texts] == [False, False, True]
    check(toy.id, lambda x: 2 * x)
    assert "Doubling numbers" not in str(check(toy.id, lambda x: x))
    html = as_html(Verdict(exercise="x", points=0, max_points=1, findings=[]), pointer="Doubling numbers")
    assert 'href="#Doubling-numbers"' in html


def test_everything_in_the_box_is_escaped():
    verdict = Verdict(
        exercise="<i>",
        points=0,
        max_points=1,
        findings=[Finding(text="<script>alert(1)</script> `a<b`", hint="<img src=x>")],
    )
    html = as_html(verdict, printed="<b>printed</b>", pointer='"><script>')
    for forbidden in ("<script", "<img", "<b>", "<i>"):
        assert forbidden not in html
    assert "<code>a&lt;b</code>" in html


def test_the_same_answer_gives_the_same_box(toy):
    first, second = (check(toy.id, lambda x: 2 * x)._repr_mimebundle_() for _ in range(2))
    assert first == second


def test_in_a_terminal_the_verdict_is_printed(toy, capsys):
    check(toy.id, lambda x: x)
    out = capsys.readouterr().out
    assert "✗ toy.double: 0 of 2 points" in out
    assert "Hint: Add it to itself." in out


def test_two_exercises_of_one_id_are_refused(monkeypatch):
    import grader.exercises.start_here as module

    monkeypatch.setattr(module, "EXERCISES", [Double(), Double()])
    registry._exercises.cache_clear()
    try:
        with pytest.raises(CourseError, match=r"Two exercises have the id toy\.double"):
            registry._exercises()
    finally:
        monkeypatch.undo()
        registry._exercises.cache_clear()
