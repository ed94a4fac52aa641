"""Exercises of lesson 01_scratch_vs_finetuning: one training step, two starts, and a bug that hides."""

import numpy as np

from grader.exercises.kit.comparing import nearest, same, same_state
from grader.exercises.kit.models import head_name, random_batch, random_cnn, random_cnn_spec, snapshot
from grader.exercises.machine.exercise import Exercise
from grader.exercises.machine.verdict import Finding, Verdict


class TrainingStep(Exercise):
    """Write one step of training, the loop's heart in every lesson."""

    id = "scratch.training_step"
    title = "One training step"
    signature = "training_step(model, images, labels, optimizer) -> float"
    points = 4
    minutes = 6
    difficulty = 1
    section = "Exercise 1: one training step"

    def challenge(self, rng: np.random.Generator) -> dict:
        """Two small networks that the student has not seen, each to be trained for three steps."""
        return {
            "networks": [random_cnn_spec(rng) for _ in range(2)],
            "data_seed": int(rng.integers(2**31)),
            "learning_rate": float(rng.uniform(0.02, 0.05)),
            "steps": 3,
        }

    def collect(self, answer, challenge: dict) -> dict:
        """The whole state of each network after the steps, and what each step returned."""
        import torch

        runs = []
        for number, spec in enumerate(challenge["networks"]):
            model = random_cnn(spec).train()
            optimizer = torch.optim.SGD(model.parameters(), lr=challenge["learning_rate"], momentum=0.5)
            returned = []
            for step in range(challenge["steps"]):
                images, labels = random_batch(spec, challenge["data_seed"] + 100 * number + step, 12)
                torch.manual_seed(step)  # the same dropout, however the answer is written
                try:
                    returned.append(answer(model, images, labels, optimizer))
                except RuntimeError as error:
                    if "inplace operation" in str(
                        error
                    ):  # autograd found weights newer than the forward pass
                        return {"step_before_backward": True}
                    raise
            runs.append(
                {
                    "state": snapshot(model),
                    "returned": [
                        float(value) if isinstance(value, float | int | torch.Tensor) else None
                        for value in returned
                    ],
                    "type": type(returned[0]).__name__,
                    "training": model.training,
                }
            )
        return {"runs": runs}

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """Three points for the networks' state, one for the returned loss."""
        if evidence.get("step_before_backward"):
            return self.verdict(
                0,
                [
                    Finding(
                        text="`optimizer.step()` came before `backward()`: it changed the weights with old gradients.",
                        hint="The order is: clear old gradients, forward, loss, backward, step.",
                    )
                ],
            )
        runs = evidence["runs"]
        if len(runs) != len(expected["runs"]):
            return self.verdict(0, [Finding(text="A run of each network was expected.")])
        pairs = list(zip(runs, expected["runs"], strict=True))
        findings, points = [], 0
        if all(same_state(run["state"], wanted["state"]) for run, wanted in pairs):
            points += 3
            findings.append(Finding(text="After three steps, every weight and every statistic is right."))
        else:
            findings.append(self._explain_state(*pairs[0], expected))
        if not all(run["training"] for run in runs):
            findings.append(
                Finding(
                    text="The step left the model in eval mode.",
                    hint="A training step runs in training mode: leave `model.eval()` to the measuring.",
                )
            )
            points = min(points, 2)
        loss_finding = self._explain_loss(pairs)
        if loss_finding is None:
            points += 1
            findings.append(Finding(text="The loss comes back as a plain number."))
        else:
            findings.append(loss_finding)
        return self.verdict(points, findings)

    def _explain_state(self, run: dict, wanted: dict, expected: dict) -> Finding:
        endings = {
            mistake: {**wanted["state"], **fingerprint} for mistake, fingerprint in wanted["mistakes"].items()
        }
        if mistake := nearest(run["state"], endings):
            return Finding(**expected["sentences"][mistake])
        names = [name for name in wanted["state"] if name in run["state"]]
        wrong = [name for name in names if not same(run["state"][name], wanted["state"][name])]
        return Finding(
            text=f"After three steps `{wrong[0] if wrong else 'a tensor'}` is not what one update a step gives.",
            hint="The order is: clear old gradients, forward, mean cross-entropy, backward, optimizer step.",
        )

    def _explain_loss(self, pairs: list[tuple[dict, dict]]) -> Finding | None:
        kind = pairs[0][0]["type"]
        if kind == "Tensor":
            return Finding(
                text="The step returns a tensor, which keeps the whole computation graph in memory.",
                hint="Return `loss.item()`.",
            )
        if kind not in ("float", "int"):
            return Finding(
                text=f"The step returns {kind}, not the loss.", hint="End with `return loss.item()`."
            )
        if not all(same(run["returned"], wanted["returned"]) for run, wanted in pairs):
            return Finding(
                text="The returned number is not the batch's mean cross-entropy before the update.",
                hint="`F.cross_entropy(logits, labels)` takes raw logits and gives the mean.",
            )
        return None


