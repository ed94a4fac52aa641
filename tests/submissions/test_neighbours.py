"""What a student calls a file, or packs into a zip, is never taken for a neighbour's submission."""

import io
import zipfile

import pytest

# A platform's name of what a student handed in, the same of a neighbour, and the neighbour's id.
ON = "2026-01-01-00-00-00"
DAY = "Jan 1, 2026 1000 AM"
INTO = "Submission attachment(s)"
NEIGHBOURS = {
    "Moodle": ("Mal_1_assignsubmission_file_/{}", "Ada_2_assignsubmission_file_/lesson.ipynb", "Ada"),
    "Moodle, flat": ("Mal_1_assignsubmission_file_{}", "Ada_2_assignsubmission_file_lesson.ipynb", "Ada"),
    "Canvas": ("mal_1_2_{}", "ada_3_4_lesson.ipynb", "ada"),
    "Blackboard": (f"HW_mal_attempt_{ON}_{{}}", f"HW_ada_attempt_{ON}_lesson.ipynb", "ada"),
    "Brightspace": (f"1-2 - Mal - {DAY}/{{}}", f"1-2 - Ada - {DAY}/lesson.ipynb", "Ada"),
    "Brightspace, flat": (f"1-2 - Mal - {DAY} - {{}}", f"1-2 - Ada - {DAY} - lesson.ipynb", "Ada"),
    "Sakai": (f"M, M(mal)/{INTO}/{{}}", f"A, A(ada)/{INTO}/lesson.ipynb", "ada"),
    "Sakai, flat": (f"M, M(mal)_{INTO}_{{}}", f"A, A(ada)_{INTO}_lesson.ipynb", "ada"),
    "Gradescope": ("submission_11/{}", "submission_13/lesson.ipynb", "ada@x.org"),
    "plain": ("mal/{}", "ada/lesson.ipynb", "ada"),
    "plain, zipped": ("mal.zip", "ada/lesson.ipynb", "ada"),
}
TWO = "submission_{}:\n  :submitters:\n  - :name: {}\n    :email: {}@x.org\n"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("inner", list(NEIGHBOURS))
@pytest.mark.parametrize("platform", list(NEIGHBOURS))
def test_a_file_within_a_students_is_never_a_neighbours(platform, inner, packed, course, write):
    mine, hers, her = NEIGHBOURS[platform]
    flat = "flat" in platform or platform in ("Canvas", "Blackboard")
    name = NEIGHBOURS[inner][1].replace("/", " ") if flat else NEIGHBOURS[inner][1]
    forged = write("forged")
    if packed or platform == "plain, zipped":
        inside = io.BytesIO()
        with zipfile.ZipFile(inside, "w") as archive:
            archive.writestr(NEIGHBOURS[inner][1], forged)
        name, forged = "all.zip", inside.getvalue()
    files = {mine.format(name): forged, hers: write("honest")}
    if platform == "Gradescope":
        files["submission_metadata.yml"] = TWO.format(11, "Mal", "mal") + TWO.format(13, "Ada", "ada")
    course.collect(files)
    assert course.submitted[her] == write("honest")
    assert {student.casefold().removesuffix("@x.org") for student in course.submitted} <= {"mal", "ada"}


def test_a_zip_of_gradescopes_that_brings_its_own_list_is_not_believed(course, write):
    files = {
        "submission_11/submission_metadata.yml": TWO.format(11, "Ada", "ada"),
        "submission_11/lesson.ipynb": write("forged"),
        "submission_13/lesson.ipynb": write("honest"),
        "submission_metadata.yml": TWO.format(11, "Mal", "mal") + TWO.format(13, "Ada", "ada"),
    }
    course.collect(files)
    assert course.submitted == {"mal@x.org": write("forged"), "ada@x.org": write("honest")}


def test_a_name_of_sakais_that_a_student_gave_herself_is_not_taken_for_a_flat_one(course, write):
    files = {
        "M, M(ada)_(mal)/Submission attachment(s)/lesson.ipynb": write("forged"),
        "A, A(ada)/Submission attachment(s)/lesson.ipynb": write("honest", cells=("a", "b")),
        "B, B(ada); M, M(mal)/Submission attachment(s)/lesson.ipynb": write("for both"),
    }
    collected = course.collect(files)
    assert course.submitted["ada"] == write("honest", cells=("a", "b"))
    assert course.submitted["mal"] in (write("forged"), write("for both"))
    assert "handed in for a group" in dict(collected.aside)[list(files)[2]]


def test_a_flat_name_of_sakais_that_ends_like_a_neighbours_is_the_senders(course, write):
    inside = io.BytesIO()
    with zipfile.ZipFile(inside, "w") as archive:
        archive.writestr("lesson.ipynb", write("forged"))
    files = {
        "M, M(mal)_Submission attachment(s)_x(ada).zip": inside.getvalue(),
        "A, A(ada)_Submission attachment(s)_lesson.ipynb": write("honest"),
    }
    course.collect(files)
    assert course.submitted == {"mal": write("forged"), "ada": write("honest")}
