"""Whether this machine has what the lessons need, in a few lines that every machine prints alike."""

from grader.errors import CourseError
from grader.lab.backbone import checkpoint_path
from grader.lab.solar_cells import prepare_solar_cells


def environment_report() -> str:
    """One line for each thing that the lessons need: in place, or what to do about it.

    Names no versions and no paths, so that the text is the same wherever all is well.
    """
    needs = [
        ("PyTorch and torchvision work together", _torch_pair),
        ("The pretrained weights are installed", checkpoint_path),
        ("The solar cells are installed and can be prepared", prepare_solar_cells),
    ]
    lines = []
    for what, look in needs:
        try:
            look()
            lines.append(f"✓ {what}.")
        except CourseError as problem:
            lines.append(f"✗ {what}: not yet. {problem}")
    return "\n".join(lines)


def _torch_pair() -> None:
    """torchvision's own operators exist only beside the torch that it was built for."""
    try:
        import torchvision

        torchvision.ops.nms
    except (ImportError, RuntimeError, AttributeError) as error:
        raise CourseError(
            "torch and torchvision do not belong together: install both from the same place, with "
            "`pip install --force-reinstall torch torchvision`."
        ) from error
