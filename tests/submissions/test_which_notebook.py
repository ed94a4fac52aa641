"""Of several notebooks of one student the lesson's is graded; where that is uncertain, it is said."""

import pytest

LESSON = "02_freezing"


def test_the_lesson_counts_and_not_what_comes_last_in_the_alphabet(course, write):
    files = {
        "ada/lesson.ipynb": write("lesson"),
        "ada/notes.ipynb": write("notes", cells=()),
        "ada/scratchpad.ipynb": write("scratch", cells=("a",)),
    }
    collected = course.collect(files)
    assert course.submitted == {"ada": write("lesson")}
    assert collected.placed[0].remarks == ()
    assert dict(collected.aside) == {
        "ada/notes.ipynb": f"another notebook of ada: of the cells of {LESSON} it holds none",
        "ada/scratchpad.ipynb": f"another notebook of ada: of the cells of {LESSON} it holds only 1, not 4",
    }
    assert course.unmatched == sorted([write("notes", cells=()), write("scratch", cells=("a",))])


def test_cells_come_before_the_name(course, write):
    course.collect({"ada/lesson.ipynb": write(cells=("x",)), "ada/zz final.ipynb": write("work")})
    assert course.submitted == {"ada": write("work")}


@pytest.mark.parametrize("name", ["lesson.ipynb", "02_freezing.ipynb", "lesson (1).ipynb", "lesson-2.ipynb"])
def test_the_usual_name_comes_before_another_of_as_many_cells(name, course, write):
    files = {"ada/zz.ipynb": write("other"), f"ada/{name}": write("lesson")}
    collected = course.collect(files)
    assert course.submitted == {"ada": write("lesson")}
    assert collected.placed[0].remarks == ()
    assert collected.aside[0][1] == "another notebook of ada: it is not named like the lesson's"


def test_a_doubt_is_said(course, write):
    collected = course.collect({"ada/lesson.ipynb": write("1"), "ada/lesson (1).ipynb": write("2")})
    assert course.submitted == {"ada": write("1")}
    assert collected.placed[0].remarks == (
        "as good a choice would have been 'ada/lesson (1).ipynb': open them, or ask",
    )
    assert collected.aside == [
        ("ada/lesson (1).ipynb", "another notebook of ada: whether it is the right one is not certain")
    ]


def test_the_same_twice_is_no_doubt(course, write):
    collected = course.collect({"ada/a.ipynb": write(), "ada/b.ipynb": write()})
    assert collected.placed[0].remarks == ()
    assert collected.aside[0][1] == "the same notebook of ada once more"


def test_the_last_attempt_by_the_platforms_clock_counts(course, write):
    name = "HW_ada_attempt_2026-01-{}-00-00-00_lesson.ipynb"
    course.collect({name.format("30"): write("old"), name.format("31"): write("new", cells=("a", "b"))})
    assert course.submitted == {"ada": write("new", cells=("a", "b"))}


def test_an_attempt_that_is_not_the_lesson_does_not_count(course, write):
    name = "HW_ada_attempt_2026-01-{}-00-00-00_{}.ipynb"
    files = {name.format("30", "lesson"): write(), name.format("31", "lesson"): write(cells=("other",))}
    collected = course.collect(files)
    assert course.submitted == {"ada": write()}
    assert collected.aside[0][1].endswith("it holds none")


def test_in_a_name_of_canvas_a_later_copy_counts_even_with_a_cell_less(course, write):
    new = write("new", cells=("a", "b", "b-answer"))
    collected = course.collect({"ada_1_7_lesson.ipynb": write("old"), "ada_1_8_lesson-1.ipynb": new})
    assert course.submitted == {"ada": new}
    assert collected.aside == [("ada_1_7_lesson.ipynb", "an earlier attempt of ada")]
    assert collected.placed[0].remarks == ()


def test_two_names_of_canvas_are_a_doubt(course, write):
    collected = course.collect({"ada_1_7_one.ipynb": write("1"), "ada_1_8_two.ipynb": write("2")})
    assert course.submitted == {"ada": write("2")}
    assert "'ada_1_7_one.ipynb'" in collected.placed[0].remarks[0]


def test_without_the_lessons_cells_any_named_cell_counts(course, write):
    files = {"ada/a.ipynb": write("1"), "ada/z.ipynb": write("2", cells=())}
    course.collect(files, cells=None)
    assert course.submitted == {"ada": write("1")}


def test_what_cannot_be_read_is_never_preferred(course, write):
    course.collect({"ada/lesson.ipynb": b"{", "ada/z.ipynb": write()})
    assert course.submitted == {"ada": write()}


def test_what_lies_among_what_was_handed_back_is_never_preferred(course, write):
    folder = "HW/Lovelace, Ada(al1)"
    files = {
        f"{folder}/Submission attachment(s)/lesson.ipynb": write("hers", cells=("a", "b", "b-answer")),
        f"{folder}/lesson.ipynb": write("corrected"),
        f"{folder}/Feedback Attachment(s)/lesson.ipynb": write("corrected too"),
    }
    collected = course.collect(files)
    assert course.submitted["al1"] == write("hers", cells=("a", "b", "b-answer"))
    assert "handed in or what was handed back" in collected.aside[0][1]
    assert collected.own == ["Lovelace, Ada(al1)/Feedback Attachment(s)/lesson.ipynb"]
