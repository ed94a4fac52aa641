"""Wrong and right answers to ``freeze_backbone``, on the public challenge and on secret ones."""

import copy
import functools

import pytest
import torch
from torch import nn

ID = "freezing.freeze_backbone"
NORMS = nn.BatchNorm1d | nn.BatchNorm2d


def freeze(model, head_name):
    for parameter in model.parameters():
        parameter.requires_grad = False
    for parameter in model.get_submodule(head_name).parameters():
        parameter.requires_grad = True


def by_name(model, head_name):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(head_name + "."))


def by_every_name(model, head_name):
    model.requires_grad_(False)
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if name.startswith(head_name + "."):
            parameter.requires_grad_(True)


def by_identity(model, head_name):
    head = set(map(id, model.get_submodule(head_name).parameters()))
    for parameter in model.parameters():
        parameter.requires_grad = id(parameter) in head


def in_one_call(model, head_name):
    return model.requires_grad_(False).get_submodule(head_name).requires_grad_()


def by_attributes(model, head_name):
    head = model
    for part in head_name.split("."):
        head = getattr(head, part)
    model.requires_grad_(False)
    head.requires_grad_(True)


def by_apply(model, head_name):
    model.apply(lambda module: module.requires_grad_(False))
    model.get_submodule(head_name).apply(lambda module: module.requires_grad_(True))


def without_recording(model, head_name):
    with torch.inference_mode():
        freeze(model, head_name)


def with_a_flag_too_many(model, head_name):
    model.frozen = True
    freeze(model, head_name)


class AsAnObject:
    def __call__(self, model, head_name, mark=False):
        trainable = {id(p) for p in dict(model.named_modules())[head_name].parameters()}
        [p.requires_grad_(id(p) in trainable) for p in model.parameters()]


RIGHT = [
    freeze,
    by_every_name,
    by_name,
    by_identity,
    in_one_call,
    by_attributes,
    by_apply,
    without_recording,
    with_a_flag_too_many,
    AsAnObject(),
]


@pytest.mark.parametrize("answer", RIGHT)
def test_right_answers_pass(answer, everywhere):
    for verdict in everywhere(ID, answer):
        assert verdict.passed, verdict


def head_frozen_again(model, head_name):
    model.get_submodule(head_name).requires_grad_(True)
    model.requires_grad_(False)


def flag_on_modules(model, head_name):
    for name, module in model.named_modules():
        module.requires_grad = name.startswith(head_name)


def flag_on_the_model(model, head_name):
    model.requires_grad = False
    model.get_submodule(head_name).requires_grad = True


def head_flag_on_the_module(model, head_name):
    model.requires_grad_(False)
    model.get_submodule(head_name).requires_grad = True


def method_overwritten(model, head_name):
    model.requires_grad_ = False


def trainable_as_in_keras(model, head_name):
    for parameter in model.parameters():
        parameter.trainable = False


def misspelled(model, head_name):
    for name, parameter in model.named_parameters():
        parameter.require_grad = name.startswith(head_name + ".")


def wrong_way_round(model, head_name):
    model.requires_grad_(True)
    model.get_submodule(head_name).requires_grad_(False)


def only_the_head_frozen(model, head_name):
    model.get_submodule(head_name).requires_grad_(False)


def turned_over(model, head_name):
    for parameter in model.parameters():
        parameter.requires_grad = not parameter.requires_grad


def by_beginning(model, head_name):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.startswith(head_name)


def anywhere_in_the_name(model, head_name):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = head_name in name


def last_name_anywhere(model, head_name):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = head_name.split(".")[-1] in name


def namesake(model, head_name):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = head_name.split(".")[-1] in name.split(".")


def modules_of_that_name(model, head_name):
    model.requires_grad_(False)
    for name, module in model.named_modules():
        if name.rpartition(".")[2] == head_name.rpartition(".")[2]:
            module.requires_grad_(True)


def by_first_name(model, head_name):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.split(".")[0] == head_name


def among_the_children(model, head_name):
    model.requires_grad_(False)
    for name, child in model.named_children():
        if name == head_name:
            child.requires_grad_(True)


def first_name_of_head(model, head_name):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.split(".")[0] == head_name.split(".")[0]


def only_weights(model, head_name):
    freeze(model, head_name)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            parameter.requires_grad = True


def weights_of_layers(model, head_name):
    for module in model.modules():
        if hasattr(module, "weight"):
            module.weight.requires_grad = False
    model.get_submodule(head_name).requires_grad_(True)


def only_biases(model, head_name):
    model.requires_grad_(True)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            parameter.requires_grad = False
    model.get_submodule(head_name).requires_grad_(True)


def only_convolutions_and_linear(model, head_name):
    for module in model.modules():
        if not isinstance(module, NORMS):
            for parameter in module.parameters(recurse=False):
                parameter.requires_grad = False
        else:
            module.requires_grad_(True)
    model.get_submodule(head_name).requires_grad_(True)


def only_convolutions(model, head_name):
    model.requires_grad_(True)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.requires_grad_(False)
    model.get_submodule(head_name).requires_grad_(True)


