"""A student's own photographs in their folders: read, or named with what is to be done."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from grader.errors import CourseError
from grader.lab import own_photos
from grader.lab.own_photos import load_own_photos

RED, BLUE = (255, 0, 0), (0, 0, 255)
SIZE = 16


def save(path: Path, colour=RED, size=(40, 30), **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, **options)
    return path


@pytest.fixture
def folder(tmp_path):
    """Two classes with five and four photographs."""
    for number in range(5):
        save(tmp_path / "photos" / "oak" / f"{number}.jpg", RED)
    for number in range(4):
        save(tmp_path / "photos" / "birch" / f"{number}.png", BLUE)
    return tmp_path / "photos"


def left_out(capsys) -> list[str]:
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("Left out: ") for line in lines)
    return lines


def assert_colour(pixels, colour, tolerance=3):
    assert (pixels.shape, pixels.dtype) == ((SIZE, SIZE, 3), np.uint8)
    np.testing.assert_allclose(pixels.astype(int), np.broadcast_to(colour, pixels.shape), atol=tolerance)


# The folder


def test_photographs_come_as_a_data_set(folder):
    photos = load_own_photos(folder, SIZE)
    assert photos.class_names == ["birch", "oak"]
    assert photos.kinds.tolist() == [0] * 4 + [1] * 5
    assert [file.name for file in photos.files[4:]] == [f"{number}.jpg" for number in range(5)]
    assert (photos.train.tolist(), photos.test.tolist()) == ([0, 1, 2, 4, 5, 6, 8], [3, 7])
    assert photos.images.shape == (9, SIZE, SIZE, 3)
    assert photos.batch(photos.test).shape == (2, 3, SIZE, SIZE)
    assert torch.equal(photos.labels(photos.test), torch.tensor([0, 1]))
    assert_colour(photos.images[0], BLUE)
    assert_colour(photos.images[8], RED)


def test_photographs_too_large_to_submit_are_told_so(folder, capsys, monkeypatch):
    load_own_photos(folder, SIZE)
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(own_photos, "_LARGE", 1_000)
    load_own_photos(folder, SIZE)
    assert f"if you hand in with it, move {folder}/ elsewhere first" in capsys.readouterr().out


def test_without_a_folder_there_is_one_line_and_none(tmp_path, capsys):
    assert load_own_photos(tmp_path / "absent") is None
    (line,) = capsys.readouterr().out.splitlines()
    assert "make one with a subfolder for each class" in line


@pytest.mark.parametrize(
    ("classes", "words"), [(["oak"], "holds 1 subfolder with"), ([], "holds 0 subfolders with")]
)
def test_one_class_is_one_sentence(tmp_path, classes, words):
    for name in classes:
        save(tmp_path / name / "1.jpg")
    with pytest.raises(CourseError, match=words):
        load_own_photos(tmp_path)


@pytest.mark.parametrize(
    ("count", "words"), [(3, "holds 3 photographs"), (1, "holds 1 photograph that"), (0, "holds 0")]
)
def test_too_few_photographs_name_the_class(folder, count, words):
    (folder / "elm").mkdir()
    for number in range(count):
        save(folder / "elm" / f"{number}.jpg")
    with pytest.raises(CourseError, match=f"elm/ {words}"):
        load_own_photos(folder, SIZE)


def test_hidden_files_and_folders_are_passed_over_in_silence(folder, capsys):
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / "__MACOSX").mkdir()
    for name in ("._0.jpg", ".DS_Store", "Thumbs.db", "desktop.ini"):
        (folder / "oak" / name).write_bytes(b"no picture")
    (folder / "oak" / "more.jpg").mkdir()
    assert len(load_own_photos(folder, SIZE).files) == 9
    assert left_out(capsys) == []


def test_upper_case_endings_are_read(folder):
    for ending in ("JPG", "Jpeg", "PNG", "TIFF", "jfif"):
        picture = Image.new("RGB", (20, 20))
        picture.save(folder / "oak" / f"x.{ending}", format=None if ending != "jfif" else "JPEG")
    assert len(load_own_photos(folder, SIZE).files) == 14


def test_unreadable_files_are_named_and_left_out(folder, capsys):
    oak = folder / "oak"
    (oak / "empty.jpg").write_bytes(b"")
    (oak / "text.png").write_text("not a picture")
    (oak / "short.jpg").write_bytes((oak / "0.jpg").read_bytes()[:300])
    (oak / "notes.txt").write_text("oaks by the road")
    assert len(load_own_photos(folder, SIZE).files) == 9
    lines = left_out(capsys)
    assert [re.search(r"oak/([\w.]+) ", line)[1] for line in lines] == [
        "empty.jpg",
        "notes.txt",
        "short.jpg",
        "text.png",
    ]
    assert "save it as JPEG or PNG" in lines[0]
    assert "does not end as a picture does" in lines[1]


def test_files_may_go_as_far_as_a_class_has_enough(folder):
    """Those left out do not count."""
    (folder / "birch" / "0.png").write_bytes(b"broken")
    with pytest.raises(CourseError, match="birch/ holds 3 photographs"):
        load_own_photos(folder, SIZE)


# Photographs that lie astray


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (
            ["a.jpg"],
            "1 photograph directly in {root}/ (a.jpg), which names no class: move those that belong together "
            "into a subfolder named after their class, such as {root}/oak/.",
        ),
        (
            ["5.jpg", "a.png", "b.png", "c.png"],
            "4 photographs directly in {root}/ (5.jpg, a.png, b.png …), which",
        ),
        (
            ["oak/first walk/x.jpg"],
            "1 photograph in {root}/oak/first walk/, too deep in {root}/: if first walk is a class, move its "
            "folder to {root}/first walk/; if they belong to the class oak, move them into {root}/oak/.",
        ),
        (["oak/a/b/x.jpg", "oak/a/b/y.jpg"], "2 photographs in {root}/oak/a/b/, too deep"),
    ],
)
def test_photographs_elsewhere_than_in_a_class_are_named_with_their_place(folder, capsys, names, sentence):
    for name in names:
        save(folder / name)
    assert len(load_own_photos(folder, SIZE).files) == 9
    (line,) = left_out(capsys)
    assert line.startswith(f"Left out: {sentence.format(root=folder)}")


@pytest.mark.parametrize("above", ["leaves", "my_photos"])
def test_classes_that_lie_one_folder_too_deep(folder, capsys, above):
    root = folder.parent / "deep"
    root.mkdir()
    folder.rename(root / above)
    with pytest.raises(CourseError, match=f"make one subfolder for each class directly in {root}/"):
        load_own_photos(root, SIZE)
    assert [re.search(r"move its folder to (\S+);", line)[1] for line in left_out(capsys)] == [
        f"{root}/birch/",
        f"{root}/oak/",
    ]


def test_an_archive_is_to_be_unpacked(folder, capsys):
    (folder / "oak.zip").write_bytes(b"PK")
    (folder / "oak" / "more.ZIP").write_bytes(b"PK")
    (folder / "notes.txt").write_text("oaks by the road")
    load_own_photos(folder, SIZE)
    beside, above, inside = left_out(capsys)
    assert "notes.txt does not end as a picture does" in beside
    assert above.endswith(
        f"oak.zip is an archive: unpack it, the photographs of each class into a subfolder of {folder}/."
    )
    assert "more.ZIP is an archive" in inside


def test_what_is_hidden_below_a_class_is_passed_over(folder, capsys):
    for name in ("oak/.trash/x.jpg", "oak/__MACOSX/deep/x.jpg", "oak/empty/._x.jpg"):
        save(folder / name)
    load_own_photos(folder, SIZE)
    assert left_out(capsys) == []
