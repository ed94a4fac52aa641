"""Each platform's real naming is read."""

import pytest

from grader.submissions.download_contents import Download
from grader.submissions.platforms.recognise import recognise

LESSON = "02_freezing"
METADATA = """\
submission_11:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0042'
    :email: ada@x.org
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-01-31 12:00:00 Z
  :score: 3.0
submission_12:
  :submitters:
  - :name: Alan Turing
    :sid:
    :email: alan@x.org
  - :name: Grace Hopper
    :sid: '0044'
    :email: grace@x.org
"""


def senders(*names, contents=None, source="d", logins=()):
    downloads = [Download(name, (contents or {}).get(name, b"")) for name in names]
    recognised = recognise(downloads, source, LESSON, None)
    found = recognised.platform.senders(recognised.downloads, logins)
    return recognised.platform.name, found


def one(name, **more):
    """The platform, and the one sender of one file."""
    platform, ((sender,),) = senders(name, **more)
    return platform, sender


@pytest.mark.parametrize(
    ("name", "who", "number", "file"),
    [
        ("Ada Lovelace_123_assignsubmission_file/lesson.ipynb", "Ada Lovelace", "123", "lesson.ipynb"),
        ("Ada Lovelace_123_assignsubmission_file_/lesson.ipynb", "Ada Lovelace", "123", "lesson.ipynb"),
        ("Ada Lovelace_123_assignsubmission_file_/work/lesson.ipynb", "Ada Lovelace", "123", "lesson.ipynb"),
        ("Ada Lovelace_123_assignsubmission_file_lesson.ipynb", "Ada Lovelace", "123", "lesson.ipynb"),
        ("Ada Lovelace_123_assignsubmission_onlinetext_/text.html", "Ada Lovelace", "123", "text.html"),
        ("Kurs-Abgabe-77/Zoë Ö_123_assignsubmission_file_/l.ipynb", "Zoë Ö", "123", "l.ipynb"),
        ("Default group_assignsubmission_file/l.ipynb", "Default group", "", "l.ipynb"),
    ],
)
def test_moodle(name, who, number, file):
    platform, sender = one(name)
    assert (platform, sender.name, sender.participant, sender.file) == ("Moodle", who, number, file)
    assert sender.user_number == ""


def test_moodle_with_a_group_before_the_name():
    _, sender = one("Group A-Jean-Luc Picard_5_assignsubmission_file_/l.ipynb")
    assert sender.names == ("Group A-Jean-Luc Picard", "Jean-Luc Picard", "Luc Picard")
    names = [f"Group A-{name}_{n}_assignsubmission_file_/l.ipynb" for n, name in enumerate("xyz")]
    assert [sender.name for (sender,) in senders(*names)[1]] == ["x", "y", "z"]


@pytest.mark.parametrize("word", ["Participant", "Teilnehmerin", "Participante", "Katılımcı", "参加者"])
def test_moodle_under_blind_marking_says_no_name(word):
    _, sender = one(f"{word}_123_assignsubmission_file_/l.ipynb")
    assert (sender.names, sender.participant, sender.name) == ((), "123", f"{word} 123")


def test_moodle_under_blind_marking_in_a_language_that_is_not_known_here():
    found = senders(*(f"Mfuasi_{n}_assignsubmission_file_/l.ipynb" for n in (1, 2, 3)))[1]
    assert {sender.names for (sender,) in found} == {()}


@pytest.mark.parametrize(
    ("name", "who", "number", "late", "file"),
    [
        ("lovelaceada_12345_67890_lesson.ipynb", "lovelaceada", "12345", False, "lesson.ipynb"),
        ("lovelaceada_LATE_12345_67890_lesson-2.ipynb", "lovelaceada", "12345", True, "lesson-2.ipynb"),
        ("smith_jonesann_12345_67890_2_lesson.ipynb", "smith_jonesann", "12345", False, "2_lesson.ipynb"),
        ("لافليسآدا_12345_67890_lesson.ipynb", "لافليسآدا", "12345", False, "lesson.ipynb"),
        ("lovelaceada_12345_text.html", "lovelaceada", "12345", False, "text.html"),
        ("anon_aB3dE_67890_lesson.ipynb", "anon-aB3dE", "aB3dE", False, "lesson.ipynb"),
        ("anon_LATE_aB3dE_67890_lesson.ipynb", "anon-aB3dE", "aB3dE", True, "lesson.ipynb"),
        ("LATE_anon_aB3dE_67890_lesson.ipynb", "anon-aB3dE", "aB3dE", True, "lesson.ipynb"),
        ("anon_12345_67890_lesson.ipynb", "anon-12345", "12345", False, "lesson.ipynb"),
    ],
)
def test_canvas(name, who, number, late, file):
    platform, sender = one(name)
    assert (platform, sender.name, sender.user_number) == ("Canvas", who, number)
    assert (sender.late, sender.file) == (late, file)
    assert bool(sender.names) != who.startswith("anon")


