"""Each diagnosis in health and in sickness."""

import sys
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

import grader.doctor.grading  # noqa: F401 - the package's attribute of this name is a function
from grader.course import ROOT
from grader.doctor import Status, environment_report, examine, jupyter, machine, packages, pytorch

grading = sys.modules["grader.doctor.grading"]


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In the course's folder the doctor would run a lesson."""
    monkeypatch.chdir(tmp_path)


def test_each_diagnosis_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FINETUNING_COURSE_CACHE", str(tmp_path))
    diagnoses = examine()
    assert len({diagnosis.subject for diagnosis in diagnoses}) == len(diagnoses)
    for diagnosis in diagnoses:
        assert diagnosis.sentence.endswith(".")
        assert "\n" not in diagnosis.sentence


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("operator torchvision::nms does not exist"),
        RuntimeError("Couldn't load custom C++ ops. This can happen if your PyTorch and torchvision …"),
    ],
)
def test_a_torch_beside_a_foreign_torchvision_is_recognised(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def import_module(name: str) -> SimpleNamespace:
        if name == "torchvision":
            raise error
        return SimpleNamespace()

    monkeypatch.setattr(pytorch, "import_module", import_module)
    monkeypatch.setattr(pytorch, "version", {"torch": "2.14.1+cpu", "torchvision": "0.29.2"}.__getitem__)
    diagnosis = pytorch.torch_pair()
    assert diagnosis.status is Status.BAD
    assert "torch 2.14.1+cpu and torchvision 0.29.2 were not built for each other" in diagnosis.sentence
    assert "from the index of the cpu builds" in diagnosis.sentence


def test_a_missing_torch_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def import_module(name: str) -> None:
        raise ModuleNotFoundError("No module named 'torch'")

    monkeypatch.setattr(pytorch, "import_module", import_module)
    assert "No module named 'torch'" in pytorch.torch_pair().sentence


def test_packages_below_their_bounds_and_missing_ones_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def version(name: str) -> str:
        if name == "absent":
            raise PackageNotFoundError(name)
        return "1.9"

    (tmp_path / "pyproject.toml").write_text(
        '[project]\ndependencies = ["old>=2.0", "new>=1.5", "absent"]\n'
        '[project.optional-dependencies]\ngrading = ["also-absent"]\n'
    )
    monkeypatch.setattr(packages, "ROOT", tmp_path)
    monkeypatch.setattr(packages, "version", version)
    diagnosis = packages.requirements()
    assert diagnosis.status is Status.BAD
    assert diagnosis.sentence.startswith("old 1.9 is not >=2.0, absent is not installed: type `pip install")


def test_without_a_checkout_the_installed_metadata_say_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    listed = ["old>=2.0", 'nbgrader>=0.9; extra == "grading"', 'winonly; sys_platform == "win33"']
    monkeypatch.setattr(packages, "ROOT", tmp_path)
    monkeypatch.setattr(packages, "requires", lambda name: listed)
    assert [requirement.name for requirement in packages.declared()] == ["old"]
    assert [requirement.name for requirement in packages.declared("grading")] == ["nbgrader"]


def test_a_student_needs_nothing_for_grading(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "nbgrader":
            raise PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(grading, "version", version)
    [diagnosis] = grading.grading()
    assert diagnosis.status is Status.GOOD
    assert "pip install -e '.[grading]'" in diagnosis.sentence
    assert "(nbgrader not installed)" in diagnosis.sentence


def test_a_data_package_without_its_data_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    assert packages.data_packages().status is Status.GOOD
    monkeypatch.setattr(packages, "files", lambda package: [])
    assert packages.data_packages().status is Status.BAD


def test_the_quiz_extension_is_looked_for_where_jupyter_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(jupyter, "jupyter_path", lambda *_: [str(tmp_path)])
    assert jupyter.quiz_extension().status is Status.BAD
    (tmp_path / jupyter.EXTENSION).mkdir()
    (tmp_path / jupyter.EXTENSION / "package.json").write_text("{}")
    assert jupyter.quiz_extension().status is Status.GOOD


def test_the_servers_extension_is_looked_for_where_a_server_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(jupyter, "jupyter_config_path", lambda: [str(tmp_path)])
    assert jupyter.uploads().status is Status.WARNING
    assert "10 MB" in jupyter.uploads().sentence
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    installed = build["targets"]["wheel"]["shared-data"]["grader/message_limit.json"]
    target = tmp_path / Path(installed).relative_to("etc/jupyter")
    target.parent.mkdir()
    target.touch()
    assert jupyter.uploads().status is Status.GOOD


def test_an_old_python_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.python().status is Status.GOOD
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    assert machine.python().sentence == "3.10.4 is too old: make an environment with Python 3.11 or newer."


def test_a_full_disk_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FINETUNING_COURSE_CACHE", str(tmp_path))
    assert machine.cache().status is Status.GOOD
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: SimpleNamespace(free=200_000_000))
    diagnosis = machine.cache()
    assert diagnosis.status is Status.WARNING
    assert "Only 0.2 GB are free" in diagnosis.sentence


def test_a_cache_that_is_no_folder_is_bad(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FINETUNING_COURSE_CACHE", str(tmp_path / "file"))
    assert machine.cache().status is Status.BAD


def test_a_complete_cache_that_nobody_may_write_to_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a hub has it: prepared once, read by everybody."""
    monkeypatch.setattr("grader.lab.prepared.is_complete", lambda: True)
    monkeypatch.setattr(machine.os, "access", lambda path, mode: False)
    diagnosis = machine.cache()
    assert diagnosis.status is Status.GOOD
    assert "complete" in diagnosis.sentence


@pytest.mark.slow
def test_a_lesson_that_does_not_run_here_is_told_before_a_class_is_graded(
    built_course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(built_course)
    trial = {one.subject: one for one in grading.grading()}["grading: trial"]
    assert trial.status is Status.GOOD
    solution = built_course / "solutions" / "00_start_here" / "lesson.ipynb"
    notebook = nbformat.read(solution, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("import a_missing_package"))
    nbformat.write(notebook, solution)
    trial = {one.subject: one for one in grading.grading()}["grading: trial"]
    assert trial.status is Status.BAD
    assert "a_missing_package" in trial.sentence


def test_no_browser_is_only_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jupyter.shutil, "which", lambda name: None)
    assert jupyter.browser().status is Status.WARNING


def test_the_machine_that_grades_is_not_examined_from_within_a_sandbox(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert environment_report().count("\n") == 0
