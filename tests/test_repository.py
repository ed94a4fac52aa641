"""What the repository as a whole must keep: no test that never runs, no file that git would hide."""

import fnmatch
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path, PurePosixPath

import pytest
import yaml

from grader.course import ROOT

# Lines of GitHub's template of a .gitignore for Python, which many have as their global ignore file: a new
# file of ours below a folder of such a name would never be committed.
HIDDEN_BY_OTHERS = (
    *("build", "develop-eggs", "dist", "downloads", "eggs", ".eggs", "lib", "lib64", "parts", "sdist", "var"),
    *("wheels", "target", "htmlcov", "cover", "env", "venv", "ENV", "site", "instance", "*.egg-info"),
)
RECORDS_MODULES = """
import pathlib, pytest

class Nothing(pytest.Module):
    def collect(self):
        return []

@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path, parent):
    with open("{record}", "a") as file:
        file.write(str(module_path) + "\\n")
    return Nothing.from_parent(parent, path=module_path)
"""


def tracked(*patterns: str) -> list[str]:
    """Paths that git knows, with new ones that it does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("no git, or no repository: what it holds cannot be asked")
    return [path for path in done.stdout.split("\0") if path and (ROOT / path).exists()]


@pytest.mark.slow
def test_pytest_collects_every_file_of_tests(tmp_path: Path) -> None:
    """The plain command's own settings; modules are noted, not imported, so that it takes seconds."""
    (tmp_path / "records_modules.py").write_text(RECORDS_MODULES.format(record=tmp_path / "record"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n0", "-p", "records_modules"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (tmp_path / "record").is_file(), done.stdout[-2000:] + done.stderr[-2000:]
    collected = {Path(line).relative_to(ROOT) for line in (tmp_path / "record").read_text().splitlines()}
    assert {path.as_posix() for path in collected} == set(tracked(":(glob)tests/**/test_*.py"))


def test_no_test_is_named_by_what_it_reads(request: pytest.FixtureRequest) -> None:
    """Such a name changes with the hour or the process (a packed zip), and pytest's workers then disagree."""
    names = [item.name for item in request.session.items]
    assert [
        name for name in names if len(name) > 400 or re.search(r"PK\\x03|<.* object at |0x[0-9a-f]{8}", name)
    ] == []


def test_no_folder_has_a_name_that_ignore_files_of_others_hide() -> None:
    folders = {parent for path in tracked() for parent in PurePosixPath(path).parents}
    hidden = [
        str(folder)
        for folder in folders
        if any(fnmatch.fnmatchcase(folder.name, pattern) for pattern in HIDDEN_BY_OTHERS)
    ]
    assert not hidden


def test_no_file_of_ours_is_ignored_by_ourselves() -> None:
    command = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_what_is_built_is_marked_as_generated() -> None:
    built = [*tracked("notebooks/**"), *tracked("solutions/*/lesson.ipynb", "solutions/*/quiz.json")]
    assert built
    command = ["git", "check-attr", "linguist-generated", "--", *built]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert {line.rpartition(": ")[2] for line in done.stdout.splitlines()} == {"set"}
    source = ["git", "check-attr", "linguist-generated", "--", "solutions/00_start_here/lesson.py"]
    done = subprocess.run(source, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith(": unspecified")


def test_the_workflow_runs_what_everybody_runs() -> None:
    workflows = {
        path.name: yaml.safe_load(path.read_text()) for path in (ROOT / ".github/workflows").glob("*.yml")
    }
    steps = [step.get("run", "") for job in workflows["ci.yml"]["jobs"].values() for step in job["steps"]]
    assert ".ci/run" in steps
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    steps = [
        step.get("run", "") for job in workflows["lessons.yml"]["jobs"].values() for step in job["steps"]
    ]
    assert any(step.startswith("pytest solutions/") for step in steps)


def test_hooks_are_programs_of_this_environment() -> None:
    [repository] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repository["repo"] == "local"
    ci = (ROOT / ".ci" / "run").read_text()
    for hook in repository["hooks"]:
        assert hook["language"] == "system"
        program, argument, *_ = hook["entry"].split()
        assert (Path(sysconfig.get_path("scripts")) / program).exists()
        # What is built is looked at by a test.
        assert program == "grader" or f"{program} {argument}" in ci, f"{hook['entry']} is no part of .ci/run"


def test_the_time_of_tests_is_summed_by_folder(pytestconfig):
    """Of setup, call and teardown alike; the folder that takes longest stands first."""
    plugins = pytestconfig.pluginmanager.get_plugins()
    settings = next(one for one in plugins if getattr(one, "__file__", None) == str(ROOT / "conftest.py"))
    durations = [("tests/a/test_b.py::test_c[x/y]", 1.0), ("tests/test_d.py::test_e", 2.0)]
    durations += [("tests/a/test_f.py::test_g", 1.5), ("solutions/00_start/lesson.ipynb::Cell 0", 0.5)]
    taken = settings.seconds_by_folder(durations)
    assert list(taken.items()) == [("tests/a", 2.5), ("tests", 2.0), ("solutions/00_start", 0.5)]
