"""A check that breaks is never a mark: the student's row is *failed*, nothing is written, the class goes on.

In ``grader autograde``, in stock ``nbgrader autograde`` and in ``grader recheck``: one class, in which every
student with a right answer meets another slip in the judge, and one with a wrong answer meets none.
"""

import contextlib
import itertools
import shutil

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import AutogradeApp
from typer.testing import CliRunner

from grader import cli
from grader.autograde.grading_folder import GradingFolder
from grader.autograde.run.recheck import recheck
from grader.exercises.lesson_00_start_here.majority_baseline import MajorityBaseline
from tests.autograde.conftest import (
    LESSON,
    RIGHT,
    answered,
    class_run,
    grade,
    hand_in,
    put_into_spool,
    rows,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

SLIPS = [
    KeyError("moments"),
    TypeError("unsupported operand"),
    AttributeError("no attribute 'numbers'"),
    IndexError("list index out of range"),
    ValueError("zip() argument 2 is shorter"),
    NameError("name 'nupmy' is not defined"),
    RuntimeError("size mismatch"),
    ZeroDivisionError("division by zero"),
    RecursionError("maximum recursion depth exceeded"),
    MemoryError("Unable to allocate"),
    SystemError("of no kind that anybody lists"),
    SystemExit(3),
]
RIGHT_ONES = [f"s{number:02d}" for number in range(len(SLIPS))]
NEW = RIGHT_ONES[-1]  # executed, but in no gradebook yet
WRONG = "wrong"
SAME_LIMITS = """
c.SandboxedExecute.cell_seconds, c.SandboxedExecute.notebook_seconds = 60.0, 150.0
c.SandboxedExecute.memory_gib = 3
"""


def break_judge(patch: pytest.MonkeyPatch, more_for_wrong_ones: float = 0.0) -> None:
    """Every right answer meets the next slip."""
    judged, slips = MajorityBaseline.judge, itertools.cycle(SLIPS)

    def judge(self, evidence, expected):
        verdict = judged(self, evidence, expected)
        if verdict.passed:
            raise next(slips)
        return verdict.model_copy(update={"points": verdict.points + more_for_wrong_ones})

    patch.setattr(MajorityBaseline, "judge", judge)


def written(root) -> dict:
    """All that the gradebook says of every student."""
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        submissions = {one.student.id: one for one in gradebook.assignment_submissions(LESSON)}
        return {
            student.id: student.id in submissions and _written(submissions[student.id])
            for student in gradebook.students
        }


def _written(submission) -> tuple:
    (notebook,) = submission.notebooks
    grades = {g.name: (g.auto_score, g.manual_score, g.needs_manual_grade) for g in notebook.grades}
    comments = {c.name: (c.auto_comment, c.manual_comment) for c in notebook.comments}
    return submission.timestamp, notebook.late_submission_penalty, grades, comments


def stock(root, *words: str) -> int:
    """``nbgrader autograde`` as its command line runs it, in this process; its exit status."""
    with contextlib.chdir(root):
        app = AutogradeApp()
        app.initialize([LESSON, "--force", "--Application.log_level=CRITICAL", *words])
        try:
            app.start()
        except SystemExit as ended:
            return ended.code
    return 0


def right(labels):
    return max(labels.tolist().count(label) for label in set(labels.tolist())) / len(labels)


def traceback_of(root, student: str) -> str:
    return GradingFolder(root).failure(LESSON, student).read_text()


@pytest.fixture(scope="module")
def executed(released_once, tmp_path_factory):
    """A class of which everybody was executed once and, but for ``NEW``, graded by a sound judge."""
    root = shutil.copytree(released_once, tmp_path_factory.mktemp("broken") / "course")
    for student in RIGHT_ONES:
        hand_in(root, student, answered(root, RIGHT))
        put_into_spool(root, student, right)
    hand_in(root, WRONG, answered(root, "def majority_baseline(labels):\n    return 1.0"))
    put_into_spool(root, WRONG, lambda labels: 1.0)
    with open(root / "nbgrader_config.py", "a") as config:
        config.write(SAME_LIMITS)
    with pytest.MonkeyPatch.context() as patch:
        break_judge(patch)
        first = grade(root, feedback=False)
    assert set(written(root)) == {WRONG}  # nobody else is even known, and none has a zero
    sound = grade(root, *RIGHT_ONES[:-1], feedback=False)
    return root, first, sound


@pytest.fixture
def broken(executed, tmp_path, monkeypatch):
    """A copy of that class; its judge breaks."""
    monkeypatch.setattr("grader.autograde.execute.workers.execute", None)
    monkeypatch.setattr("grader.autograde.steps.sandboxed_execute.execute", None)
    return shutil.copytree(executed[0], tmp_path / "course")


def test_who_failed_is_graded_once_the_check_is_sound_and_nothing_is_executed_again(executed):
    _, first, sound = executed
    assert rows(first) == dict.fromkeys(RIGHT_ONES, (0, "failed")) | {WRONG: (0, "graded")}
    assert rows(sound) == dict.fromkeys(RIGHT_ONES[:-1], (3, "graded"))
    assert not any(row.executed for row in [*first.rows, *sound.rows])


def test_grader_autograde(broken, monkeypatch):
    before = written(broken)
    break_judge(monkeypatch)
    summary = grade(broken, feedback=False)
    assert rows(summary) == dict.fromkeys(RIGHT_ONES, (0, "failed")) | {WRONG: (0, "graded")}
    assert written(broken) == before
    assert NEW not in before
    reasons = {row.student: row.reasons[0] for row in summary.rows if row.student != WRONG}
    for student, slip in zip(RIGHT_ONES, SLIPS, strict=True):
        assert "The check of start.majority_baseline is broken" in reasons[student]
        assert type(slip).__name__ in reasons[student]
        named = reasons[student].partition("(traceback: ")[2].rstrip(")")
        told = (broken / named).read_text()
        assert "raise next(slips)" in told
        assert type(slip).__name__ in told
        if student != NEW:  # what is there of before: the graded notebook too
            assert (broken / "autograded" / student / LESSON / "lesson.ipynb").is_file()


def test_the_command_ends_with_status_1(broken, monkeypatch):
    break_judge(monkeypatch)
    monkeypatch.chdir(broken)
    words = [LESSON, *RIGHT_ONES[:2], "--time-limit", "150", "--memory", "3", "--no-feedback"]
    monkeypatch.setattr(
        "grader.class_commands.min", lambda *_: 60.0, raising=False
    )  # the same limits as above
    for command in ("autograde", "recheck"):
        done = CliRunner().invoke(cli.app, [command, *words])
        assert done.exit_code == 1, done.output
        assert "2 failed" in done.output


def test_stock_nbgrader_autograde(broken, monkeypatch):
    before = written(broken)
    break_judge(monkeypatch)
    assert stock(broken) == 1
    assert written(broken) == before
    for student, slip in zip(RIGHT_ONES, SLIPS, strict=True):
        assert type(slip).__name__ in traceback_of(broken, student)
    assert (broken / "autograded" / WRONG / LESSON / "lesson.ipynb").is_file()
    monkeypatch.undo()
    assert stock(broken, "--student", NEW) == 0
    assert written(broken)[NEW][2]["start-majority_baseline"][0] == 3
    assert not GradingFolder(broken).failure(LESSON, NEW).exists()


def test_grader_recheck(broken, monkeypatch):
    before = written(broken)
    break_judge(monkeypatch, more_for_wrong_ones=1.0)
    summary = recheck(class_run(broken, *RIGHT_ONES[:-1], WRONG, feedback=False))
    assert rows(summary) == dict.fromkeys(RIGHT_ONES[:-1], (0, "failed")) | {WRONG: (1, "graded")}
    after = written(broken)
    assert after.pop(WRONG) != before.pop(WRONG)
    assert after == before
    for student, slip in list(zip(RIGHT_ONES, SLIPS, strict=True))[:-1]:
        assert type(slip).__name__ in traceback_of(broken, student)


def test_a_later_submission_that_cannot_be_judged_leaves_the_earlier_marks_and_time(broken, monkeypatch):
    before = written(broken)
    hand_in(broken, "s00", answered(broken, RIGHT + "# again\n"), timestamp__txt="2026-11-01 14:00:00 UTC")
    put_into_spool(broken, "s00", right)
    break_judge(monkeypatch)
    assert rows(grade(broken, "s00", feedback=False)) == {"s00": (0, "failed")}
    assert written(broken) == before
    assert stock(broken, "--student", "s00") == 1
    assert written(broken) == before


@pytest.mark.parametrize(
    ("slip", "told"),
    [
        ("EXPECT['start.majority_baseline'] = lambda challenge: {}['moments']", "KeyError: 'moments'"),
        ("EXPECT['start.majority_baseline'] = lambda challenge: object()", "cannot be judged"),
        ("EXPECT['start.majority_baseline'] = lambda challenge: {}", "KeyError"),
        ("del EXPECT['start.majority_baseline']", "start.majority_baseline"),
        ("1 / 0", "ZeroDivisionError"),
        ("def (", "SyntaxError"),
    ],
)
def test_a_slip_in_the_expected_values(broken, slip, told):
    before = written(broken)
    answers = broken / "solutions" / LESSON / "answers.py"
    with open(answers, "a") as file:
        file.write(f"\n{slip}\n")
    summary = grade(broken, "s00", WRONG, feedback=False)
    assert rows(summary) == {"s00": (0, "failed"), WRONG: (0, "failed")}
    assert all(told in row.reasons[0] for row in summary.rows)
    assert stock(broken, "--student", "s00") == 1
    assert told in traceback_of(broken, "s00")
    assert rows(recheck(class_run(broken, "s00", feedback=False))) == {"s00": (0, "failed")}
    assert written(broken) == before


def test_a_slip_in_what_is_asked(broken, monkeypatch):
    before = written(broken)

    def challenge(self, rng):
        raise IndexError("of what is asked")

    monkeypatch.setattr(MajorityBaseline, "challenge", challenge)
    summary = grade(broken, "s00", WRONG, feedback=False)
    assert rows(summary) == {"s00": (0, "failed"), WRONG: (0, "failed")}
    assert "IndexError: of what is asked" in summary.rows[0].reasons[0]
    assert stock(broken, "--student", "s00") == 1
    assert "of what is asked" in traceback_of(broken, "s00")
    assert rows(recheck(class_run(broken, "s00", feedback=False))) == {"s00": (0, "failed")}
    assert written(broken) == before


def test_a_slip_at_intake(broken, monkeypatch):
    before = written(broken)
    from grader.autograde.steps import intake_exporter as module

    take = module.take_in

    def take_in(submitted, clean, **options):
        if submitted.parent.name == "s00":
            raise OSError(5, "Input/output error")
        return take(submitted, clean, **options)

    monkeypatch.setattr(module, "take_in", take_in)
    summary = grade(broken, "s00", WRONG, feedback=False)
    assert rows(summary) == {"s00": (0, "failed"), WRONG: (0, "graded")}
    assert "Input/output error" in summary.rows[0].reasons[0]
    assert stock(broken, "--student", "s00") == 1
    assert "Input/output error" in traceback_of(broken, "s00")
    assert written(broken) == before
