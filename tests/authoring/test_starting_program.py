"""The program that students begin with travels beside the solution."""

from nbformat.v4 import new_code_cell, new_notebook

from grader.authoring.starting_program import split_starting_program
from grader.autograde.steps.clear_quiz_answers import ClearQuizAnswers
from grader.cell_names import STARTING_PROGRAM

SOURCE = """def f(x):
    \"\"\"Half of x.\"\"\"
    ### BEGIN SOLUTION
    return x / 2  # right
    ### END SOLUTION
    ### BEGIN RELEASE
    # for _ in range(1):
    #     x = x // 2  # wrong
    # return x
    ### END RELEASE"""


def test_the_solution_is_without_the_starting_program():
    solution, _ = split_starting_program(SOURCE)
    assert "return x / 2  # right" in solution
    assert "wrong" not in solution


def test_the_release_runs_and_is_without_the_solution():
    _, released = split_starting_program(SOURCE)
    assert "right" not in released
    namespace = {}
    exec(released, namespace)
    assert namespace["f"](5) == 2


def test_other_exercises_stay_as_they_are():
    plain = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION"
    assert split_starting_program(plain) == (plain, None)


def test_generating_the_release_puts_the_program_in_and_takes_the_metadata_out():
    solution, released = split_starting_program(SOURCE)
    marks = {"grade": False, "solution": True, "locked": False, "grade_id": "x-f-answer", "schema_version": 3}
    cell = new_code_cell(solution, metadata={"nbgrader": marks, STARTING_PROGRAM: released})
    notebook = new_notebook(cells=[cell])
    ClearQuizAnswers().preprocess(notebook, {})
    assert notebook.cells[0].source == released
    assert STARTING_PROGRAM not in notebook.cells[0].metadata
