"""The command line: one line for each mistake, JSON for programs."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import grader.authoring
import grader.doctor
from grader import cli
from grader.authoring import Built, LessonFolder
from grader.course import SOLUTIONS
from grader.doctor import Diagnosis, Status
from grader.errors import CourseError

LESSON = "00_start_here"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


def test_an_unknown_lesson_suggests_the_nearest() -> None:
    result = run("build", "00_start_hear")
    assert result.exit_code == 1
    assert result.stderr == "There is no lesson '00_start_hear': did you mean '00_start_here'?\n"
    assert result.stdout == ""


def test_a_refused_source_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> Built:
        raise CourseError("line 3: no check follows.")

    monkeypatch.setattr(grader.authoring, "build_lesson", refuse)
    result = run("build", LESSON)
    assert (result.exit_code, result.stderr) == (1, "line 3: no check follows.\n")


def test_build_hands_its_options_on_and_reports_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}

    def pretend(folder: LessonFolder, **options: object) -> Built:
        asked.update(options, lesson=folder.lesson)
        return Built(folder.lesson, [0.5, 1.5], ["notebooks/x"])

    monkeypatch.setattr(grader.authoring, "build_lesson", pretend)
    result = run("build", LESSON, "--force", "--withhold-feedback", "--json")
    assert (asked["lesson"], asked["force"], asked["withhold_feedback"]) == (LESSON, True, True)
    [report] = json.loads(result.stdout)
    assert (report["lesson"], report["seconds"], report["changed"]) == (LESSON, [0.5, 1.5], ["notebooks/x"])


def test_slow_cells_are_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        grader.authoring, "build_lesson", lambda folder, **_: Built(folder.lesson, [1.0, 31.0])
    )
    result = run("build", LESSON)
    assert "code cell 2 took 31 s" in result.stdout
    assert "the lesson took" not in result.stdout


def test_list_names_the_exercises_of_the_lesson_only() -> None:
    listed = json.loads(run("build", LESSON, "--list", "--json").stdout)
    assert {row["lesson"] for row in listed} == {LESSON}
    baseline = next(row for row in listed if row["id"] == "start.majority_baseline")
    assert (baseline["points"], baseline["minutes"]) == (3.0, 3)
    assert "start.majority_baseline" in run("build", LESSON, "--list").stdout


@pytest.mark.parametrize(("sentences", "code"), [([], 0), (["lesson.ipynb is older than its sources."], 1)])
def test_check_fails_with_the_sentences(
    monkeypatch: pytest.MonkeyPatch, sentences: list[str], code: int
) -> None:
    monkeypatch.setattr(grader.authoring, "stale", lambda folder: sentences)
    result = run("check", LESSON)
    assert result.exit_code == code
    assert result.stderr.splitlines() == sentences


def test_no_lessons_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "lesson_ids", lambda: [])
    result = run("check")
    assert result.exit_code == 1
    assert "Here is no course" in result.stderr


@pytest.mark.parametrize("command", [["check"], ["build"], ["autograde", LESSON], ["recheck", LESSON]])
def test_what_students_do_not_have_is_told_in_one_line(command: list[str]) -> None:
    program = "import sys; sys.modules['nbgrader'] = None; from grader.cli import app; app(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", program, *command], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (1, "")
    last = done.stderr.strip().splitlines()[-1]  # above it: a progress bar, erased again
    assert re.fullmatch(
        r"To build lessons and to grade a class, type .pip install -e '.\[grading\]'. in the course's folder "
        r"\(nbgrader(\.\w+)* is missing\)\.",
        last,
    )
    assert "Traceback" not in done.stderr


def test_a_module_of_ours_that_is_missing_is_no_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grader.authoring.claims", None)
    assert isinstance(run("check", LESSON).exception, ModuleNotFoundError)


def test_progress_is_that_of_the_lessons_where_one_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SOLUTIONS / LESSON)
    result = run("progress")
    assert result.exit_code == 0
    assert "0 · Start here - 11 of 11 points - 00_start_here/lesson.ipynb" in result.stdout


def test_doctor_prints_sentences_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = "Type `pip install -e '.[grading]'`."
    monkeypatch.setattr(grader.doctor, "examine", lambda: [Diagnosis(Status.WARNING, "Packages", sentence)])
    assert sentence in run("doctor").stdout


def test_doctor_shows_a_table_and_fails_on_what_is_bad(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FINETUNING_COURSE_CACHE", str(tmp_path / "cache"))
    assert run("doctor").exit_code == 0
    (tmp_path / "a-file").write_text("")
    monkeypatch.setenv("FINETUNING_COURSE_CACHE", str(tmp_path / "a-file"))
    result = run("doctor")
    assert result.exit_code == 1
    assert "✗" in result.stdout
