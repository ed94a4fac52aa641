"""What a zip holds is read within bounds, under the right names, and what is not taken is named."""

import io
import stat
import zipfile

import pytest

from grader.submissions import download_contents, zip_files
from grader.submissions.downloads import read_downloads

MB = 1_000_000


def packed(files, method=zipfile.ZIP_DEFLATED):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return raw.getvalue()


def read(tmp_path, raw):
    (tmp_path / "d.zip").write_bytes(raw)
    return read_downloads(tmp_path / "d.zip")


def names(contents):
    return [download.name for download in contents.files]


def test_zips_that_lead_out_link_or_grow_are_refused_and_named(course, write):
    path = course.folder / "d.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../evil.ipynb", write())
        archive.writestr("/evil.ipynb", write())
        archive.writestr("c:/evil.ipynb", write())
        link = zipfile.ZipInfo("link.ipynb")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bomb.ipynb", b" " * 101_000_000)
        archive.writestr("x" * 1001, b"")
    collected = course.collect_from(path)
    assert collected.placed == []
    assert dict(collected.aside) == {
        "../evil.ipynb": "its name leads out of the folder",
        "/evil.ipynb": "its name leads out of the folder",
        "c:/evil.ipynb": "its name leads out of the folder",
        "link.ipynb": "it is a link",
        "bomb.ipynb": "it is larger than 100 MB",
        "x" * 1001: "a part of its name has more than 1,000 letters",
    }
    assert not (course.folder / "submitted").exists()
    assert not (course.folder / "unmatched").exists()


def test_a_bomb_is_kept_as_the_small_zip_that_it_is(course, write):
    files = {f"{n}.bin": b"\0" * (20 * MB) for n in range(9)}
    bomb = packed({**files, "lesson.ipynb": write()})
    assert len(bomb) < MB
    collected = course.collect({"ada.zip": bomb, "bob.ipynb": write()})
    assert course.submitted == {"ada": write(), "bob": write()}
    assert sum(map(len, course.unmatched)) < MB
    assert "unpacked it would be" in dict(collected.aside)["ada/0.bin"]
    assert "kept whole" in dict(collected.aside)["ada.zip"]


def test_one_students_zip_holds_so_much_and_a_notebook_comes_first(course, write):
    zipped = packed({f"{n}.bin": bytes([n]) * (9 * MB) for n in range(7)} | {"z/lesson.ipynb": write()})
    collected = course.collect({"ada.zip": zipped})
    assert course.submitted == {"ada": write()}
    reason = dict(collected.aside)["ada.zip"]
    assert reason == "50 MB are allowed in one zip: ada/5.bin and 1 more file did not fit"
    assert zipped in course.unmatched


def test_the_cap_goes_on_over_all_zips_within():
    contents = download_contents.Contents(bytes_left=1000)
    for student in ("a", "b", "c"):
        inner = download_contents.Download(f"{student}.zip", packed({"1": b"x" * 300, "2": b"y" * 300}))
        zip_files.open_students_zip(inner, contents)
    assert names(contents) == ["a/1", "a/2", "b/1"]
    assert contents.beyond == ["b/2", "c/1", "c/2"]
    assert contents.without_room().name == "b/2 and 2 more files"


def test_files_beyond_the_number_are_counted_and_named_in_one_line():
    contents = download_contents.Contents(files_left=2)
    zip_files.read_zip(io.BytesIO(packed({f"{n}.txt": b"" for n in range(5)})), contents)
    assert names(contents) == ["0.txt", "1.txt"]
    assert contents.without_room().name == "2.txt and 2 more files"
    assert "collect the class in parts" in contents.without_room().reason


