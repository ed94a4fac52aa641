"""Right and wrong pairs of functions that save and load, on the public challenge and on secret ones."""

import copy
import io
import json
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from safetensors.torch import load_model as safetensors_load_model
from safetensors.torch import save_model as safetensors_save_model
from torch import nn

from grader.exercises import find_exercise

ID = "capstone.save_and_load"


def save(model, path):
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, path)


def load(model, path):
    model.load_state_dict(load_file(path))
    return model.eval()


def load_a_copy(model, path):
    model = copy.deepcopy(model)
    safetensors_load_model(model, path)
    return model.eval()


def save_tensor_by_tensor(model, path):
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    save_file({name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}, str(path))


def load_tensor_by_tensor(model, path):
    own = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    with torch.no_grad():
        for name, tensor in load_file(str(path)).items():
            own[name].copy_(tensor)
    return model.train(False)


def save_more(model, path):
    save_file({"seen": torch.zeros(3), **{k: t.contiguous() for k, t in model.state_dict().items()}}, path)


def load_less(model, path):
    model.load_state_dict({k: t for k, t in load_file(path).items() if k != "seen"})
    return model.eval()


def save_with_prefix(model, path):
    save_file({f"model.{k}": t.contiguous() for k, t in model.state_dict().items()}, path)


def load_with_prefix(model, path):
    model.load_state_dict({k.removeprefix("model."): t for k, t in load_file(path).items()})
    return model.eval()


def save_with_numpy(model, path):
    tensors = {k: np.ascontiguousarray(t.cpu().numpy()) for k, t in model.state_dict().items()}
    safetensors.numpy.save_file(tensors, path)


def load_with_numpy(model, path):
    model.load_state_dict({k: torch.from_numpy(a) for k, a in safetensors.numpy.load_file(path).items()})
    model.eval()
    return model


def save_numbered(model, path):
    save_file({f"{i}": t.contiguous() for i, t in enumerate(model.state_dict().values())}, path)


def load_numbered(model, path):
    tensors = load_file(path)
    model.load_state_dict({name: tensors[f"{i}"] for i, name in enumerate(model.state_dict())})
    return model.eval()


def save_flat(model, path):
    parts = [t.double().flatten() for t in model.state_dict().values()]
    save_file({"all": torch.cat(parts)}, path)


def load_flat(model, path):
    rest, state = load_file(path)["all"], {}
    for name, tensor in model.state_dict().items():
        state[name], rest = (
            rest[: tensor.numel()].reshape(tensor.shape).to(tensor.dtype),
            rest[tensor.numel() :],
        )
    model.load_state_dict(state)
    return model.eval()


def save_in_double(model, path):
    double = {k: (t.double() if t.is_floating_point() else t) for k, t in model.state_dict().items()}
    save_file({k: t.contiguous() for k, t in double.items()}, path)


def save_bytes(model, path):
    Path(path).write_bytes(
        safetensors.torch.save({k: t.contiguous() for k, t in model.state_dict().items()}, {"size": "160"})
    )


def load_by_safe_open(model, path):
    with safe_open(path, "pt") as file:
        model.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
    for module in model.modules():
        module.training = False
    return model


def load_by_assigning(model, path):
    model.load_state_dict(load_file(path), assign=True)
    return model.eval()


