"""With a roster everything that a name says has to agree; what does not, is nobody's."""

import unicodedata

import pytest

MOODLE = "{}_{}_assignsubmission_file_/lesson.ipynb"
OWN = (
    "id,first_name,last_name,email,lms_user_id\nal1,Ada,Lovelace,ada@x.org,2\nat2,Alan,Turing,alan@x.org,1\n"
)
WORKSHEET = "Identifier,Full name,Username\nParticipant 1,Ada Lovelace,al1\nParticipant 2,Alan Turing,at2\n"


def reasons(collected):
    return dict(collected.aside)


def test_moodles_number_is_not_taken_for_a_users(course, write):
    """Seen: participant 1 was Ada, user 1 was Alan, and their work was exchanged."""
    files = {MOODLE.format("Ada Lovelace", 1): write("1"), MOODLE.format("Alan Turing", 2): write("2")}
    for roster in (OWN, WORKSHEET):
        course.collect(files, roster)
        assert course.submitted == {"al1": write("1"), "at2": write("2")}


def test_a_worksheet_of_another_assignment_matches_nobody_and_says_so(course, write):
    collected = course.collect({MOODLE.format("Ada Lovelace", 2): write()}, WORKSHEET)
    assert course.submitted == {}
    assert course.unmatched == [write()]
    assert reasons(collected)[MOODLE.format("Ada Lovelace", 2)] == (
        "the name 'Ada Lovelace' is that of al1 (Ada Lovelace) but the participant's number 2 is that of "
        "at2 (Alan Turing): they have to agree"
    )
    collected = course.collect({MOODLE.format("Ada Lovelace", 9): write()}, WORKSHEET)
    assert "is it the worksheet of another assignment?" in collected.aside[0][1]


def test_blind_marking_goes_by_the_worksheet(course, write):
    files = {MOODLE.format("Participant", 2): write("2"), MOODLE.format("Participant", 9): write("9")}
    collected = course.collect(files, WORKSHEET)
    assert course.submitted == {"at2": write("2")}
    assert "the platform hid the name, and the number 9 is nobody's" in collected.aside[0][1]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("turingalan_2_9_x.ipynb", "is that of at2 (Alan Turing) but the number 2 is that of al1 (Ada"),
        ("whoever_2_9_x.ipynb", "for whom the roster has another name, 'Ada Lovelace' and not 'whoever'"),
        ("lovelaceada_7_9_x.ipynb", "for whom the roster has another number, 2 and not 7"),
        ("lovelaceada_2_1_9999_x.ipynb", "can be read as that of al1 (Ada Lovelace) and as that of at2"),
    ],
)  # fmt: skip
def test_a_name_and_a_number_of_canvas_have_to_agree(name, reason, course, write):
    collected = course.collect({name: write()}, OWN)
    assert course.submitted == {}
    assert reason in reasons(collected)[name]


def test_a_roster_without_names_goes_by_the_number(course, write):
    course.collect({"whoever_2_9_x.ipynb": write()}, "id,lms_user_id\nal1,2\nat2,1\n")
    assert course.submitted == {"al1": write()}


def test_a_login_and_a_name_have_to_agree(course, write):
    roster = "id,username,name\n1,al1,Ada Lovelace\n2,at2,Alan Turing\n"
    folder = "{}({})/Submission attachment(s)/lesson.ipynb"
    files = {
        folder.format("Lovelace, Ada", "al1"): write("1"),
        folder.format("Lovelace, Ada", "at2"): write("2"),
        folder.format("Turing, Alan", "unknown"): write("3"),
    }
    collected = course.collect({f"HW/{name}": content for name, content in files.items()}, roster)
    assert course.submitted == {"1": write("1"), "2": write("3")}
    assert (
        "but the login at2 is that of 2 (Alan Turing)"
        in reasons(collected)[folder.format("Lovelace, Ada", "at2")]
    )


def test_sakai_leaves_out_what_is_not_ascii(course, write):
    roster = "id,first_name,last_name\nso,Søren,Ås\nli,伟,李\nlo,洛,李\n"
    names = ["As, Sren(so)", ", (li)", ", (unknown)"]
    collected = course.collect(
        {f"HW/{name}/Submission attachment(s)/l.ipynb": write() for name in names}, roster
    )
    assert course.submitted.keys() == {"so", "li"}
    assert [name for name, _ in collected.aside] == [", (unknown)/Submission attachment(s)/l.ipynb"]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_in_any_form_and_order_and_a_group_before_them(form, course, write):
    roster = "id,first_name,last_name\nz,Zoë,Ångström\njl,Jean-Luc,Picard\n"
    names = ["ångström zoë", "Gruppe-3-Jean-Luc Picard"]
    files = {unicodedata.normalize(form, MOODLE.format(name, n)): write() for n, name in enumerate(names)}
    course.collect(files, unicodedata.normalize("NFC", roster))
    assert course.submitted.keys() == {"z", "jl"}