def test_many_that_are_refused_in_one_zip_are_one_line(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        for n in range(100):
            archive.writestr(f"../{n}", b"")
    contents = read(tmp_path, packed({"ada.zip": inner.getvalue()}))
    assert len(contents.refused) == zip_files.TOLD_OF_ONE_ZIP + 2
    assert contents.refused[-2].name == "ada/../20 and 79 more files"


def damaged(raw):
    at = raw.index(b"content of the file") if b"content of the file" in raw else 40
    return raw[:at] + b"\xff" * 10 + raw[at + 10 :]


@pytest.mark.parametrize(
    "raw",
    [
        b"no zip",
        b"",
        packed({"a": b"content of the file" * 9})[:-30],
        damaged(packed({"a": b"content of the file"}, zipfile.ZIP_STORED)),
        damaged(packed({"a": b"content of the file" * 90})),
        damaged(packed({"a": b"content of the file" * 90}, zipfile.ZIP_LZMA)),
        damaged(packed({"a": b"content of the file" * 90}, zipfile.ZIP_BZIP2)),
    ],
    # Not by its bytes: a zip holds the time at which it was packed, another one in each process of pytest.
    ids=["no zip", "empty", "cut off", "stored", "deflated", "lzma", "bzip2"],
)
def test_a_damaged_zip_of_a_student_is_kept_and_named(raw, course):
    collected = course.collect({"ada.zip": raw})
    assert "damaged" in " ".join(reason for _, reason in collected.aside)
    assert course.unmatched == [raw]


def test_an_encrypted_file_is_named(tmp_path):
    raw = bytearray(packed({"a.ipynb": b"x"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + place] |= 1
    assert [one.reason for one in read(tmp_path, bytes(raw)).refused] == ["it is encrypted"]


def test_a_file_without_a_name_is_named_all_the_same(tmp_path):
    raw = bytearray(packed({"x": b"x"}))
    for mark, place in ((b"PK\x03\x04", 26), (b"PK\x01\x02", 28)):  # the letter becomes extra data
        raw[raw.index(mark) + place : raw.index(mark) + place + 4] = b"\0\0\1\0"
    assert [one.reason for one in read(tmp_path, bytes(raw)).refused] == ["it has no name"]


def test_utf8_without_its_bit_is_read_as_utf8(tmp_path):
    raw = packed({"Zoxx xx.ipynb": b"x"}).replace(b"Zoxx xx", "Zoë Ö".encode())
    assert names(read(tmp_path, raw)) == ["Zoë Ö.ipynb"]
    raw = packed({"Zox x.ipynb": b"x"}).replace(b"Zox x", "Zoë Ö".encode("cp437"))
    assert names(read(tmp_path, raw)) == ["Zoë Ö.ipynb"]


def test_hidden_files_and_caches_are_passed_over_and_counted(tmp_path):
    raw = packed(
        {"__MACOSX/._a.ipynb": b"", "ada/.DS_Store": b"", "ada/.ipynb_checkpoints/a.ipynb": b"", "a": b""}
    )
    contents = read(tmp_path, raw)
    assert names(contents) == ["a"]
    assert len(contents.passed_over) == 3


def test_a_name_of_ninety_four_byte_letters_is_a_students_name(course, write):
    letter = "\U00020000"
    course.collect(
        {
            f"{letter * 90}.ipynb": write(),
            f"{letter * 91}.ipynb": write(),
            f"{letter * 60}.{letter * 60}": b"x",
        }
    )
    assert len(course.submitted) == 2
    assert course.unmatched == [b"x"]


def test_a_folder_is_read_without_following_links(course, write, tmp_path):
    folder = tmp_path / "download"
    (folder / "ada").mkdir(parents=True)
    (folder / "ada" / "lesson.ipynb").write_bytes(write())
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "lesson.ipynb").write_bytes(write("secret"))
    (folder / "bob").symlink_to(tmp_path / "elsewhere")
    (folder / "cyd.ipynb").symlink_to(tmp_path / "elsewhere" / "lesson.ipynb")
    (folder / "dan.zip").write_bytes(packed({"lesson.ipynb": write("dan")}))
    collected = course.collect_from(folder)
    assert course.submitted == {"ada": write(), "dan": write("dan")}
    assert dict(collected.aside) == {"bob": "it is a link", "cyd.ipynb": "it is a link"}


def test_folders_within_folders_end_somewhere(tmp_path):
    deep = tmp_path / "d"
    for _ in range(60):
        deep = deep / "x"
    deep.mkdir(parents=True)
    (deep / "lesson.ipynb").write_bytes(b"")
    contents = read_downloads(tmp_path / "d")
    assert contents.files == []
    assert contents.refused[0].reason == "the folders are nested too deeply"