def by_layers(model, head_name):
    model.requires_grad_(True)
    for child in model.children():
        child.requires_grad_(False)
    model.get_submodule(head_name).requires_grad_(True)


def first_child_only(model, head_name):
    next(model.children()).requires_grad_(False)
    model.get_submodule(head_name).requires_grad_(True)


def children_but_the_head(model, head_name):
    for name, child in model.named_children():
        if name != head_name:
            child.requires_grad_(False)


def all_but_the_last_layer(model, head_name):
    model.requires_grad_(True)
    for parameter in list(model.parameters())[:-2]:
        parameter.requires_grad = False


def last_child(model, head_name):
    model.requires_grad_(False)
    list(model.children())[-1].requires_grad_(True)


def last_linear(model, head_name):
    model.requires_grad_(False)
    [m for m in model.modules() if isinstance(m, nn.Linear)][-1].requires_grad_(True)


def skips_the_head(model, head_name):
    for name, parameter in model.named_parameters():
        if not name.startswith(head_name + "."):
            parameter.requires_grad = False


def trainable_ones_only(model, head_name):
    head = set(map(id, model.get_submodule(head_name).parameters()))
    for parameter in model.parameters():
        if parameter.requires_grad and id(parameter) not in head:
            parameter.requires_grad = False


def first_layer_of_the_head(model, head_name):
    model.requires_grad_(False)
    next(m for m in model.get_submodule(head_name).modules() if isinstance(m, nn.Linear)).requires_grad_()


def last_layer_of_the_head(model, head_name):
    model.requires_grad_(False)
    list(model.get_submodule(head_name).modules())[-1].requires_grad_(True)


def weight_of_the_head(model, head_name):
    model.requires_grad_(False)
    next(model.get_submodule(head_name).parameters()).requires_grad_(True)


def own_tensors_of_the_head(model, head_name):
    model.requires_grad_(False)
    for parameter in model.get_submodule(head_name).parameters(recurse=False):
        parameter.requires_grad = True


def everything_trains(model, head_name):
    model.requires_grad_(True)


def returns_at_once(model, head_name):
    for parameter in model.parameters():
        parameter.requires_grad = False
        return


def only_the_mode(model, head_name):
    model.train(not model.training)


def backbone_in_eval_mode(model, head_name):
    model.eval()
    model.get_submodule(head_name).train()


def without_gradients(model, head_name):
    with torch.no_grad():
        list(model.get_submodule(head_name).parameters())


def gradients_off(model, head_name):
    torch.set_grad_enabled(False)


def forward_without_gradients(model, head_name):
    freeze(model, head_name)
    model.forward = torch.no_grad()(model.forward)


def head_without_gradients(model, head_name):
    freeze(model, head_name)
    for parameter in model.get_submodule(head_name).parameters():
        parameter.register_hook(torch.zeros_like)


def frozen_and_gradients_off(model, head_name):
    freeze(model, head_name)
    torch.set_grad_enabled(False)


def one_layer_open(model, head_name):
    freeze(model, head_name)
    next(module for module in model.modules() if isinstance(module, nn.Conv2d)).requires_grad_(True)


def a_new_head(model, head_name):
    freeze(model, head_name)
    old = list(model.get_submodule(head_name).parameters())
    model.set_submodule(head_name, nn.Linear(old[0].shape[1], len(old[-1])))


def another_head_object(model, head_name):
    freeze(model, head_name)
    model.set_submodule(head_name, copy.deepcopy(model.get_submodule(head_name)))


def on_a_copy(model, head_name):
    freeze(copy.deepcopy(model), head_name)


def gives_a_copy_back(model, head_name):
    model = copy.deepcopy(model)
    freeze(model, head_name)
    return model


def of_the_state(model, head_name):
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            tensor.requires_grad_(name.startswith(head_name + "."))


def and_mode(model, head_name):
    freeze(model, head_name)
    model.train(not model.training)


def eval_mode_too(model, head_name):
    freeze(model, head_name)
    model.eval()


def half_eval_mode_too(model, head_name):
    freeze(model, head_name)
    for module in model.modules():
        if isinstance(module, NORMS):
            module.eval()


def detached(model, head_name):
    for parameter in model.parameters():
        parameter.detach()


def parameters_made_anew(model, head_name):
    for name, parameter in list(model.named_parameters()):
        module, _, own = name.rpartition(".")
        flag = name.startswith(head_name + ".")
        setattr(model.get_submodule(module), own, nn.Parameter(parameter.detach(), requires_grad=flag))


def head_set_to_zero(model, head_name):
    freeze(model, head_name)
    for parameter in model.get_submodule(head_name).parameters():
        parameter.data.zero_()


