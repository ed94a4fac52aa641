"""Only plain files are taken, whatever lies there."""

import os

import pytest

from grader.submissions.untrusted_files import FileLimits, Refused, read_regular, regular_files

SMALL = FileLimits(notebook=100, file=50, total=120, files=5, depth=2)


def test_plain_files_come_back_by_their_path(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.txt").write_bytes(b"a")
    (tmp_path / "ü.txt").write_bytes(b"b")
    assert regular_files(tmp_path, SMALL) == ({"below/a.txt": b"a", "ü.txt": b"b"}, [])


def test_hidden_files_and_caches_are_passed_over_in_silence(tmp_path):
    for folder in (".ipynb_checkpoints", "__pycache__", ".checkpoints", ".hidden", "my_photos"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x").write_bytes(b"x")
    assert regular_files(tmp_path, SMALL) == ({}, [])


@pytest.mark.parametrize("kind", ["link", "link to folder", "pipe", "large", "dangling"])
def test_what_is_no_plain_file_is_named_and_left(tmp_path, kind):
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    folder.mkdir()
    (outside / "secret").write_text("secret")
    odd = folder / "odd"
    if kind == "pipe":
        os.mkfifo(odd)
    elif kind == "large":
        odd.write_bytes(b"x" * 51)
    else:
        odd.symlink_to({"link": outside / "secret", "link to folder": outside}.get(kind, outside / "none"))
    taken, problems = regular_files(folder, SMALL)
    assert taken == {}
    assert len(problems) == 1
    assert problems[0].startswith("odd is not taken: ")


def test_a_folder_that_is_a_link_is_not_entered(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_text("a")
    (tmp_path / "link").symlink_to("real")
    taken, problems = regular_files(tmp_path / "link", SMALL)
    assert taken == {}
    assert problems


def test_caps_on_number_total_and_depth(tmp_path):
    for number in range(7):
        (tmp_path / f"{number}").write_bytes(b"x" * 10)
    taken, problems = regular_files(tmp_path, SMALL)
    assert len(taken) == 5
    assert "more than 5 files" in problems[0]
    deep = tmp_path / "deep" / "a" / "b" / "c" / "d"
    deep.mkdir(parents=True)
    (deep / "x").write_text("x")
    _, problems = regular_files(tmp_path / "deep", SMALL)
    assert "nested too deeply" in problems[0]
    for number in range(5):
        (tmp_path / f"{number}").write_bytes(b"x" * 49)
    taken, problems = regular_files(tmp_path, FileLimits(file=50, total=120))
    assert sum(map(len, taken.values())) <= 120
    assert problems


def test_the_notebook_and_what_nbgrader_wrote_come_before_the_caps(tmp_path):
    """Beside hundreds of files, no timestamp meant: not late."""
    first = {"lesson.ipynb": b"{}", "submission_secret.txt": b"s", "timestamp.txt": b"t"}
    for name, content in {**{f"{number}": b"x" for number in range(9)}, **first}.items():
        (tmp_path / name).write_bytes(content)
    taken, _ = regular_files(tmp_path, SMALL)
    assert taken == {**first, "0": b"x", "1": b"x"}


def test_read_regular_follows_no_link(tmp_path):
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").symlink_to("a")
    assert read_regular(tmp_path / "a", 10) == b"a"
    with pytest.raises(Refused, match="it is a link"):
        read_regular(tmp_path / "b", 10)


def test_names_of_control_signs_are_shown_harmlessly(tmp_path):
    (tmp_path / "a\x1b[31m").symlink_to("x")
    _, problems = regular_files(tmp_path, SMALL)
    assert "\x1b" not in problems[0]
