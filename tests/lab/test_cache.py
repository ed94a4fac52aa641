import errno
import os
import shutil
from collections import namedtuple

import pytest

from grader.errors import CourseError
from grader.lab import cache


def test_the_environment_variable_chooses_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "here"))
    assert cache.cache_folder() == tmp_path / "here"
    monkeypatch.delenv(cache.VARIABLE)
    assert "finetuning-course" in str(cache.cache_folder())


def test_a_file_in_the_folders_place_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "file" / "cache"))
    with pytest.raises(CourseError, match=cache.VARIABLE), cache.exclusive("test", 1):
        pass
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "full"), (errno.EROFS, "written to"), (errno.EACCES, "written to")]
)
def test_refusals_of_the_system_are_one_sentence(tmp_path, number, words):
    with pytest.raises(CourseError, match=words), cache.reported(tmp_path):
        raise OSError(number, "as the system says it")


def test_other_errors_are_not_hidden(tmp_path):
    with pytest.raises(OSError, match="odd"), cache.reported(tmp_path):
        raise OSError(errno.EIO, "odd")


def test_too_little_space_is_said_before_anything_is_written(empty_cache, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10, 5, 5))
    with pytest.raises(CourseError, match="disk is full"), cache.exclusive("test", bytes_needed=6):
        pytest.fail("the block must not run")


def test_others_may_read_it_whatever_the_umask(empty_cache):
    before = os.umask(0o077)
    try:
        with cache.exclusive("test", 1) as folder:
            cache.write_whole(folder / "data", b"public")
    finally:
        os.umask(before)
    assert (folder.stat().st_mode & 0o777, (folder / "data").stat().st_mode & 0o777) == (0o755, 0o644)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "file"
    cache.write_whole(target, b"old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(cache.os, "fsync", full)
    with pytest.raises(CourseError, match="disk is full"):
        cache.write_whole(target, b"new and longer")
    assert target.read_bytes() == b"old"
