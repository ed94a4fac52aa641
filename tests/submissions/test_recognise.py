"""A platform is decided once, and only a folder that is no student's is taken off."""

import io
import zipfile

import pytest

CLASS = "id,name\nada,Ada Lovelace\nbob,Bob Bell\n"


def zip_of(files):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return raw.getvalue()


@pytest.mark.parametrize("root", ["d/", "submitted/", "02_freezing/", "d/submitted/", "Kurs-HW-77/"])
def test_a_folder_around_a_platforms_names_is_taken_off(root, course, write):
    files = {f"{root}{who}_{n}_assignsubmission_file_/l.ipynb": write(who) for n, who in enumerate("ab")}
    collected = course.collect(files)
    assert course.submitted == {"a": write("a"), "b": write("b")}
    assert collected.recognised == f"recognised as Moodle, in the folder {root}"


@pytest.mark.parametrize("root", ["d/", "submitted/", "02_freezing/", "submitted/02_freezing/"])
def test_a_folder_around_plain_names_is_taken_off_if_it_is_called_like_one(root, course, write):
    course.collect({f"{root}ada.ipynb": write("a"), f"{root}bob/lesson.ipynb": write("b")})
    assert course.submitted == {"ada": write("a"), "bob": write("b")}


def test_any_other_folder_around_plain_names_is_a_student(course, write):
    collected = course.collect({"class/ada.ipynb": write("a"), "class/bob.ipynb": write("b")})
    assert course.submitted.keys() == {"class"}
    assert collected.recognised == "not recognised: names are guessed"
    assert "as good a choice" in collected.placed[0].remarks[0]


def test_a_roster_that_knows_what_is_below_takes_it_off(course, write):
    course.collect({"class/ada.ipynb": write("a"), "class/bob/x.ipynb": write("b")}, CLASS)
    assert course.submitted == {"ada": write("a"), "bob": write("b")}


def test_a_student_of_the_roster_is_never_taken_off(course, write):
    for inner in ("bob/lesson.ipynb", "Bob Bell_2_assignsubmission_file_/lesson.ipynb"):
        course.collect({f"ada/{inner}": write()}, CLASS, name="ada")
        assert course.submitted == {"ada": write()}


def test_the_one_student_of_a_download_is_not_taken_off_for_some_names_below(course, write):
    forged = "Bob Bell_2_assignsubmission_file_/lesson.ipynb"
    course.collect({f"ada/{forged}": write("x", cells=()), "ada/lesson.ipynb": write()})
    assert course.submitted == {"ada": write()}


@pytest.mark.parametrize("name", ["ada", "02_freezing", "submitted", "d"])
def test_a_zip_among_the_files_is_never_taken_off(name, course, write):
    inner = zip_of({"Bob Bell_2_assignsubmission_file_/lesson.ipynb": write(), "bob/lesson.ipynb": write()})
    course.collect({f"{name}.zip": inner})
    assert "bob" not in {student.casefold()[:3] for student in course.submitted}


def test_an_instructors_own_files_beside_it_change_nothing(course, write):
    files = {f"{who}_{n}_{n}5_l.ipynb": write(who) for n, who in enumerate("abc")}
    collected = course.collect({**files, "todo.txt": b"", "bob.ipynb": write()})
    assert course.submitted.keys() == {"a", "b", "c"}
    assert (
        dict(collected.aside)["bob.ipynb"] == "its name is none that Canvas gives to what a student hands in"
    )


def test_an_empty_download_is_no_error(course):
    assert course.collect({}).placed == []