RIGHT = {
    "save_file": (save, load),
    "save_model": (safetensors_save_model, lambda m, p: (safetensors_load_model(m, p), m.eval())[1]),
    "tensor by tensor": (save_tensor_by_tensor, load_tensor_by_tensor),
    "something beside it": (save_more, load_less),
    "prefixed names": (save_with_prefix, load_with_prefix),
    "safetensors.numpy": (save_with_numpy, load_with_numpy),
    "safetensors.numpy, loaded with torch": (save_with_numpy, load),
    "numbers for names": (save_numbered, load_numbered),
    "one flat tensor": (save_flat, load_flat),
    "in double": (save_in_double, load),
    "bytes": (save_bytes, load_by_safe_open),
    "assigned": (save, load_by_assigning),
    "compiled": (save, lambda m, p: torch.compile(load(m, p))),
    "under no_grad": (torch.no_grad()(save), torch.no_grad()(load)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_pairs_of_functions_pass(name, everywhere):
    for verdict in everywhere(ID, RIGHT[name]):
        assert verdict.passed, verdict


def test_a_pair_may_be_a_list():
    assert find_exercise(ID).accepts([save, load])


def save_state(change):
    """Saves what ``change`` makes of each tensor, if that is not None."""

    def save_changed(model, path):
        changed = {name: change(name, tensor.clone(), model) for name, tensor in model.state_dict().items()}
        save_file({name: tensor.contiguous() for name, tensor in changed.items() if tensor is not None}, path)

    return save_changed


def load_some(choose):
    """Loads those tensors whose names ``choose`` takes."""

    def load_chosen(model, path):
        tensors = {name: tensor for name, tensor in load_file(path).items() if choose(name, model)}
        model.load_state_dict(tensors, strict=False)
        return model.eval()

    return load_chosen


def is_parameter(name, model):
    return name in dict(model.named_parameters())


def is_counter(name, tensor):
    return name.endswith("num_batches_tracked")


def head_of(model):
    """Name of the linear layer with as many outputs as there are classes: it is called last."""
    names = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    return next(name for name in names if name.rpartition(".")[2] in ("outlet", "readout", "scorer"))


def in_head(name, model):
    return name.startswith(f"{head_of(model)}.")


def load_loosely(model, path):
    model.load_state_dict(load_file(path), strict=False)
    return model.eval()


def save_elsewhere(model, path):
    save(model, "model.safetensors")


def load_from_elsewhere(model, path):
    model.load_state_dict(load_file("model.safetensors"), strict=False)
    return model.eval()


MEMORY = {}


def architecture(model):
    return str([(name, tensor.shape) for name, tensor in model.state_dict().items()])


def save_and_remember(model, path):
    save(model, path)
    MEMORY[architecture(model)] = MEMORY[Path(path).name] = MEMORY["last"] = copy.deepcopy(model)


def load_from_memory(model, path):
    model.load_state_dict(MEMORY[architecture(model)].state_dict())
    return model.eval()


def load_by_remembered_path(model, path):
    model.load_state_dict(MEMORY[Path(path).name].state_dict())
    return model.eval()


def return_the_remembered(model, path):
    return MEMORY["last"].eval()


def save_the_first():
    def save_it(model, path):
        first = seen.setdefault(str(list(model.state_dict())), copy.deepcopy(model))
        save(first, path)

    seen = {}
    return save_it


def load_nothing(model, path):
    model.load_state_dict({f"model.{name}": tensor for name, tensor in load_file(path).items()}, strict=False)
    return model.eval()


def then(change, load=load):
    """Loads, and then does something to the network."""

    def load_and_change(model, path):
        load(model, path)
        result = change(model)
        return model if result is None else result

    return load_and_change


def save_then(change, save=save):
    def save_and_change(model, path):
        save(model, path)
        change(model)

    return save_and_change


def add_hook(model):
    model.register_forward_hook(lambda *given: None)


def leave_gradients(model):
    next(model.parameters()).sum().backward()


def zero_a_weight(model):
    with torch.no_grad():
        next(model.parameters()).zero_()


def freeze(model):
    model.requires_grad_(False)


def save_eval(model, path):
    save(model.eval(), path)


def save_half(name, tensor, model):
    return tensor.half() if tensor.is_floating_point() else tensor


def save_pickle(model, path):
    torch.save(model.state_dict(), path)


def load_pickle(model, path):
    model.load_state_dict(torch.load(path, weights_only=True))
    return model.eval()


def load_pickled_module(model, path):
    model.load_state_dict(torch.load(path, weights_only=False).state_dict())
    return model.eval()


def save_as_it_lies(model, path):
    """As `safetensors.numpy` 0.8 does with arrays that are not contiguous; 0.7 put their numbers in order."""
    arrays = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    safetensors.numpy.save_file({k: a.ravel("K").reshape(a.shape) for k, a in arrays.items()}, path)


def save_npz(model, path):
    buffer = io.BytesIO()
    np.savez(buffer, **{name: tensor.numpy() for name, tensor in model.state_dict().items()})
    Path(path).write_bytes(buffer.getvalue())


def load_npz(model, path):
    with np.load(path) as stored:
        model.load_state_dict({name: torch.from_numpy(stored[name]) for name in stored.files})
    return model.eval()


def save_json(model, path):
    Path(path).write_text(json.dumps({name: tensor.tolist() for name, tensor in model.state_dict().items()}))


def load_json(model, path):
    stored = json.loads(Path(path).read_text())
    model.load_state_dict({name: torch.tensor(values) for name, values in stored.items()})
    return model.eval()


def save_two_files(model, path):
    save_file({name: p.detach().contiguous() for name, p in model.named_parameters()}, path)
    save_file({name: b.contiguous() for name, b in model.named_buffers()}, f"{path}.buffers")


def load_two_files(model, path):
    model.load_state_dict({**load_file(path), **load_file(f"{path}.buffers")})
    return model.eval()


def set_double(model):
    torch.set_default_dtype(torch.float64)


def add_buffer(model):
    model.register_buffer("saved_at", torch.zeros(1))


def not_written(model, path):
    raise NotImplementedError


def name_missing(model, path):
    return load_state(model, path)  # noqa: F821


# name: (pair, points, mistake)
def save_hidden(model, path):
    buffer = io.BytesIO()
    torch.save(model.state_dict(), buffer)
    save_file({"model": torch.frombuffer(bytearray(buffer.getvalue()), dtype=torch.uint8)}, path)


def load_hidden(model, path):
    model.load_state_dict(torch.load(io.BytesIO(load_file(path)["model"].numpy().tobytes())))
    return model.eval()


def save_trainable(model, path):
    kept = {name: p for name, p in model.named_parameters() if p.requires_grad}
    kept |= dict(model.named_buffers())
    save_file({name: tensor.detach().contiguous() for name, tensor in kept.items()}, path)


def save_contiguous_convolutions(model, path):
    state = model.state_dict().items()
    save_file({name: t.contiguous() if t.ndim == 4 else t for name, t in state}, path)


def one_mode_for_all(model, path):
    mode = model.training
    save(model.eval(), path)
    model.train(mode)


def contiguous_itself(model):
    for parameter in model.parameters():
        parameter.data = parameter.data.contiguous()


WRONG = {
    "torch.save": ((save_pickle, load_pickle), 1, "pickle"),
    "the whole model in torch.save": (
        (lambda m, p: torch.save(m, p), load_pickled_module),
        1,
        "pickle",
    ),
    "old torch.save": (
        (lambda m, p: torch.save(m.state_dict(), p, _use_new_zipfile_serialization=False), load_pickle),
        1,
        "pickle",
    ),
    "pickled": (
        (
            lambda m, p: Path(p).write_bytes(pickle.dumps(m.state_dict())),
            lambda m, p: (m.load_state_dict(pickle.loads(Path(p).read_bytes())), m.eval())[1],
        ),
        1,
        "pickle",
    ),
    "np.savez": ((save_npz, load_npz), 1, "numpy-file"),
    "np.save": ((lambda m, p: np.save(open(p, "wb"), np.zeros(3)), lambda m, p: m.eval()), 1, "numpy-file"),  # noqa: SIM115
    "json": ((save_json, load_json), 1, "other-format"),
    "text": ((lambda m, p: Path(p).write_text("weights"), load), 1, "other-format"),
    "an empty file": ((lambda m, p: Path(p).touch(), load), 1, "other-format"),
    "channels_last": ((lambda m, p: save_file(m.state_dict(), p), load), 2, "not-contiguous"),
    "numpy without contiguous": ((save_as_it_lies, load), 2, "order-of-numbers"),
    "no buffers": (
        (save_state(lambda n, t, m: t if is_parameter(n, m) else None), load_loosely),
        2,
        "buffers-not-saved",
    ),
    "no buffers, strict": (
        (save_state(lambda n, t, m: t if is_parameter(n, m) else None), load),
        2,
        "buffers-not-saved",
    ),
    "no counters": (
        (save_state(lambda n, t, m: None if is_counter(n, t) else t), load_loosely),
        2,
        "counters-not-saved",
    ),
    "only buffers": (
        (save_state(lambda n, t, m: None if is_parameter(n, m) else t), load_loosely),
        2,
        "weights-not-saved",
    ),
    "only what is trained of": (
        (save_state(lambda n, t, m: t if n.endswith("weight") else None), load_loosely),
        2,
        "not-saved",
    ),
    "head saved": (
        (save_state(lambda n, t, m: t if in_head(n, m) else None), load_loosely),
        2,
        "head-alone-saved",
    ),
    "all but the head": (
        (save_state(lambda n, t, m: None if in_head(n, m) else t), load_loosely),
        2,
        "head-not-saved",
    ),
    "an empty dict": ((lambda m, p: save_file({}, p), load_loosely), 2, "file-empty"),
    "two files": ((save_two_files, load_two_files), 2, "buffers-not-saved"),
    "half in the file": ((save_state(save_half), load), 2, "digits-not-saved"),
    "bfloat16 in the file": (
        (save_state(lambda n, t, m: t.bfloat16() if t.is_floating_point() else t), load),
        2,
        "digits-not-saved",
    ),
    "doubled values": ((save_state(lambda n, t, m: 2 * t), load), 2, "changed-in-file"),
    "rounded values": (
        (save_state(lambda n, t, m: t.round(decimals=3) if t.is_floating_point() else t), load),
        2,
        "changed-in-file",
    ),
    "another network's": ((save_the_first(), load), 2, "file-of-another"),
    "fixed name": ((save_elsewhere, load_from_elsewhere), 0, "file-elsewhere"),
    "ending added": ((lambda m, p: save(m, f"{p}.st"), lambda m, p: load(m, f"{p}.st")), 0, "file-elsewhere"),
    "nothing written": ((lambda m, p: None, lambda m, p: m.eval()), 0, "no-file"),
    "fixed name read": ((save, load_from_elsewhere), 2, "load-stops"),
    "wrong names": ((save_with_prefix, load), 2, "load-stops"),
    "a name missing": ((save, name_missing), 2, "load-stops"),
    "by the path in memory": ((save_and_remember, load_by_remembered_path), 2, "load-stops"),
    "into the wrong object": ((save, lambda m, p: load_file(p).load_state_dict(m)), 2, "load-stops"),
    "from memory": ((save_and_remember, load_from_memory), 2, "another-loaded"),
    "the last one saved": ((save_and_remember, return_the_remembered), 2, "another-loaded"),
    "buffers not loaded": ((save, load_some(is_parameter)), 2, "buffers-not-loaded"),
    "head loaded": ((save, load_some(in_head)), 2, "only-head-loaded"),
    "all but the head loaded": ((save, load_some(lambda n, m: not in_head(n, m))), 2, "part-loaded"),
    "only weights loaded": ((save, load_some(lambda n, m: n.endswith("weight"))), 2, "part-loaded"),
    "nothing loaded": ((save, load_nothing), 2, "nothing-loaded"),
    "load is empty": ((save, lambda m, p: m.eval()), 2, "nothing-loaded"),
    "read and left": ((save, lambda m, p: (load_file(p), m.eval())[1]), 2, "nothing-loaded"),
    "a copy loaded, the original returned": (
        (save, lambda m, p: (load_a_copy(m, p), m.eval())[1]),
        2,
        "nothing-loaded",
    ),
    "a weight zeroed": ((save, then(zero_a_weight)), 2, "not-restored"),
    "half and back": ((save, then(lambda m: m.half().float())), 2, "digits-not-loaded"),
    "reset statistics": (
        (
            save,
            then(
                lambda m: (
                    [b.reset_running_stats() for b in m.modules() if hasattr(b, "reset_running_stats")] and m
                )
            ),
        ),
        2,
        "not-restored",
    ),
    "in a wrapper": ((save, then(nn.Sequential)), 2, "not-restored"),
    "training mode": ((save, lambda m, p: (m.load_state_dict(load_file(p)), m)[1]), 3, "training-mode"),
    "train at the end": ((save, then(lambda m: m.train())), 3, "training-mode"),
    "returns nothing": ((save, lambda m, p: (load(m, p), None)[1]), 3, "nothing-returned"),
    "returns what load_state_dict gives": (
        (save, lambda m, p: (m.eval(), m.load_state_dict(load_file(p)))[1]),
        3,
        "nothing-returned",
    ),
    "returns the state": ((save, lambda m, p: load(m, p).state_dict()), 3, "nothing-returned"),
    "nothing returned, training mode": (
        (save, lambda m, p: m.load_state_dict(load_file(p)) and None),
        2,
        "training-mode",
    ),
    "a copy loaded": ((save, load_a_copy), 3, "given-stays-fresh"),
    "a pickle as bytes": ((save_hidden, load_hidden), 2, "numbers-hidden"),
    "old file kept": ((lambda m, p: Path(p).exists() or save(m, p), load), 2, "old-file-kept"),
    "the name alone": ((lambda m, p: save(m, Path(p).name), load), 0, "file-elsewhere"),
    "another ending": (
        (lambda m, p: save(m, Path(p).with_suffix(".safetensors")), load),
        0,
        "file-elsewhere",
    ),
    "all to float32": (
        (
            lambda m, p: save_file({k: t.float().contiguous() for k, t in m.state_dict().items()}, p),
            load,
        ),
        2,
        "digits-not-saved",
    ),
    "what is trainable, and the buffers": (
        (save_trainable, lambda m, p: (m.load_state_dict(load_file(p), strict=False), m.eval())[1]),
        2,
        "frozen-not-saved",
    ),
    "contiguous in four dimensions": ((save_contiguous_convolutions, load), 2, "not-contiguous"),
    "one mode for all": ((one_mode_for_all, load), 3, "saving-mode-changed"),
    "gradients cleared": ((save_then(lambda m: m.zero_grad()), load), 3, "saving-gradients-cleared"),
    "contiguous itself": ((save_then(contiguous_itself), load), 3, "saving-layout-changed"),
    "a note on the model": (
        (save_then(lambda m: setattr(m, "saved", "yes")), load),
        3,
        "saving-attributes-changed",
    ),
    "a note on the loaded model": (
        (save, then(lambda m: (setattr(m, "loaded", "yes"), m)[1])),
        3,
        "loading-attributes-changed",
    ),
    "channels last when loaded": (
        (save, then(lambda m: m.to(memory_format=torch.channels_last))),
        3,
        "loading-layout-changed",
    ),
    "eval before saving": ((save_eval, load), 3, "saving-mode-changed"),
    "hook while saving": ((save_then(add_hook), load), 3, "saving-hook-left"),
    "gradients while saving": ((save_then(leave_gradients), load), 3, "saving-gradients-left"),
    "frozen while saving": ((save_then(freeze), load), 3, "saving-flags-changed"),
    "zeroed after saving": ((save_then(zero_a_weight), load), 3, "saving-weights-changed"),
    "moved after saving": ((save_then(lambda m: m.to("meta")), load), 0, "saving-device-changed"),
    "halved after saving": ((save_then(lambda m: m.half()), load), 0, "saving-dtype-changed"),
    "halved before saving": ((lambda m, p: save(m.half(), p), load), 0, "saving-dtype-changed"),
    "a buffer added": ((save_then(add_buffer), load), 0, "saving-tensors-replaced"),
    "half model": ((save, then(lambda m: m.half())), 0, "loading-dtype-changed"),
    "double model": ((save, then(lambda m: m.double())), 0, "loading-dtype-changed"),
    "meta model": ((save, then(lambda m: m.to("meta"))), 0, "loading-device-changed"),
    "frozen": ((save, then(freeze)), 3, "loading-flags-changed"),
    "gradients": ((save, then(leave_gradients)), 3, "loading-gradients-left"),
    "hook": ((save, then(add_hook)), 3, "loading-hook-left"),
    "default dtype": ((save, then(set_double)), 3, "settings-changed"),
    "wrong order of arguments": ((lambda p, m: save(m, p), load), 0, "raised"),
    "a name missing in save": ((name_missing, load), 0, "raised"),
    "no contiguous, but caught": ((lambda m, p: m.save(p), load), 0, "raised"),
    "one function": (save, 0, "wrong-kind"),
    "called": ((None, None), 0, "wrong-kind"),
    "stub": ((save, not_written), 0, "unwritten"),
    "both stubs": ((not_written, not_written), 0, "unwritten"),
}


@pytest.fixture(autouse=True)
def _alone(tmp_path, monkeypatch):
    """In an empty folder, which no answer may leave or litter."""
    monkeypatch.chdir(tmp_path)
    yield
    assert Path.cwd() == tmp_path
    assert not list(tmp_path.iterdir())


PLACES = (None, 101)  # the public challenge and a secret one


@pytest.mark.parametrize("name", WRONG)
def test_wrong_pairs_are_named_and_cost_the_same_everywhere(name, graded):
    answer, points, mistake = WRONG[name]
    for seed in PLACES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            verdict = graded(ID, answer, seed)
        assert verdict.points == points, verdict
        assert mistake in [finding.id for finding in verdict.findings], verdict


def test_every_known_mistake_is_reached(graded):
    reached = {found.id for answer, _, _ in WRONG.values() for found in graded(ID, answer, None).findings}
    assert {mistake.id for mistake in find_exercise(ID).mistakes} - reached == set()
