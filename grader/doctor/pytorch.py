"""Do torch and torchvision belong together?"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from grader.doctor.diagnosis import Diagnosis, Status

SUBJECT = "PyTorch and torchvision"


def torch_pair() -> Diagnosis:
    """Import both and look for torchvision's compiled operators.

    A CPU-only torch ("2.14.1+cpu") beside the registry's torchvision, or two releases that were not made
    for each other, fail with RuntimeError "operator torchvision::nms does not exist".
    """
    try:
        import_module("torch")
        # torchvision also keeps the reason of a failed load for its first use.
        import_module("torchvision").extension._assert_has_ops()
    except (ImportError, RuntimeError, AttributeError, OSError) as error:
        return Diagnosis(Status.BAD, SUBJECT, _remedy(str(error)))
    pair = f"{_version('torch')} and {_version('torchvision')}"
    return Diagnosis(Status.GOOD, SUBJECT, f"{pair} belong together.")


def _remedy(error: str) -> str:
    torch, vision = _version("torch"), _version("torchvision")
    if "torchvision" in error and ("::" in error or "C++" in error):
        build = torch.partition("+")[2]
        source = f"from the index of the {build} builds" if build else "from the same index"
        return (
            f"torch {torch} and torchvision {vision} were not built for each other; install both together "
            f"{source}: pip install --force-reinstall torch torchvision."
        )
    reason = error.strip().splitlines()[0] if error.strip() else "no reason given"
    return f"They cannot be imported ({reason}): pip install --force-reinstall torch torchvision."


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