# By name: the answer, its points, the mistake that it is told.
WRONG = {
    "everything after the head": (head_frozen_again, 0, "everything-frozen"),
    "everything": (lambda model, head_name: model.requires_grad_(False), 0, "everything-frozen"),
    "flags on modules": (flag_on_modules, 0, "attribute-of-a-module"),
    "flag on the model": (flag_on_the_model, 0, "attribute-of-a-module"),
    "head's flag on the module": (head_flag_on_the_module, 0, "attribute-of-a-module"),
    "method overwritten": (method_overwritten, 0, "attribute-of-a-module"),
    "trainable": (trainable_as_in_keras, 0, "attribute-of-a-parameter"),
    "misspelled": (misspelled, 0, "attribute-of-a-parameter"),
    "true and false confused": (wrong_way_round, 0, "wrong-way-round"),
    "only the head frozen": (only_the_head_frozen, 0, "wrong-way-round"),
    "turned over": (turned_over, 0, "flags-turned-over"),
    "beginning of the name": (by_beginning, 2, "name-begins-alike"),
    "anywhere in the name": (anywhere_in_the_name, 2, "name-begins-alike"),
    "last name anywhere": (last_name_anywhere, 2, "name-holds-the-head"),
    "last part of the name": (namesake, 2, "namesake-open"),
    "modules of that name": (modules_of_that_name, 2, "namesake-open"),
    "first name": (by_first_name, 2, "nested-head-not-found"),
    "among the children": (among_the_children, 2, "nested-head-not-found"),
    "what holds the head": (first_name_of_head, 2, "container-open"),
    "only weights": (only_weights, 2, "biases-open"),
    "weights of layers": (weights_of_layers, 2, "biases-open"),
    "only biases": (only_biases, 0, "most-open"),
    "BatchNorm forgotten": (only_convolutions_and_linear, 2, "norms-open"),
    "only convolutions": (only_convolutions, 0, "most-open"),
    "layers only": (by_layers, 2, "own-parameter-open"),
    "first child only": (first_child_only, 0, "most-open"),
    "all children but the head": (children_but_the_head, 0, "head-frozen"),
    "the last two tensors": (all_but_the_last_layer, 0, "head-frozen"),
    "the last child": (last_child, 0, "everything-frozen"),
    "the last linear layer": (last_linear, 0, "head-frozen"),
    "head skipped": (skips_the_head, 2, "frozen-head-not-opened"),
    "only what is trainable": (trainable_ones_only, 2, "frozen-head-not-opened"),
    "first layer of the head": (first_layer_of_the_head, 2, "part-of-the-head-frozen"),
    "last layer of the head": (last_layer_of_the_head, 2, "part-of-the-head-frozen"),
    "one tensor of the head": (weight_of_the_head, 2, "part-of-the-head-frozen"),
    "own tensors of the head": (own_tensors_of_the_head, 2, "nested-head-not-found"),
    "everything trains": (everything_trains, 0, "nothing-frozen"),
    "returns at once": (returns_at_once, 0, "most-open"),
    "another mode": (only_the_mode, 0, "mode-instead"),
    "eval mode": (lambda model, head_name: model.eval(), 0, "mode-instead"),
    "train mode": (lambda model, head_name: model.train(), 0, "mode-instead"),
    "backbone in eval mode": (backbone_in_eval_mode, 0, "mode-instead"),
    "no_grad": (without_gradients, 0, "flags-unchanged"),
    "detached": (detached, 0, "flags-unchanged"),
    "tensors of the state": (of_the_state, 0, "flags-unchanged"),
    "gradients switched off": (gradients_off, 0, "gradients-off-instead"),
    "flags right, gradients off": (frozen_and_gradients_off, 3, "settings-changed"),
    "forward without gradients": (forward_without_gradients, 0, "head-does-not-train"),
    "head without gradients": (head_without_gradients, 0, "head-does-not-train"),
    "one layer open": (one_layer_open, 2, "some-open"),
    "on a copy": (on_a_copy, 0, "flags-unchanged"),
    "a copy given back": (gives_a_copy_back, 0, "on-another-model"),
    "new head": (a_new_head, 0, "tensors-replaced"),
    "another object as the head": (another_head_object, 3, "parameters-replaced"),
    "parameters made anew": (parameters_made_anew, 1, "parameters-replaced"),  # and the shared one is missed
    "head set to zero": (head_set_to_zero, 3, "weights-changed"),
    "does nothing": (lambda model, head_name: None, 0, "flags-unchanged"),
    "the other mode too": (and_mode, 3, "mode-changed"),
    "eval mode too": (eval_mode_too, 3, "mode-changed"),
    "eval mode of norms too": (half_eval_mode_too, 3, "mode-changed"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_answers_are_named_and_cost_the_same_everywhere(name, costs_the_same):
    costs_the_same(ID, *WRONG[name])


def test_a_head_whose_own_layers_are_missed_is_not_said_to_be_only_nested(graded):
    [finding] = graded(ID, own_tensors_of_the_head, 201).findings
    assert "holds layers itself" in finding.text


def freeze_and(model, head_name, *, behave):
    freeze(model, head_name)
    behave(model)


def test_what_an_answer_does_beside_is_named(beside, costs_the_same):
    behave, mistake, fatal = beside
    costs_the_same(ID, functools.partial(freeze_and, behave=behave), 0 if fatal else 3, mistake)


def test_every_known_mistake_is_reached(unreached):
    assert unreached(ID, [mistake for _, _, mistake in WRONG.values()]) == []


def test_settings_that_an_answer_changed_are_restored(graded):
    graded(ID, gradients_off, 11)
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32
