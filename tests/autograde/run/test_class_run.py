"""A class through the one command: marks, reasons, the gradebook, and what is said when it cannot be."""

import shutil
import sqlite3
import subprocess
import sys
import threading

import nbformat
import pytest
from filelock import FileLock
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from grader import cli
from grader.autograde.execute import workers
from grader.autograde.execute.preflight import NOBODY
from grader.autograde.execute.spool import Spool
from grader.autograde.execute.workers import LocalWorkers
from grader.autograde.grading_folder import GradingFolder
from grader.autograde.judging.report import SubmissionReport
from grader.autograde.run import class_run as module
from grader.autograde.run import nbgrader_course
from grader.autograde.run.nbgrader_course import NbgraderCourse
from grader.autograde.run.recheck import recheck
from grader.autograde.steps import sandboxed_execute
from grader.errors import CourseError
from tests.autograde.conftest import (
    LESSON,
    RIGHT,
    answered,
    class_run,
    grade,
    hand_in,
    put_into_spool,
    release,
    resources,
    rows,
    solution,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def graded(released_once, tmp_path_factory):
    """A class of five, its root and the summary."""
    root = shutil.copytree(released_once, tmp_path_factory.mktemp("graded") / "course")
    hand_in(root, "full", solution(root))
    hand_in(root, "half", answered(root, RIGHT))
    hand_in(root, "none", release(root))
    hand_in(root, "crash", answered(root, "import os; os._exit(1)"))
    hand_in(root, "damaged", b"{")
    return root, grade(root)


def scores(root):
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        return {s.student.id: s.score for s in gradebook.assignment_submissions(LESSON)}


def test_each_gets_what_the_work_is_worth_and_is_told_why(graded):
    _, summary = graded
    assert rows(summary) == {
        "full": (6, "graded"),
        "half": (3, "graded"),
        "none": (0, "graded"),
        "crash": (0, "no evidence"),
        "damaged": (0, "set aside"),
    }
    reasons = {row.student: " ".join(row.reasons) for row in summary.rows}
    assert "kernel ended" in reasons["crash"]
    assert "not valid JSON" in reasons["damaged"]
    assert "Not written yet" in reasons["none"]


def test_the_gradebook_says_the_same(graded):
    root, summary = graded
    assert scores(root) == {row.student: row.points for row in summary.rows}


def test_formgrader_finds_a_notebook_of_everybody(graded):
    root, summary = graded
    for row in summary.rows:
        notebook = nbformat.read(root / "autograded" / row.student / LESSON / "lesson.ipynb", 4)
        nbformat.validate(notebook)


def test_feedback_shows_findings_hints_and_explanations_and_nothing_hidden(graded):
    root, _ = graded
    page = (root / "feedback" / "half" / LESSON / "lesson.html").read_text()
    assert "3 of 3 points" in page
    assert "not answered" in page
    page = (root / "feedback" / "full" / LESSON / "lesson.html").read_text()
    assert "is right" in page
    for name in ("none", "crash", "half"):
        page = (root / "feedback" / name / LESSON / "lesson.html").read_text()
        for hidden in (
            "EXPECT",
            "mistakes",
            "sealed",
            "challenge",
            "BEGIN SOLUTION",
            ".tolist().count(label) for",
        ):
            assert hidden not in page.replace(RIGHT.splitlines()[1], ""), (name, hidden)
    assert "could not be graded" in (root / "feedback" / "damaged" / LESSON / "lesson.html").read_text()


def test_run_again_nothing_is_executed_and_nothing_changes(graded):
    root, summary = graded
    again = grade(root)
    assert rows(again) == rows(summary)
    assert not any(row.executed for row in again.rows)


def test_the_stock_command_takes_the_same_from_the_spool(graded, nbgrader):
    root, summary = graded
    with open(root / "nbgrader_config.py", "a") as config:
        config.write("\nc.SandboxedExecute.cell_seconds, c.SandboxedExecute.notebook_seconds = 60.0, 150.0\n")
        config.write("c.SandboxedExecute.memory_gib = 3\n")
    nbgrader(root, "autograde", LESSON, "--student", "full", "--force")
    assert scores(root)["full"] == 6
    assert len(list(GradingFolder(root).spool.glob("*.json"))) == len(summary.rows)


def test_a_resubmission_replaces_the_old_marks_wholly_also_when_it_crashes(course):
    hand_in(course, "ada", solution(course))
    assert rows(grade(course)) == {"ada": (6, "graded")}
    hand_in(course, "ada", answered(course, "import os; os._exit(1)"))
    assert rows(grade(course)) == {"ada": (0, "no evidence")}
    assert scores(course) == {"ada": 0}
    hand_in(course, "ada", b"")
    assert rows(grade(course)) == {"ada": (0, "set aside")}
    hand_in(course, "ada", answered(course, RIGHT))
    assert rows(grade(course)) == {"ada": (3, "graded")}
    assert scores(course) == {"ada": 3}


def test_manual_grades_and_extra_credit_survive_grading_and_rechecking(course):
    hand_in(course, "ada", release(course))
    grade(course)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        grade_of = gradebook.find_grade("start-majority_baseline", "lesson", LESSON, "ada")
        grade_of.manual_score, grade_of.extra_credit = 2.0, 0.5
        gradebook.db.commit()
    for again in (lambda: grade(course, force=True), lambda: recheck(class_run(course))):
        again()
        with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
            grade_of = gradebook.find_grade("start-majority_baseline", "lesson", LESSON, "ada")
            assert (grade_of.manual_score, grade_of.extra_credit, grade_of.auto_score) == (2.0, 0.5, 0.0)
            assert not grade_of.needs_manual_grade  # the same text was graded by hand already
            assert grade_of.score == 2.5


def test_a_new_text_asks_for_a_second_look_at_what_was_graded_by_hand(course):
    hand_in(course, "ada", release(course))
    grade(course)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.find_grade("start-majority_baseline", "lesson", LESSON, "ada").manual_score = 2.0
        gradebook.db.commit()
    hand_in(course, "ada", answered(course, RIGHT))
    for _ in range(2):  # grading again does not take the mark away
        (row,) = grade(course).rows
        assert (row.points, row.needs_manual_grading) == (2, True)


def test_the_table_says_what_the_gradebook_says(course, capsys):
    hand_in(course, "ada", answered(course, RIGHT))
    grade(course)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        of_quiz = gradebook.find_grade("start-quiz", "lesson", LESSON, "ada")
        of_quiz.manual_score, of_quiz.extra_credit, of_quiz.needs_manual_grade = 1.0, 0.5, True
        gradebook.db.commit()
    (row,) = recheck(class_run(course)).rows
    assert (row.points, row.exercises) == (4.5, {"start.majority_baseline": 3.0, "start.quiz": 1.5})
    assert row.needs_manual_grading


def test_a_quiz_that_is_not_all_right_stands_under_why(course):
    notebook = solution(course)
    answers = next(
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "start-quiz-answers"
    )
    answers.source = answers.source.replace('"B"', '"A"', 1)
    hand_in(course, "ada", notebook)
    (row,) = grade(course).rows
    assert 3 < row.points < 6
    assert any(reason.startswith("start.quiz") for reason in row.reasons)


def test_an_answer_that_was_copied_is_told_once_after_grading_and_after_rechecking(course):
    notebook = solution(course)
    answer = next(
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "start-quiz-answers"
    )
    notebook.cells += [NotebookNode(answer, id=f"copy-{number}") for number in (1, 2)]
    hand_in(course, "ada", notebook)
    for again in (grade, lambda course: recheck(class_run(course))):
        (row,) = again(course).rows
        report = GradingFolder(course).report(LESSON, "ada").read_text()
        (note,) = SubmissionReport.model_validate_json(report).notes
        assert "stands more than once" in note
        assert row.reasons.count(note) == 1


def test_a_feedback_page_that_cannot_be_made_takes_no_marks_away(course, monkeypatch):
    for student in ("ada", "bob"):
        hand_in(course, student, solution(course))
    made = NbgraderCourse.generate_feedback

    def without_ada(self, lesson, student):
        if student == "bob":
            return made(self, lesson, student)
        with monkeypatch.context() as patch:
            patch.setattr("nbgrader.converters.GenerateFeedback.start", _no_template)
            return made(self, lesson, student)

    monkeypatch.setattr(NbgraderCourse, "generate_feedback", without_ada)
    summary = grade(course)
    assert rows(summary) == {"ada": (6, "graded"), "bob": (6, "graded")}
    problem = {row.student: row.feedback_problem for row in summary.rows}
    assert "FileNotFoundError: no template" in problem["ada"]
    assert (course / problem["ada"].rpartition("(all of it: ")[2].rstrip(")")).is_file()
    assert problem["bob"] is None
    assert summary.failed  # so the command ends with status 1
    assert (course / "feedback" / "bob" / LESSON / "lesson.html").is_file()


def _no_template(self):
    raise FileNotFoundError("no template")


def test_ctrl_c_in_nbgraders_own_code_ends_the_class(course, monkeypatch):
    def interrupted(self):
        raise KeyboardInterrupt

    hand_in(course, "ada", solution(course))
    monkeypatch.setattr("nbgrader.converters.Autograde.start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        grade(course)


def test_who_was_executed_is_graded_while_the_next_is_executed(course, monkeypatch):
    """With one worker, ada's marks are written while bob's notebook runs."""
    for student in ("ada", "bob"):
        hand_in(course, student, solution(course))
    graded, waited = threading.Event(), []
    execute, autograde = workers.execute, NbgraderCourse.autograde

    def until_ada_is_graded(job):
        if job.student == "bob":
            waited.append(graded.wait(60))
        return execute(job)

    def told(self, lesson, student, prepared=None):
        problem = autograde(self, lesson, student, prepared)
        graded.set()
        return problem

    monkeypatch.setattr(workers, "execute", until_ada_is_graded)
    monkeypatch.setattr(NbgraderCourse, "autograde", told)
    summary = class_run(course).grade(lambda: LocalWorkers(1))
    assert rows(summary) == {"ada": (6, "graded"), "bob": (6, "graded")}
    assert waited == [True]


@pytest.fixture
def late(course):
    """A submission two hours late, and a point off for each."""
    with open(course / "nbgrader_config.py", "a") as config:
        config.write("\nc.AssignLatePenalties.plugin_class = 'penalties.OnePointAnHour'\n")
        config.write("import sys; sys.path.insert(0, str(Path(__file__).resolve().parent))\n")
    (course / "penalties.py").write_text(
        "from nbgrader.plugins import BasePlugin\n"
        "class OnePointAnHour(BasePlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return total_seconds_late // 3600\n"
    )
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment(LESSON, duedate="2026-11-01 12:00:00 UTC")
    hand_in(course, "ada", solution(course), timestamp__txt="2026-11-01 14:00:00 UTC")
    return course


def test_late_penalties_come_from_nbgraders_own_plugin(late):
    course = late
    for again in (lambda: grade(course), lambda: recheck(class_run(course))):
        (row,) = again().rows
        assert (row.points, row.penalty) == (4, 2)
        with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
            submission = gradebook.find_submission(LESSON, "ada")
            assert (submission.score, submission.late_submission_penalty) == (6, 2)


@pytest.mark.parametrize("again", [grade, lambda course: recheck(class_run(course))])
@pytest.mark.parametrize("pardon", ["extension", "no timestamp"])
def test_an_extension_or_a_timestamp_that_is_gone_takes_the_penalty_away(late, pardon, again):
    (row,) = grade(late).rows
    assert row.penalty == 2
    if pardon == "extension":
        with Gradebook(f"sqlite:///{late}/gradebook.db") as gradebook:
            gradebook.grant_extension(LESSON, "ada", hours=3)
    else:
        (late / "submitted" / "ada" / LESSON / "timestamp.txt").unlink()
    (row,) = again(late).rows
    assert (row.points, row.penalty) == (6, 0)


def test_a_corrected_judge_regrades_without_executing(course, monkeypatch):
    from grader.exercises.lesson_00_start_here.majority_baseline import MajorityBaseline

    hand_in(course, "ada", solution(course))
    hand_in(course, "alan", release(course))
    grade(course)
    judged = MajorityBaseline.judge

    def milder(self, evidence, expected):
        verdict = judged(self, evidence, expected)
        return verdict.model_copy(update={"points": verdict.points / 3})

    monkeypatch.setattr(MajorityBaseline, "judge", milder)
    monkeypatch.setattr("grader.autograde.execute.workers.execute", None)
    summary = recheck(class_run(course))
    assert rows(summary)["ada"] == (4, "graded")
    assert scores(course) == {"ada": 4, "alan": 0}
    assert "1 of 3 points" in (course / "feedback" / "ada" / LESSON / "lesson.html").read_text()


def test_recheck_says_who_was_never_executed(course):
    hand_in(course, "ada", solution(course))
    (row,) = recheck(class_run(course)).rows
    assert row.state == "failed"
    assert "grader autograde" in row.reasons[0]


def test_force_executes_again(course):
    hand_in(course, "ada", release(course))
    grade(course)
    assert grade(course, force=True).rows[0].executed


def test_one_that_this_machine_cannot_grade_does_not_end_the_class(course, monkeypatch):
    hand_in(course, "ada", solution(course))
    hand_in(course, "alan", solution(course))
    take = NbgraderCourse.autograde
    monkeypatch.setattr(
        NbgraderCourse,
        "autograde",
        lambda self, lesson, student, prepared: (
            "a fault" if student == "ada" else take(self, lesson, student)
        ),
    )
    assert rows(grade(course)) == {"ada": (0, "failed"), "alan": (6, "graded")}


def test_each_submission_is_prepared_once_for_its_key_to_run_and_to_replay(course, monkeypatch):
    hand_in(course, "ada", solution(course))
    hand_in(course, "alan", answered(course, RIGHT))
    prepared, prepare = [], module.prepare_job

    def counted(course, lesson, student, *arguments, **options):
        prepared.append(student)
        return prepare(course, lesson, student, *arguments, **options)

    for user in (module, sandboxed_execute):
        monkeypatch.setattr(user, "prepare_job", counted)
    assert rows(grade(course)) == {"ada": (6, "graded"), "alan": (3, "graded")}
    assert prepared == ["ada", "alan"]
    assert rows(grade(course)) == {"ada": (6, "graded"), "alan": (3, "graded")}
    assert prepared == ["ada", "alan"] * 2
    recheck(class_run(course))
    assert prepared == ["ada", "alan"] * 3


def test_a_notebook_that_is_no_longer_the_prepared_one_is_prepared_again(course, config):
    """What a class run hands over is believed only for the very same sources."""
    hand_in(course, "ada", release(course))
    put_into_spool(course, "ada", lambda labels: None)
    job = class_run(course).job("ada", "none")
    config.SandboxedExecute.prepared = job.prepared().model_copy(update={"sources": "0" * 64})
    step = sandboxed_execute.SandboxedExecute(
        config=config, cell_seconds=60, notebook_seconds=150, memory_gib=3
    )
    _, given = step.preprocess(solution(course), resources(course))
    assert given["finetuning_course"]["execution"].key != job.key


def test_no_job_ends_a_class_whatever_it_raises(course, monkeypatch):
    faults = [SystemError("odd"), MemoryError(), RecursionError("deep"), KeyError("x"), SystemExit(1)]
    for number in range(len(faults)):
        hand_in(course, f"s{number}", release(course))
    hand_in(course, "t", solution(course))
    execute = workers.execute

    def faulty(job):
        if job.student in ("t", NOBODY):
            return execute(job)
        raise faults[int(job.student[1:])]

    monkeypatch.setattr(workers, "execute", faulty)
    summary = grade(course)
    assert rows(summary) == {f"s{n}": (0, "failed") for n in range(len(faults))} | {"t": (6, "graded")}
    for row, fault in zip(summary.rows, faults, strict=False):
        assert type(fault).__name__ in row.reasons[0]
        assert "raise faults" in GradingFolder(course).failure(LESSON, row.student).read_text()
    assert scores(course) == {"t": 6}


def test_a_lesson_corrected_and_released_again_regrades(course, nbgrader):
    hand_in(course, "ada", solution(course))
    grade(course)
    notebook = solution(course)
    for one in notebook.cells:
        if one.metadata.get("nbgrader", {}).get("grade_id") == "start-majority_baseline":
            one.metadata.nbgrader.points = 6.0
    nbformat.write(notebook, course / "solutions" / LESSON / "lesson.ipynb")
    nbgrader(course, "generate_assignment", LESSON, "--force")
    assert rows(grade(course)) == {"ada": (9, "graded")}


# --- what cannot be, in one sentence ------------------------------------------------------------------------


def test_unknown_lesson_student_no_submissions(course):
    with pytest.raises(CourseError, match="did you mean '00_start_here'"):
        module.ClassRun(course, "00_start").grade(LocalWorkers)
    with pytest.raises(CourseError, match="no submissions of 00_start_here"):
        grade(course)
    hand_in(course, "ada", release(course))
    with pytest.raises(CourseError, match="did you mean 'ada'"):
        grade(course, "adah")


def test_a_lesson_that_the_gradebook_does_not_know_is_entered(course):
    """A course that was fetched: released long ago, no gradebook. Students' copy stays as it is."""
    (course / "gradebook.db").unlink()
    before = {path: path.stat().st_mtime_ns for path in (course / "notebooks").rglob("*")}
    hand_in(course, "ada", solution(course))
    assert rows(grade(course)) == {"ada": (6, "graded")}
    assert {path: path.stat().st_mtime_ns for path in (course / "notebooks").rglob("*")} == before


def test_a_lesson_that_cannot_be_entered_is_told(course):
    (course / "gradebook.db").unlink()
    hand_in(course, "ada", solution(course))
    source = course / "solutions" / LESSON / "lesson.ipynb"
    source.write_text(source.read_text()[:100])
    with pytest.raises(CourseError, match="generate_assignment"):
        grade(course)


@pytest.mark.parametrize("name", ["course [2026]", "100 %", "{a}"])
def test_a_folder_that_nbgrader_takes_for_a_pattern_is_refused_at_once(course, name):
    moved = course.rename(course.with_name(name))
    hand_in(moved, "ada", solution(moved))
    with pytest.raises(CourseError, match="takes for a pattern: rename it"):
        grade(moved)


def test_a_student_whom_nbgrader_takes_for_a_pattern_is_told_and_the_others_are_graded(course):
    for student in ("ada", "bob [2]"):
        hand_in(course, student, solution(course))
    summary = grade(course)
    assert rows(summary) == {"ada": (6, "graded"), "bob [2]": (0, "failed")}
    assert "rename it" in summary.rows[1].reasons[0]


def test_another_run_is_named(course, monkeypatch):
    monkeypatch.setattr("grader.autograde.run.alone._WAIT_FOR_ANOTHER_RUN", 0.2)
    hand_in(course, "ada", release(course))
    (GradingFolder(course).root / "running").write_text("4711")
    with FileLock(f"{GradingFolder(course).root / 'running'}.lock"), pytest.raises(CourseError, match="4711"):
        grade(course)


def test_a_locked_gradebook_is_waited_for_and_then_said_who(course, monkeypatch):
    monkeypatch.setattr(nbgrader_course, "_LOCK_SECONDS", 1)
    hand_in(course, "ada", release(course))
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN IMMEDIATE'); "
            "print('held', flush=True); sys.stdin.read()",
            str(course / "gradebook.db"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline().strip() == "held"
        with pytest.raises(CourseError, match=f"process {holder.pid}"):
            grade(course)
    finally:
        holder.communicate("", timeout=10)
    assert rows(grade(course)) == {"ada": (0, "graded")}  # what was executed is not lost
    assert not grade(course).rows[0].executed


def test_a_gradebook_that_is_none_is_one_sentence(course):
    hand_in(course, "ada", release(course))
    (course / "gradebook.db").write_text("no database at all, by no means whatever it says")
    with pytest.raises(CourseError, match="gradebook"):
        grade(course)


def test_the_command_prints_a_table_or_json_and_ends_with_one_line(course, monkeypatch):
    monkeypatch.chdir(course)
    hand_in(course, "ada", release(course))
    run = CliRunner()
    done = run.invoke(cli.app, ["autograde", LESSON, "--time-limit", "40", "--memory", "3"])
    assert done.exit_code == 0, done.output
    assert "ada" in done.output
    done = run.invoke(cli.app, ["recheck", LESSON, "--time-limit", "40", "--memory", "3", "--json"])
    assert done.exit_code == 0, done.output
    assert '"student": "ada"' in done.output
    done = run.invoke(cli.app, ["autograde", "01_no"])
    assert done.exit_code == 1
    assert len(done.output.strip().splitlines()) == 1
    done = run.invoke(cli.app, ["autograde", LESSON, "--workers", "2", "--scheduler", "tcp://127.0.0.1:1"])
    assert done.exit_code == 1


def test_a_database_that_was_locked_meanwhile_loses_nothing(course):
    """sqlite3 itself agrees that the file is whole after all of the above."""
    hand_in(course, "ada", solution(course))
    grade(course)
    with sqlite3.connect(course / "gradebook.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert Spool(GradingFolder(course)) is not None