class TwoStarts(Exercise):
    """Build the two networks to compare, each with a head for the new classes."""

    id = "scratch.two_starts"
    title = "Two starts, one architecture"
    signature = "two_starts(build, num_classes) -> (scratch, fine_tuned)"
    points = 4
    minutes = 8
    difficulty = 2
    section = "Exercise 2: two starts"

    def challenge(self, rng: np.random.Generator) -> dict:
        """Two architectures whose head has another name and place in each."""
        specs = [random_cnn_spec(rng) for _ in range(2)]
        return {
            "networks": specs,
            "scratch_seeds": [int(rng.integers(2**31)) for _ in specs],
            "num_classes": [int(spec["num_classes"] + rng.integers(1, 4)) for spec in specs],
            "data_seed": int(rng.integers(2**31)),
        }

    def collect(self, answer, challenge: dict) -> dict:
        """For each architecture: state, number of outputs and flags of both networks."""
        pairs = []
        for number, spec in enumerate(challenge["networks"]):
            seed = challenge["scratch_seeds"][number]

            def build(pretrained, spec=spec, seed=seed):
                return random_cnn(spec if pretrained else {**spec, "seed": seed})

            result = answer(build, challenge["num_classes"][number])
            images, _ = random_batch(spec, challenge["data_seed"], 4)
            pairs.append(_describe_pair(result, images))
        return {"pairs": pairs}

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """A point for each network's outputs and one for each backbone, over both architectures."""
        pairs = evidence["pairs"]
        if len(pairs) != len(expected["pairs"]):
            return self.verdict(0, [Finding(text="A pair of networks for each architecture was expected.")])
        for pair in pairs:
            if pair["problem"]:
                return self.verdict(
                    0, [Finding(text=pair["problem"], hint="End with `return scratch, fine_tuned`.")]
                )
        findings: list[Finding] = []
        points = 0
        for which in ("scratch", "fine_tuned"):
            networks = [pair[which] for pair in pairs]
            wanted = [pair[which] for pair in expected["pairs"]]
            for judge_part in (self._judge_outputs, self._judge_backbone):
                finding = next(
                    (
                        found
                        for network, want, pair in zip(networks, wanted, expected["pairs"], strict=True)
                        if (found := judge_part(which, network, want, pair))
                    ),
                    None,
                )
                points += finding is None
                if finding and finding not in findings:
                    findings.append(finding)
        if any(pair["shared"] for pair in pairs):
            points = min(points, 1)
            findings.append(
                Finding(
                    text="The two results share their weights: training one would train the other.",
                    hint="Call `build` twice, once with False and once with True.",
                )
            )
        if not findings:
            findings = [
                Finding(
                    text="Both heads fit the new classes, and each backbone has the start it should have."
                )
            ]
        return self.verdict(points, findings)

    def _judge_outputs(self, which: str, network: dict, want: dict, pair: dict) -> Finding | None:
        name = which.replace("_", "-")
        if network["forward_error"]:
            return Finding(
                text=f"The {name} network fails on a batch of images: {network['forward_error']}",
                hint="The new layer must take as many features as the old head did, at the old head's place.",
            )
        if network["outputs"] == [4, pair["num_classes"]]:
            if not network["trainable"]:
                return Finding(
                    text=f"Part of the {name} network is frozen: `{network['frozen_example']}` has requires_grad=False.",
                    hint="Freezing comes in the next lesson; here both networks train whole.",
                )
            return None
        if pair["num_classes"] in network["claimed_outputs"]:
            return Finding(
                text=f"The {name} network still gives {network['outputs'][-1]} outputs: `out_features` was changed, "
                "but that is only a number noted on the layer; its weights are as before.",
                hint="Put a new `nn.Linear(head.in_features, num_classes)` in the head's place.",
            )
        return Finding(
            text=f"The {name} network gives outputs of shape {network['outputs']}, "
            f"where (4, {pair['num_classes']}) is needed for a batch of 4.",
            hint="The head is the last `nn.Linear` of the network: see `model.named_modules()`.",
        )

    def _judge_backbone(self, which: str, network: dict, want: dict, pair: dict) -> Finding | None:
        other = pair["fine_tuned" if which == "scratch" else "scratch"]
        state = network["state"]
        missing = [key for key in want["backbone"] if key not in state]
        if missing:
            return Finding(
                text=f"`{missing[0]}` of the backbone is missing: more than the head was replaced.",
                hint="Put the new layer exactly where the last `nn.Linear` was.",
            )
        backbone = {key: state[key] for key in want["backbone"]}
        if same_state(backbone, want["backbone"]):
            return None
        if same_state(backbone, other["backbone"]):
            start = "the pretrained" if which == "scratch" else "random"
            return Finding(
                text=f"The {which.replace('_', '-')} network starts from {start} weights.",
                hint="`build(pretrained=False)` gives the scratch network, `build(pretrained=True)` the other; "
                "return them in this order.",
            )
        changed = next(key for key in want["backbone"] if not same(state[key], want["backbone"][key]))
        return Finding(
            text=f"`{changed}` of the {which.replace('_', '-')} backbone was changed: only the head is to be new.",
            hint="Replace the last `nn.Linear` and touch nothing else; do not initialise the weights again.",
        )


