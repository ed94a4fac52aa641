"""For whatever secret: the course's solutions earn every point; an answer that does nothing does not."""

import ast
import contextlib
import re
import secrets

import nbformat
import numpy as np
import pytest

from grader.autograde.judging.challenges import expected_for
from grader.course import ROOT, lesson_ids
from grader.exercises import all_exercises, collect_evidence, judge_evidence
from grader.exercises.machine.evidence import digest
from grader.exercises.machine.quiz_exercise import QuizExercise

SEEDS = 3
PRELUDE = (
    "import copy, math, os, time, tempfile\nfrom pathlib import Path\nimport numpy as np\nimport torch\n"
    "from torch import nn\nfrom torch.nn import functional as F\nfrom grader import lab\n"
    "from safetensors.torch import load_file, save_file\n"
)
# The inspector is a trained network, and the card says what it reached: the capstone's own tests judge them.
TRAINED = {"capstone.inspector", "capstone.model_card"}
LIGHT = [
    exercise
    for exercise in all_exercises()
    if not isinstance(exercise, QuizExercise) and exercise.id not in TRAINED
]
CHECK = re.compile(r'check\("([\w.]+)", (.+)\)\s*$')


def only_defines(source):
    """Functions that a lesson gives and its answers call."""
    try:
        return all(isinstance(statement, ast.FunctionDef) for statement in ast.parse(source).body)
    except SyntaxError:  # a line magic
        return False


@pytest.fixture(scope="module")
def answers():
    """The solutions' answers by exercise."""
    found = {}
    for lesson in lesson_ids():
        notebook = nbformat.read(ROOT / "solutions" / lesson / "lesson.ipynb", as_version=4)
        namespace: dict = {"__name__": "answers"}
        exec(PRELUDE, namespace)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            exercise = name.removesuffix("-answer").replace("-", ".", 1)
            if called := CHECK.match(cell.source):
                if called[1] in {exercise.id for exercise in LIGHT}:
                    found[called[1]] = eval(called[2], namespace)
            elif name.endswith("-answer") and exercise not in TRAINED:
                exec(cell.source, namespace)
            elif cell.cell_type == "code" and only_defines(cell.source):
                with contextlib.suppress(NameError):  # of what was trained, in a default value
                    exec(cell.source, namespace)
    return found


@pytest.fixture(params=[exercise.id for exercise in LIGHT])
def exercise(request):
    return next(exercise for exercise in LIGHT if exercise.id == request.param)


def verdict(exercise, answer, seed):
    challenge = exercise.challenge(np.random.default_rng(seed))
    bundle = collect_evidence(exercise, answer, challenge).bundle
    expected = expected_for(ROOT, exercise.lesson, exercise.id, challenge)
    return judge_evidence(bundle, expected, exercise.id, digest(challenge))


def test_the_solution_earns_every_point(exercise, answers):
    for _ in range(SEEDS):
        seed = secrets.randbits(64)
        judged = verdict(exercise, answers[exercise.id], seed)
        assert judged.passed, (seed, judged)


def test_an_answer_that_does_nothing_does_not(exercise):
    judged = verdict(exercise, lambda *_, **__: None, secrets.randbits(64))
    assert not judged.passed