def test_a_year_in_everybodys_file_name_is_no_user_of_canvas():
    assert senders("ada_2026_01_x.ipynb", "alan_2026_01_x.ipynb")[0] == "plain files"


@pytest.mark.parametrize(
    ("befores", "logins"),
    [
        (["Homework_ada"], ["ada"]),
        (["HW_2_ada", "HW_2_bob"], ["ada", "bob"]),
        (["HW_2_a_l", "HW_2_a_k", "HW_2_bob"], ["a_l", "a_k", "bob"]),
    ],
)
def test_blackboard(befores, logins):
    platform, found = senders(*(f"{before}_attempt_2026-01-31-23-59-00_l.ipynb" for before in befores))
    assert platform == "Blackboard"
    assert [sender.login for (sender,) in found] == logins
    assert (found[0][0].attempt, found[0][0].file) == ("2026-01-31-23-59-00", "l.ipynb")


def test_blackboards_own_text_says_where_a_user_name_with_an_underscore_begins():
    name = "HW_1_ada_l_attempt_2026-01-31-23-59-00"
    text = {f"{name}.txt": b"\xef\xbb\xbfName: Ada Lovelace (ada_l)\r\nAssignment: HW 1\r\nName: x (bob)\r\n"}
    _, ((sender,), _) = senders(f"{name}_lesson.ipynb", f"{name}.txt", contents=text)
    assert (sender.login, sender.names, sender.doubt) == ("ada_l", ("Ada Lovelace",), "")


def test_without_that_text_the_roster_says_it_and_otherwise_it_is_a_guess():
    name = "HW_1_ada_l_attempt_2026-01-31-23-59-00_lesson.ipynb"
    assert one(name, logins={"ada_l", "bob"})[1].login == "ada_l"
    assert one(name, logins={"ada_l", "l"})[1].login == "HW_1_ada_l"  # two could be meant: nobody is
    assert "guessed" in one(name)[1].doubt


@pytest.mark.parametrize(
    ("name", "who", "time", "file"),
    [
        ("3970-25573 - Ann-Mae S - Sep 24, 2024 926 PM/d.ipynb", "Ann-Mae S", "2024-09-24T21:26", "d.ipynb"),
        ("1-2 - Ada - Love - Jan 1, 2026 1205 AM/d.ipynb", "Ada - Love", "2026-01-01T00:05", "d.ipynb"),
        ("1-2 - Ada L - Jan 31, 2026 1159 PM - a - b.ipynb", "Ada L", "2026-01-31T23:59", "a - b.ipynb"),
        ("1-2 - Ada L - 31 janv. 2026 2359/d.ipynb", "Ada L", "2026-01-31T23:59", "d.ipynb"),
        ("1-2 - Ada L - 3 de março de 2026 0905/d.ipynb", "Ada L", "2026-03-03T09:05", "d.ipynb"),
        ("1-2 - Ada L - 2026-03-04 2359/d.ipynb", "Ada L", "2026-03-04T23:59", "d.ipynb"),
        ("1-2 - Ada L - 5 Рожн 2026 2359/d.ipynb", "Ada L", "", "d.ipynb"),
        ("HW 1/1-2 - Ada L - Jan 31, 2026 1159 PM/d.ipynb", "Ada L", "2026-01-31T23:59", "d.ipynb"),
    ],
)  # fmt: skip
def test_brightspace(name, who, time, file):
    platform, sender = one(name)
    assert (platform, sender.name, sender.number) == ("Brightspace", who, "")
    assert (sender.attempt[:16], sender.file) == (time, file)


