"""A class list is read as it comes, and what is wrong with one is said in one sentence."""

import codecs

import pytest

from grader.errors import CourseError
from grader.submissions.platforms.sender import Sender
from grader.submissions.roster_file import read_roster

OWN = "id,first_name,last_name,email,lms_user_id\nal1,Ada,Lövelace,ada@x.org,77\nat2,Alan,Turing,,\n"
WORKSHEET = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade"\r\n'
    '"Participant 123","Ada Lövelace",ada@x.org,"Submitted for grading - ",,10.00\r\n'
    '"Participant 124","Alan Turing",alan@x.org,"Submitted for grading - ",,10.00\r\n'
)
WORKSHEET_IN_GERMAN = (
    'ID,"Vollständiger Name",Anmeldename,E-Mail-Adresse,Status\n'
    "Teilnehmer/in123,Ada Lövelace,al1,ada@x.org,-\n"
    "Teilnehmer/in124,Alan Turing,at2,alan@x.org,-\n"
)
WORKSHEET_IN_SWAHILI = (
    "Kitambulisho,Full name,Username\nMfuasi 123,Ada Lövelace,al1\nMfuasi 124,Alan Turing,at2\n"
)
GRADEBOOK = (
    '"Student","ID","SIS User ID","SIS Login ID","Section","Lesson 2 (901)","Final Score"\n'
    '"    Points Possible","","","","","10.0","(read only)"\n'
    '"Lövelace, Ada","4001","S1","al1","A","9.0","92.5"\n'
    '"Turing, Alan","4002","S2","at2","A","8.5","95.0"\n'
    '"Student, Test","4999","","5f2b","A","",""\n'
)
GRADES_OF_SAKAI = (
    "Lesson 2,Points\n\nDisplay ID,ID,Last Name,First Name,grade\nx1,al1,Lövelace,Ada,\nx2,at2,Turing,Alan,\n"
)
BRIGHTSPACE = (
    "OrgDefinedId,Username,Last Name,First Name,Email,End-of-Line Indicator\n"
    "#1,#al1,Lövelace,Ada,,#\n#2,#at2,Turing,Alan,,#\n"
)


def roster(tmp_path, content):
    path = tmp_path / "class.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_roster(path)


def ada(tmp_path, content, **says):
    says = says or {"name": "Ada Lövelace", "names": ("Ada Lövelace",)}
    return roster(tmp_path, content).find(Sender(**{"name": "", **says}))[0]


@pytest.mark.parametrize(
    ("content", "who"),
    [
        (OWN, "al1"),
        (WORKSHEET, "ada@x.org"),
        (WORKSHEET_IN_GERMAN, "al1"),
        (WORKSHEET_IN_SWAHILI, "al1"),
        (GRADEBOOK, "al1"),
        (GRADES_OF_SAKAI, "al1"),
        (BRIGHTSPACE, "al1"),
        ("Student;ID\nAda Lövelace;al1\n", "al1"),
        ("ID,Name\nal1,Lövelace Ada\n", "al1"),
        ("Matrikelnummer;Nachname;Vorname\n77;Lövelace;Ada\n", "77"),
        ("Student,ID,Section\nAda Lövelace,4001,A\n", "4001"),
        ('Identifier,"Full name"\nParticipant 1,Ada Lövelace\n', "Ada-Lövelace"),
        ("Name;Vorname;Matrikelnummer\nLövelace;Ada;77\n", "77"),
        ("id,Name,Surname\nal1,Ada,Lövelace\n", "al1"),
        ("id,Name,Surname\nal1,Ada Lövelace,Lövelace\n", "al1"),
        ("Identifier,Name\nal1,Ada Lövelace\nal2,Ada X\n", "al1"),
    ],
)
def test_lists_of_platforms_are_read(content, who, tmp_path):
    assert ada(tmp_path, content) == who


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    "encode",
    [
        str.encode,
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.encode("latin-1"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
    ],
)
def test_encodings_separators_and_line_ends_make_no_difference(encode, separator, tmp_path):
    content = encode(OWN.replace(",", separator))
    assert ada(tmp_path, content) == "al1"
    assert roster(tmp_path, content).ids == ["al1", "at2"]


def test_excels_own_first_line_is_understood(tmp_path):
    assert ada(tmp_path, "sep=;\n" + OWN.replace(",", ";")) == "al1"


def test_canvas_puts_no_student_of_its_own_into_the_class(tmp_path):
    assert roster(tmp_path, GRADEBOOK).ids == ["al1", "at2"]


def test_where_ids_come_from_and_which_rows_have_none_is_told(tmp_path):
    notes = roster(tmp_path, WORKSHEET).notes
    assert notes == ["Ids are taken from the roster's column 'Email address'; a column id would come first."]
    assert roster(tmp_path, OWN).notes == []
    notes = roster(tmp_path, "id,name\na,Ada\n,Alan Turing\n,\n").notes
    assert notes == ["Rows of the roster without an id are left out: Alan Turing."]


@pytest.mark.parametrize("content", [WORKSHEET, WORKSHEET_IN_GERMAN, WORKSHEET_IN_SWAHILI])
def test_moodles_identifier_is_a_participants_number_in_any_language(content, tmp_path):
    class_ = roster(tmp_path, content)
    assert class_.find(Sender("x", (), participant="124"))[0] == class_.ids[1]
    assert class_.find(Sender("x", (), user_number="124"))[0] is None


def test_the_id_of_canvas_is_a_users_number(tmp_path):
    assert ada(tmp_path, GRADEBOOK, user_number="4001") == "al1"
    assert ada(tmp_path, GRADEBOOK, participant="4001") is None


def test_the_word_that_stands_for_a_name_is_taken_from_the_worksheet(tmp_path):
    sender = Sender("Mfuasi", ("Mfuasi",), participant="123")
    assert roster(tmp_path, WORKSHEET_IN_SWAHILI).find(sender)[0] == "al1"


def test_groups_are_no_participants(tmp_path):
    content = "id,name,group\na,Ada,Team 1\nb,Alan,Team 2\n"
    assert {student.participants for student in roster(tmp_path, content).students} == {frozenset()}


def test_ids_that_look_like_participants_are_ids(tmp_path):
    assert roster(tmp_path, "id,name\ns123,Ada\ns124,Alan\n").ids == ["s123", "s124"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("name,group\nx,y\n", "has no column id, only these: name, group. Wanted is a column id, or"),
        pytest.param("PK\x03\x04", "is a spreadsheet: open it and save it as CSV", id="xlsx"),
        ("id,name\na,Ada\na,Alan\n", "gives the id a to Ada and to Alan"),
        ("id,name\n../a,Ada\n", "has the id '../a', which can be no folder's name"),
        ("id\n" + "x" * 200_000, "is no CSV file"),
    ],
)
def test_what_is_wrong_is_one_sentence(content, says, tmp_path):
    with pytest.raises(CourseError, match=f"class.csv {says}") as raised:
        roster(tmp_path, content)
    assert "\n" not in str(raised.value)


def test_a_roster_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="cannot be read"):
        read_roster(tmp_path / "none.csv")


def test_a_row_that_stands_twice_is_one_student(tmp_path):
    assert roster(tmp_path, "id,name\na,Ada\na,Ada\n").ids == ["a"]
