"""No mark comes of a machine on which the lesson itself does not run."""

import nbformat
import pytest

from grader.autograde.execute.lesson_checkpoints import make_lesson_checkpoints
from grader.autograde.execute.preflight import NOBODY, insist_on_passing, insist_on_sound, is_doubtful
from grader.autograde.execute.spool import Spool
from grader.autograde.execute.workers import LocalWorkers
from grader.autograde.execution import CellRun, Execution
from grader.autograde.grading_folder import GradingFolder
from grader.autograde.steps import sandboxed_execute
from grader.errors import CourseError
from grader.lesson_folder import LessonFolder
from grader.submissions.transplant import transplant
from tests.autograde.conftest import LESSON, answered, class_run, grade, hand_in, rows, solution
from tests.autograde.test_broken_checks import written

pytestmark = pytest.mark.slow

MISSING = "import a_package_that_the_sandbox_does_not_find\n"


@pytest.fixture
def broken(course):
    """Its first code cell imports what is not there, in the solution and in students' copy."""
    _change_first_cell(course, lambda source: MISSING + source)
    hand_in(course, "ada", solution(course))
    return course


def _change_first_cell(course, change):
    for folder in ("solutions", "notebooks"):
        path = course / folder / LESSON / "lesson.ipynb"
        notebook = nbformat.read(path, as_version=4)
        first = next(cell for cell in notebook.cells if cell.cell_type == "code")
        first.source = change(first.source)
        nbformat.write(notebook, path)


def test_a_broken_machine_grades_nobody_and_the_same_command_works_when_it_is_mended(broken):
    with pytest.raises(CourseError, match=r"untouched release .*a_package_that_the_sandbox"):
        grade(broken)
    assert written(broken) == {}
    assert not list(GradingFolder(broken).spool.glob("*.json"))
    _change_first_cell(broken, lambda source: source.removeprefix(MISSING))
    assert rows(grade(broken)) == {"ada": (6, "graded")}


def test_the_stock_command_looks_too(broken, nbgrader, monkeypatch):
    monkeypatch.setattr(sandboxed_execute, "_PASSED", set())
    with pytest.raises(AssertionError, match="a_package_that_the_sandbox_does_not_find"):
        nbgrader(broken, "autograde", LESSON)
    assert written(broken) == {}


def test_a_lesson_whose_training_fails_grades_nobody(course):
    training = nbformat.v4.new_code_cell("from grader import lab\nlab.checkpoint('x', 1 / 0)")
    notebook = solution(course)
    notebook.cells.insert(0, training)
    nbformat.write(notebook, course / "solutions" / LESSON / "lesson.ipynb")
    with pytest.raises(CourseError, match=r"training of .* ZeroDivisionError"):
        make_lesson_checkpoints(LessonFolder(LESSON, course))


def _execution(course, notebook, *failing, ename="OSError"):
    """As if those of the code cells (by number) had ended with an error."""
    error = {"output_type": "error", "ename": ename, "evalue": "gone", "traceback": []}
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    runs = [CellRun(outputs=[error] if number in failing else []) for number in range(len(codes))]
    return Execution(lesson=LESSON, student="ada", key="k", sandbox="none", seconds=0, cells=runs)


def test_before_the_students_first_cell_the_machine_is_at_fault_and_after_it_she_may_be(course):
    notebook = transplant(answered(course, "del torch"), solution(course))
    folder = LessonFolder(LESSON, course)
    with pytest.raises(CourseError, match="OSError: gone"):
        insist_on_sound(notebook, folder, _execution(course, notebook, 0))
    insist_on_sound(notebook, folder, _execution(course, notebook, 1, 2))


def test_behind_a_students_cell_only_a_failure_that_is_no_missing_name_is_in_doubt(course):
    notebook = transplant(answered(course, "del torch"), solution(course))
    folder = LessonFolder(LESSON, course)
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    (hers, *_), last = [n for n, cell in enumerate(codes) if "del torch" in cell.source], len(codes) - 1
    assert not is_doubtful(notebook, folder, _execution(course, notebook))
    assert not is_doubtful(notebook, folder, _execution(course, notebook, hers))
    assert is_doubtful(notebook, folder, _execution(course, notebook, last))
    assert not is_doubtful(notebook, folder, _execution(course, notebook, last, ename="NameError"))


def test_an_extra_cell_of_the_students_is_hers(course):
    notebook = solution(course)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("1 / 0"))
    notebook = transplant(notebook, solution(course))
    insist_on_sound(notebook, LessonFolder(LESSON, course), _execution(course, notebook, 0, 1))


def test_whatever_else_ends_the_trial_is_told(course):
    with pytest.raises(CourseError, match=r"no disk.*grader doctor"):
        insist_on_passing(LESSON, CourseError("There is no disk."))


class OneFails(LocalWorkers):
    """A machine that loses its files in the midst of a class."""

    def run(self, jobs):
        for job, outcome in super().run(jobs):
            if job.student == "bob":
                outcome = _execution(None, job.read_notebook(), 0)
            yield job, outcome


def test_an_execution_in_which_the_lesson_failed_is_neither_stored_nor_written(course):
    for student in ("ada", "bob"):
        hand_in(course, student, solution(course))
    summary = class_run(course).grade(lambda: OneFails(2))
    assert rows(summary) == {"ada": (6, "graded"), "bob": (0, "failed")}
    assert set(written(course)) == {"ada"}
    job = class_run(course).job("bob", summary.sandbox)
    assert Spool(GradingFolder(course)).get(job.key) is None
    assert rows(grade(course))["bob"] == (6, "graded")


class LastFails(LocalWorkers):
    """Bob's last cell fails so many times; in the second round the release's fails, too, if asked."""

    def __init__(self, times: int, and_the_release: bool) -> None:
        super().__init__(2)
        self.executed, self._times, self._release = [], times, and_the_release

    def run(self, jobs):
        for job, outcome in super().run(jobs):
            self.executed.append(job.student)
            again = self.executed.count(job.student)
            if (job.student == "bob" and again <= self._times) or (
                job.student == NOBODY and again == 2 and self._release
            ):
                outcome = _execution(None, job.read_notebook(), len(outcome.cells) - 1)
                outcome = outcome.model_copy(update={"key": job.key, "student": job.student})
            yield job, outcome


@pytest.mark.parametrize(
    ("times", "and_the_release", "graded"),
    [
        pytest.param(1, False, True, id="the machine, for a moment"),
        pytest.param(2, False, True, id="the student"),
        pytest.param(2, True, False, id="the machine"),
    ],
)
def test_a_cell_of_the_lesson_that_fails_behind_hers_is_looked_at_twice(
    course, times, and_the_release, graded
):
    for student in ("ada", "bob"):
        hand_in(course, student, solution(course))
    crew = LastFails(times, and_the_release)
    summary = class_run(course).grade(lambda: crew)
    assert sorted(crew.executed) == sorted(["ada", "bob", "bob", NOBODY, NOBODY])
    points = {row.student: (row.points, row.state) for row in summary.rows}
    assert points["ada"] == (6, "graded")
    assert (points["bob"][1] == "failed") == (not graded)
    assert (points["bob"][0] == 6) == (graded and times == 1)
    assert set(written(course)) == ({"ada", "bob"} if graded else {"ada"})
    if not graded:
        assert "untouched release" in summary.rows[1].reasons[0]