@pytest.mark.parametrize(
    ("name", "who", "login", "file"),
    [
        ("HW/Lovelace, Ada(al1)/Submission attachment(s)/l.ipynb", "Lovelace, Ada", "al1", "l.ipynb"),
        ("HW/L, Ada (A.)(al1)/Submission attachment(s)/l.ipynb", "L, Ada (A.)", "al1", "l.ipynb"),
        ("HW/Lovelace, Ada(al1)_Submission attachment(s)_l.ipynb", "Lovelace, Ada", "al1", "l.ipynb"),
        ("HW/Lovelace, Ada(al1)/Anhang/l.ipynb", "Lovelace, Ada", "al1", "l.ipynb"),
        ("HW/Madonna,(m)/Submission attachment(s)/l.ipynb", "Madonna,", "m", "l.ipynb"),
        (
            "HW/Ö, Ä(3f2a8a7e-0000-4000-8000-1234567890ab)/Submission attachment(s)/l.ipynb",
            "Ö, Ä", "", "l.ipynb",
        ),
    ],
)  # fmt: skip
def test_sakai(name, who, login, file):
    platform, sender = one(name)
    assert (platform, sender.name, sender.login, sender.file) == ("Sakai", who, login, file)
    assert not sender.doubt


def test_sakais_own_files_and_what_was_handed_back_are_nobodys_submission():
    folder = "HW/Lovelace, Ada(al1)"
    names = ["timestamp.txt", "comments.txt", "feedbackText.html", "Feedback Attachment(s)/lesson.ipynb"]
    downloads = [Download(f"{folder}/{name}", b"") for name in names] + [Download("HW/grades.csv", b"")]
    downloads.append(Download(f"{folder}/Submission attachment(s)/timestamp.txt", b""))
    recognised = recognise(downloads, "d", LESSON, None)
    own = [recognised.platform.is_own(download.name) for download in recognised.downloads]
    assert own == [True] * 5 + [False]


def test_a_group_of_sakai_is_each_of_its_members():
    _, (found,) = senders("HW/Lovelace, Ada(al1); Turing, Alan(at2)/Submission attachment(s)/l.ipynb")
    assert [sender.login for sender in found] == ["al1", "at2"]


def test_gradescope():
    root = "assignment_9_export"
    names = [
        f"{root}/submission_metadata.yml",
        f"{root}/submission_11/l.ipynb",
        f"{root}/submission_12/l.ipynb",
    ]
    platform, found = senders(*names, contents={names[0]: METADATA.encode()})
    assert platform == "Gradescope"
    assert [[(one.name, one.login, one.email) for one in of_it] for of_it in found] == [
        [],
        [("Ada Lovelace", "0042", "ada@x.org")],
        [("Alan Turing", "", "alan@x.org"), ("Grace Hopper", "0044", "grace@x.org")],
    ]


@pytest.mark.parametrize("metadata", [b"", b"[1]", b"a: {", b"\xff\xfe\xff", b"submission_11: 3"])
def test_gradescope_without_its_list_says_nobody(metadata):
    names = ["submission_metadata.yml", "submission_11/l.ipynb"]
    assert senders(*names, contents={names[0]: metadata}) == ("Gradescope", [[], []])


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("ada.ipynb", "ada"),
        ("ada/lesson.ipynb", "ada"),
        ("ada/02_freezing/lesson.ipynb", "ada"),
        ("ada/work/deep/lesson.ipynb", "ada"),
        ("submitted/ada/02_freezing/lesson.ipynb", "ada"),
        ("02_freezing/ada.ipynb", "ada"),
        ("d/ada/lesson.ipynb", "ada"),
    ],
)
def test_plain(name, who):
    platform, sender = one(name)
    assert (platform, sender.name) == ("plain files", who)


@pytest.mark.parametrize(
    "name",
    ["lesson.ipynb", "lesson (1).ipynb", "02_freezing.ipynb", "02_freezing/lesson.ipynb", "lesson/x.ipynb"],
)
def test_names_that_say_nobody(name):
    assert senders(name)[1] == [[]]
