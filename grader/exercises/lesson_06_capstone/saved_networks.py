"""The networks that are to be saved, with all that a file may lose, and the fresh ones that read it."""

from pathlib import Path
from typing import Any

from grader.exercises.kit.networks import network
from grader.exercises.kit.statistics import settle_statistics


def trained_network(described_network: dict, data_seed: int) -> Any:
    """A network of a challenge as it is to be saved: its running statistics have moved."""
    import torch

    spec = described_network["spec"]
    model = _untied(network(spec)).train()
    generator = torch.Generator().manual_seed(data_seed)
    with torch.no_grad():
        for parameter in model.parameters():  # BatchNorm's too: no tensor has the values of another one
            parameter.add_(0.3 * (torch.rand(parameter.shape, generator=generator) - 0.5))
    shape = (12, 3, spec["size"], spec["size"])
    batches = [6 * torch.rand(shape, generator=generator, dtype=torch.float64) - 2 for _ in range(2)]
    settle_statistics(model, lambda trained: [trained(images) for images in batches])
    for place, counter in enumerate(b for name, b in model.named_buffers() if name.endswith("_tracked")):
        counter.fill_(2**24 + 1 + 2 * place)  # float32 has no such number
    model.train(described_network["training"])
    if described_network["channels_last"]:
        model = model.to(memory_format=torch.channels_last)
        weight = model.get_submodule(spec["ties"])[0].weight  # of two dimensions, and transposed
        weight.data = weight.data.t().contiguous().t()
    if described_network["training"]:
        model.get_submodule(spec["stages"][0]).eval()
        model.get_submodule(f"{spec['stem']}.0").requires_grad_(False)
        for parameter in model.parameters():
            parameter.grad = torch.ones_like(parameter) if parameter.requires_grad else None
    return model


def fresh_network(described_network: dict, seed: int) -> Any:
    """A freshly built network of the same architecture, in training mode."""
    return _untied(network({**described_network["spec"], "seed": seed})).train()


def _untied(model: Any) -> Any:
    """Without shared weights, which safetensors refuses: the task does not speak of them."""
    import torch

    seen: set[int] = set()
    for module in model.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            if id(parameter) in seen:
                setattr(module, name, torch.nn.Parameter(parameter.detach() * 1.5))
            seen.add(id(parameter))
    return model


def an_old_file(described_network: dict, seed: int, path: Path) -> bytes:
    """What lies at ``path`` already: another network's state."""
    from safetensors.torch import save_file

    state = fresh_network(described_network, seed).state_dict()
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)
    return path.read_bytes()