def _describe_pair(result: object, images) -> dict:
    """Evidence about a pair of networks: plain numbers and arrays."""
    from torch import nn

    if not isinstance(result, tuple | list) or len(result) != 2:
        got = f"{len(result)} results" if isinstance(result, tuple | list) else f"a {type(result).__name__}"
        return {"problem": f"Two networks were expected, but the function returned {got}."}
    for model in result:
        if not isinstance(model, nn.Module):
            return {"problem": f"Two networks were expected, but one result is a {type(model).__name__}."}
    scratch, fine_tuned = result
    shared = {id(p) for p in scratch.parameters()} & {id(p) for p in fine_tuned.parameters()}
    return {
        "problem": "",
        "shared": bool(shared),
        "scratch": _describe_network(scratch, images),
        "fine_tuned": _describe_network(fine_tuned, images),
    }


def _describe_network(model, images) -> dict:
    import torch
    from torch import nn

    state, outputs, forward_error = snapshot(model), [], ""
    try:
        with torch.no_grad():
            outputs = list(model.eval()(images).shape)
    except RuntimeError as error:
        forward_error = str(error).splitlines()[0][:200]
    frozen = [name for name, parameter in model.named_parameters() if not parameter.requires_grad]
    linear = [module for module in model.modules() if isinstance(module, nn.Linear)]
    return {
        "state": state,
        "outputs": outputs,
        "forward_error": forward_error,
        "claimed_outputs": [int(module.out_features) for module in linear],
        "trainable": not frozen,
        "frozen_example": frozen[0] if frozen else "",
    }


