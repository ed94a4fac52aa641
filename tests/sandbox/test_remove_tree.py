"""Whatever a student's code leaves behind is removed, and nothing else."""

import os
import sys

import pytest

from grader.sandbox.remove_tree import remove_tree


def nest(folder, depth: int) -> None:
    """Folders within folders, deeper than a path may be long."""
    folder.mkdir()
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("deeper", dir_fd=here)
        below = os.open("deeper", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)


def test_folders_nested_deeper_than_python_calls_itself(tmp_path):
    nest(tmp_path / "home", 3 * sys.getrecursionlimit())
    remove_tree(tmp_path / "home")
    assert os.listdir(tmp_path) == []


def test_links_are_removed_and_not_followed(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("x")
    home = tmp_path / "home"
    (home / "below").mkdir(parents=True)
    (home / "below" / "link").symlink_to(tmp_path / "mine")
    (home / "file").symlink_to(tmp_path / "mine" / "file")
    remove_tree(home)
    assert (tmp_path / "mine" / "file").read_text() == "x"
    assert os.listdir(tmp_path) == ["mine"]


def test_folders_without_permissions(tmp_path):
    home = tmp_path / "home"
    (home / "a" / "b" / "c").mkdir(parents=True)
    (home / "a" / "b" / "c" / "file").touch(mode=0o000)
    for folder in ("a/b/c", "a/b", "a"):
        (home / folder).chmod(0o000)
    remove_tree(home)
    assert not home.exists()


def test_what_is_not_there_is_removed(tmp_path):
    remove_tree(tmp_path / "home")


def test_what_cannot_be_removed_is_told_and_the_rest_is_gone(tmp_path, monkeypatch):
    home = tmp_path / "home"
    (home / "a").mkdir(parents=True)
    (home / "a" / "stays").touch()
    (home / "goes").touch()
    unlink = os.unlink

    def refused(path, **options):
        if str(path).endswith("stays"):
            raise PermissionError(1, "Operation not permitted")
        unlink(path, **options)

    monkeypatch.setattr(os, "unlink", refused)
    with pytest.raises(PermissionError):
        remove_tree(home)
    assert os.listdir(home) == ["a"]
