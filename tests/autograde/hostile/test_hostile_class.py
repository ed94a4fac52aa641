"""Points that nobody earned, neighbours harmed, things of the instructor's reached: none."""

import csv
import json
import shutil
import subprocess
import sys

import pytest

from tests.autograde.hostile.cases import CASES
from tests.autograde.hostile.hostile_class import (
    Graded,
    fingerprints,
    grade,
    honest,
    hostile,
    lay_out,
    neighbours,
)
from tests.sandbox.contained import contained

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

NUMBERED = list(enumerate(CASES))
NAMES = [case.name for case in CASES]


@pytest.fixture(scope="module")
def before_and_after(built_once, nbgrader, tmp_path_factory) -> tuple[dict[str, str], Graded]:
    root = shutil.copytree(built_once, tmp_path_factory.mktemp("hostile") / "course")
    nbgrader(root, "generate_assignment", "00_start_here", "--force")
    lay_out(root)
    before = fingerprints(root)
    return before, grade(root, timeout=1200)


@pytest.fixture(scope="module")
def graded(before_and_after) -> Graded:
    return before_and_after[1]


def test_there_are_enough_cases():
    assert len(CASES) == len(set(NAMES)) >= 60


def test_the_command_finishes_the_class(graded):
    assert graded.code == 0, graded.said[-3000:]
    assert len(graded.rows) == len(CASES) + len(neighbours())
    assert not [row for row in graded.rows.values() if row["state"] == "failed"]


@pytest.mark.parametrize(("number", "case"), NUMBERED, ids=NAMES)
def test_nothing_is_earned_without_an_answer(graded, number, case):
    row = graded.rows[hostile(number, case)]
    assert row["points"] <= case.allowed, row
    assert case.reason in " | ".join(row["reasons"])


def test_each_neighbour_has_exactly_her_marks(graded):
    for number in neighbours():
        row = graded.rows[honest(number)]
        assert (row["points"], row["max_points"], row["state"]) == (6, 6, "graded"), row


def test_the_gradebook_says_the_same(graded, nbgrader):
    nbgrader(graded.root, "export")
    with open(graded.root / "grades.csv", newline="") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {name: row["points"] for name, row in graded.rows.items()}


def test_nothing_was_reached(graded):
    """What a kernel printed is stored: in the spool, and in the graded notebook."""
    for path in [
        *(graded.root / ".grading" / "spool").glob("*.json"),
        *graded.root.glob("autograded/**/*.ipynb"),
    ]:
        text = path.read_text(encoding="utf-8")
        for cell in _outputs(json.loads(text)):
            assert "BREACH" not in cell, (path.name, cell[:300])


def _outputs(content: dict) -> list[str]:
    """Without tracebacks: of a probe that was interrupted they show the source."""
    return [
        json.dumps({name: value for name, value in output.items() if name != "traceback"})
        for cell in content["cells"]
        for output in cell.get("outputs", [])
    ]


def test_nothing_of_the_instructors_changed(before_and_after):
    before, graded = before_and_after
    assert fingerprints(graded.root) == before


def test_what_is_stored_stays_small(graded):
    for path in (graded.root / ".grading" / "spool").glob("*.json"):
        assert path.stat().st_size < 64_000_000


def test_the_probes_do_succeed_without_a_sandbox(tmp_path):
    """The control: what the cases look for can be reached where nothing confines them."""
    from tests.autograde.hostile.cases import LOOK

    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "answers.py").write_text("x")
    source = LOOK.format(root=str(tmp_path)) + "seen(ROOT + '/solutions/**')\nimport socket\n"
    source += "s = socket.socket(); s.bind(('127.0.0.1', 0)); os.kill(os.getpid(), 0)\n"
    source += "print('BREACH mark' if 'HOSTILE_TEST_MARK' in os.environ else '')"
    done: subprocess.CompletedProcess = contained(
        [sys.executable, "-P", "-c", source],
        writable=[tmp_path],
        environment={"HOSTILE_TEST_MARK": "x"},
        timeout=60,
    )
    assert done.stdout.count("BREACH") == 2, done.stderr