class FindTheBug(Exercise):
    """Repair a fine-tuning function that runs, whose loss falls, and that is wrong twice."""

    id = "scratch.find_the_bug"
    title = "Find the bug: the loss falls all the same"
    signature = "fine_tune(model, head_name, num_classes, batches, learning_rate) -> model"
    points = 4
    minutes = 10
    difficulty = 3
    section = "Exercise 3: find the bug"

    def challenge(self, rng: np.random.Generator) -> dict:
        """A network and a few batches of uint8 images, dark ones and bright ones."""
        spec = random_cnn_spec(rng)
        return {
            "network": spec,
            "num_classes": int(spec["num_classes"] + 2),
            "learning_rate": float(rng.uniform(0.02, 0.05)),
            "brightness": rng.permutation([40, 110, 190]).tolist(),
            "data_seed": int(rng.integers(2**31)),
        }

    def collect(self, answer, challenge: dict) -> dict:
        """What the network was given, and which of its weights moved from the first batch to the end."""
        import torch

        spec, num_classes = challenge["network"], challenge["num_classes"]
        model = random_cnn(spec)
        given, first_state, modes = [], {}, []

        def watch(module, inputs):
            given.append(_few_pixels(inputs[0].detach().float().numpy()))
            modes.append(module.training)
            if not first_state:
                first_state.update(snapshot(module))

        model.register_forward_pre_hook(watch)
        result = answer(
            model, head_name(spec), num_classes, photographs(challenge), challenge["learning_rate"]
        )
        if not isinstance(result, torch.nn.Module):
            return {"problem": f"The function returned {type(result).__name__}, not the model."}
        last_state = snapshot(result)
        with torch.no_grad():
            images, _ = random_batch(spec, challenge["data_seed"], 4)
            outputs = list(result.eval()(images).shape)
        head = [key for key in first_state if key.startswith(f"{head_name(spec)}.")]
        return {
            "problem": "",
            "given": given[: len(challenge["brightness"])],
            "steps": len(modes) - 1,
            "training": all(modes[:-1]),
            "outputs": outputs,
            "head_before": {key: first_state[key] for key in head},
            "head_after": {key: last_state[key] for key in head if key in last_state},
            "backbone_moved": float(
                sum(
                    np.abs(last_state[key] - first_state[key]).sum()
                    for key in weights_of(first_state)
                    if key not in head
                )
            ),
        }

    def judge(self, evidence: dict, expected: dict) -> Verdict:
        """Two points for a head that learns (and a backbone that does too), two for the right images."""
        if evidence["problem"]:
            return self.verdict(0, [Finding(text=evidence["problem"], hint="End with `return model`.")])
        if evidence["outputs"] != [4, expected["num_classes"]]:
            return self.verdict(
                0,
                [
                    Finding(
                        text=f"The model gives {evidence['outputs'][-1:]} outputs, not {expected['num_classes']}."
                    )
                ],
            )
        if evidence["steps"] != len(expected["given"]):
            return self.verdict(
                0,
                [
                    Finding(
                        text=f"The model saw {evidence['steps']} batches, but {len(expected['given'])} were given."
                    )
                ],
            )
        parts = [self._judge_head(evidence), self._judge_images(evidence["given"], expected)]
        return self.verdict(sum(points for points, _ in parts), [Finding(**finding) for _, finding in parts])

    def _judge_head(self, evidence: dict) -> tuple[int, dict]:
        before, after = evidence["head_before"], evidence["head_after"]
        head_moved = bool(before) and all(
            key in after and not np.array_equal(before[key], after[key]) for key in before
        )
        if not head_moved:
            return 0, {
                "text": "The new head is the same after training as before: only the backbone learned, and the loss "
                "fell all the same.",
                "hint": "Which parameters did the optimizer know when it was made? See step 2 of exercise 2.",
            }
        if evidence["backbone_moved"] == 0:
            return 1, {
                "text": "The head learns now, but the backbone does not: this is a linear probe.",
                "hint": "Give the optimizer all of `model.parameters()`, after the head was replaced.",
            }
        if not evidence["training"]:
            return 1, {
                "text": "The head learns now, but the model trains in eval mode.",
                "hint": "Call `model.train()` before the loop.",
            }
        return 2, {"text": "The new head learns, and so does the backbone."}

    def _judge_images(self, given: list, expected: dict) -> tuple[int, dict]:
        if all(same(got, want) for got, want in zip(given, expected["given"], strict=True)):
            return 2, {"text": "The images reach the network as it knows them: from -1 to 1."}
        for mistake, images in expected["mistakes"].items():
            if all(same(got, want) for got, want in zip(given, images, strict=True)):
                return 0, expected["sentences"][mistake]
        return 0, {
            "text": "The images do not reach the network in the range that it was pretrained with.",
            "hint": "uint8 pixels become `(pixels / 255 - 0.5) / 0.5`: the recipe of lesson 0.",
        }


def photographs(challenge: dict) -> list[tuple]:
    """The batches of a bug hunt: uint8 images ``(6, 3, H, W)`` of different brightness, int64 labels ``(6,)``."""
    import torch

    batches = []
    for number, brightness in enumerate(challenge["brightness"]):
        images, _ = random_batch(challenge["network"], challenge["data_seed"] + number, 6)
        rng = np.random.default_rng(challenge["data_seed"] + number)
        pixels = (images * 25 + brightness).clamp(0, 255).to(torch.uint8)
        batches.append((pixels, torch.from_numpy(rng.integers(0, challenge["num_classes"], 6))))
    return batches


def weights_of(state: dict) -> list[str]:
    """Names in a ``state_dict`` that are weights or biases, not BatchNorm's running statistics."""
    return [name for name in state if name.endswith(("weight", "bias"))]


def _few_pixels(images: np.ndarray) -> np.ndarray:
    """Enough of a batch to recognise its normalisation."""
    return images[:, :, ::6, ::6]