def test_a_reading_of_a_name_that_is_only_a_guess_is_told(course, write):
    files = {MOODLE.format("Gruppe-Ada Lovelace", 1): write("1"), "todo.txt": b""}
    collected = course.collect(files, OWN)
    assert collected.placed[0].remarks == ("what stands before 'Ada Lovelace' was taken for a group's name",)
    collected = course.collect(files, WORKSHEET)  # the number confirms it
    assert collected.unchanged[0].remarks == ()
    collected = course.collect({"lovelaceada_2_3_2026_x.ipynb": write()}, OWN)
    assert "can be read in two ways" in collected.placed[0].remarks[0]


def test_two_names_that_differ_in_a_vowel_sign_are_two(course, write):
    files = {MOODLE.format("किरण", 1): write("1"), MOODLE.format("कुरण", 2): write("2")}
    course.collect(files)
    assert course.submitted == {"किरण": write("1"), "कुरण": write("2")}
    course.collect(files, "id,name\na,किरण\nb,कुरण\n")
    assert course.submitted.keys() >= {"a", "b"}
    assert (course.submitted["a"], course.submitted["b"]) == (write("1"), write("2"))


def test_two_of_one_name_are_told_apart_by_the_number_or_are_nobodys(course, write):
    files = {"lovelaceada_5_1_x.ipynb": write("5"), "lovelaceada_6_2_x.ipynb": write("6")}
    collected = course.collect(files, "id,name\na5,Ada Lovelace\na6,Ada Lovelace\n")
    assert course.submitted == {}
    assert course.unmatched == [write("5"), write("6")]
    assert reasons(collected)["lovelaceada_5_1_x.ipynb"] == (
        "it fits 2 of the roster (a5, a6): give the roster a column lms_user_id, with 5 in the right row"
    )
    course.collect(files, "id,name,lms_user_id\na5,Ada Lovelace,5\na6,Ada Lovelace,6\n")
    assert course.submitted == {"a5": write("5"), "a6": write("6")}


def test_two_of_one_name_are_told_apart_by_the_address(course, write):
    metadata = "".join(
        f"submission_{n}:\n  :submitters:\n  - :name: Ada L\n    :email: ada{n}@x.org\n" for n in (5, 6)
    )
    files = {"submission_metadata.yml": metadata} | {f"submission_{n}/l.ipynb": write(str(n)) for n in (5, 6)}
    course.collect(files, "id,name,email\na5,Ada L,ada5@x.org\na6,Ada L,ada6@x.org\n")
    assert course.submitted == {"a5": write("5"), "a6": write("6")}


def test_two_people_of_whom_the_roster_knows_one_are_nobodys(course, write):
    files = {MOODLE.format("Ada Lovelace", 1): write("1"), MOODLE.format("Ada Lovelace", 2): write("2")}
    collected = course.collect(files, OWN)
    assert course.submitted == {}
    assert (
        "2 people of this name handed something in (1, 2), but the roster has one, al1"
        in collected.aside[0][1]
    )


def test_brightspace_tells_nobody_apart(course, write):
    files = {f"1-{n} - Ada L - Jan {n}, 2026 1000 AM/l.ipynb": write(str(n)) for n in (1, 2)}
    collected = course.collect(files, "id,name\na,Ada L\nb,Ada L\n")
    assert course.submitted == {}
    assert "nothing else tells them apart" in collected.aside[0][1]
    course.collect(files, "id,name\na,Ada L\n")
    assert course.submitted == {"a": write("2")}
    collected = course.collect(files)
    assert "one student handed in twice or two of one name" in collected.placed[0].remarks[0]


def test_plain_names_may_be_ids_addresses_or_names(course, write):
    files = {"al1.ipynb": write("1"), "alan@x.org.ipynb": write("2"), "Hopper, Grace.ipynb": write("3")}
    course.collect(files, OWN + "gh3,Grace,Hopper,,\n")
    assert course.submitted == {"al1": write("1"), "at2": write("2"), "gh3": write("3")}
