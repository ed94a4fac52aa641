"""Flowers102 offline, on a small data set in the very layout that torchvision keeps on disk."""

import hashlib
import io

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat
from torchvision.datasets import Flowers102

from grader.lab import flowers
from grader.lab.flowers import load_flowers


@pytest.fixture
def folder_with_flowers(empty_cache, monkeypatch):
    """Six photographs of three kinds: three to train on, two to validate, one to test."""
    base = empty_cache / "flowers-102"
    (base / "jpg").mkdir(parents=True)
    for number in range(1, 7):
        pixels = np.full((60, 80, 3), number * 30, dtype=np.uint8)
        Image.fromarray(pixels).save(base / "jpg" / f"image_{number:05d}.jpg")
    savemat(base / "imagelabels.mat", {"labels": np.array([[1, 2, 3, 1, 2, 3]])})
    savemat(base / "setid.mat", {"trnid": [[1, 2, 3]], "valid": [[5, 6]], "tstid": [[4]]})
    files = dict(Flowers102._file_dict)
    for name in ("label", "setid"):
        file = files[name][0]
        files[name] = (file, hashlib.md5((base / file).read_bytes()).hexdigest())
    monkeypatch.setattr(Flowers102, "_file_dict", files)
    return empty_cache


def no_network(*arguments, **options):
    raise OSError("unreachable")


def test_photographs_and_kinds_come_in_the_data_sets_order(folder_with_flowers, monkeypatch):
    monkeypatch.setattr(flowers.socket, "create_connection", no_network)
    loaded = load_flowers(size=32)
    assert loaded.images.shape == (5, 32, 32, 3)
    assert loaded.kinds.tolist() == [0, 1, 2, 1, 2]
    assert loaded.train.tolist() == [0, 1, 2]
    assert loaded.test.tolist() == [3, 4]
    assert [round(int(image.mean()) / 30) for image in loaded.images] == [1, 2, 3, 5, 6]
    images = loaded.batch(np.array([4, 0]))
    assert images.shape == (2, 3, 32, 32)
    assert torch.allclose(images[0], torch.full((3, 32, 32), (180 / 255 - 0.5) / 0.5), atol=0.02)


def test_the_second_time_nothing_is_fetched_or_decoded(folder_with_flowers, monkeypatch):
    load_flowers(size=16)
    monkeypatch.setattr(flowers, "_part", no_network)
    assert len(load_flowers(size=16).images) == 5


def test_offline_one_line_says_why(empty_cache, monkeypatch, capsys):
    monkeypatch.setattr(flowers.socket, "create_connection", no_network)
    assert load_flowers(size=16) is None
    told = capsys.readouterr().out
    assert told.count("\n") == 1
    assert "skipped" in told


def test_online_torchvision_is_asked_to_download(empty_cache, monkeypatch):
    asked = []

    class Fetched(list):
        pass

    def stand_in(folder, split, download):
        asked.append((split, download))
        if not download:
            raise RuntimeError("Dataset not found or corrupted.")
        return Fetched([(Image.new("RGB", (40, 40)), 0)])

    stand_in._download_url_prefix = "https://example.org/flowers"
    monkeypatch.setattr("torchvision.datasets.Flowers102", stand_in)
    monkeypatch.setattr(flowers.socket, "create_connection", lambda *given, **named: io.BytesIO())
    assert len(load_flowers(size=16).images) == 2
    assert asked == [("train", False), ("train", True), ("val", False), ("val", True)]
