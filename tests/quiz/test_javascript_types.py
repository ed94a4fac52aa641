"""The types that the extension's comments promise, checked by TypeScript (which needs Node.js)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import grader.quiz
from grader.course import ROOT

STATIC = Path(grader.quiz.__file__).parent / "labextension" / "static"
TYPESCRIPT = "typescript@5.9"


def check(project: Path) -> subprocess.CompletedProcess[str]:
    """``tsc`` over a project; skips without Node.js (where CI demands it: fails) and without a network."""
    if shutil.which("npx") is None:
        reason = "Node.js is not installed (apt-get install nodejs npm)"
        if os.environ.get("COURSE_REQUIRE_BROWSER") == "1":
            pytest.fail(f"{reason}, but COURSE_REQUIRE_BROWSER=1 demands this test")
        pytest.skip(reason)
    command = ["npx", "--yes", "-p", TYPESCRIPT, "tsc", "-p", str(project)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode and "error TS" not in done.stdout:
        pytest.skip(f"TypeScript cannot be fetched: {(done.stderr.strip() or 'no reason').splitlines()[0]}")
    return done


@pytest.mark.slow
def test_the_extension_keeps_its_types() -> None:
    done = check(ROOT / "jsconfig.json")
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_a_broken_type_is_found(tmp_path: Path) -> None:
    text = (STATIC / "answers.js").read_text(encoding="utf-8")
    broken = tmp_path / "grader" / "quiz" / "labextension" / "static" / "answers.js"
    broken.parent.mkdir(parents=True)
    broken.write_text(text.replace("close: token.start", "close: token.text"), encoding="utf-8")
    shutil.copy(ROOT / "jsconfig.json", tmp_path)
    done = check(tmp_path / "jsconfig.json")
    assert done.returncode != 0
    assert "Type 'string' is not assignable to type 'number'" in done.stdout


@pytest.mark.parametrize("script", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_every_script_asks_for_the_check(script: Path) -> None:
    assert script.read_text(encoding="utf-8").startswith("// @ts-check\n")
