"""What to do about an exception of the student's code, by its kind and by what it says."""

import re

# The first that fits is told: kind of exception ("" for any), what its text holds, hint.
_HINTS: list[tuple[tuple[str, ...], str, str]] = [
    (
        ("AttributeError",),
        r"has no attribute '[^']*\.[^']*'",
        "`getattr` and `setattr` take one name, without dots. A module inside another is found by "
        "`model.get_submodule(name)`, and replaced through its parent.",
    ),
    (
        ("AttributeError",),
        r"'NoneType' object",
        "Something that you take for an object is None: a function without `return` gives None, and so does a "
        "method that works in place. A parameter's `grad` is None before `backward()`.",
    ),
    (
        ("AttributeError",),
        r"",
        "The object has no such attribute: print `type(...)` of it, and look whether the name is spelled right.",
    ),
    (
        ("KeyError",),
        r"",
        "The dict has no such key: print its `keys()`. Names of parameters are those of `named_parameters()`.",
    ),
    (
        ("NameError", "UnboundLocalError"),
        r"",
        "This name is not defined where your code runs: is it imported, is it an argument, was the cell that "
        "defines it run without an error?",
    ),
    (
        ("ModuleNotFoundError", "ImportError"),
        r"",
        "The course needs no further package: look at the imports in the first cell.",
    ),
    (
        ("TypeError",),
        r"argument|positional|keyword",
        "A function was called with other arguments than it takes: compare the call with its `def` line, and your "
        "`def` line with the one that is asked for.",
    ),
    (
        ("TypeError",),
        r"not (callable|iterable|subscriptable)",
        "Print `type(...)` of what stands in this line.",
    ),
    (
        ("RuntimeError",),
        r"does not require grad",
        "No parameter that this loss depends on is trainable: everything is frozen, or gradients were switched off.",
    ),
    (
        ("RuntimeError",),
        r"second time|been freed",
        "`backward()` ran twice through one forward pass: compute the loss anew for each step.",
    ),
    (
        ("RuntimeError",),
        r"inplace operation",
        "The weights were changed between the forward pass and `backward()`: `optimizer.step()` comes after it.",
    ),
    (
        ("RuntimeError",),
        r"state_dict|Missing key|Unexpected key|size mismatch",
        "Compare the names in the two `state_dict`s.",
    ),
    (
        ("RuntimeError",),
        r"dtype|scalar type|expected .*(Float|Long|Byte|Double)|Float|Long|Byte",
        "Print the `dtype` of each tensor on the way: images are float32, labels int64.",
    ),
    (
        ("IndexError",),
        r"Target .*out of bounds",
        "A label is not below the number of outputs: has the model's last layer one output for each class?",
    ),
    (
        ("RuntimeError", "ValueError", "IndexError"),
        r"shape|size|dimension|mat1|expected input|channels|broadcast|target",
        "Print the `shape` of each tensor on the way to this line.",
    ),
    (("RuntimeError",), r"device", "Bring model and data to one device: print the `device` of each."),
    (
        ("ValueError",),
        r"empty parameter list",
        "The optimizer was given no parameters: is anything trainable, or was a generator used up before?",
    ),
    (("IndexError",), r"", "Print the length of what is indexed, and the index."),
    (("ZeroDivisionError",), r"", "Something is divided by zero: which count may be 0?"),
    (("StopIteration",), r"", "`next` found nothing left: a generator can be gone through only once."),
    (("RecursionError",), r"", "A function calls itself without end."),
    (
        ("MemoryError",),
        r"",
        "Something grows without end, or a graph is kept: return numbers, not tensors with history.",
    ),
    (
        ("FileNotFoundError", "PermissionError", "IsADirectoryError"),
        r"",
        "Use the path that the function is given.",
    ),
    (("AssertionError",), r"", "An `assert` of your own failed: print what it compares."),
    (("SystemExit",), r"", "Leave `exit()` and `quit()` out: they end the program."),
]
_ANY = "Run your code by itself on a small input, and print what stands in this line."


def hint_for(kind: str, text: str) -> str:
    """The hint for an exception.

    Args:
        kind: name of its class.
        text: what it says.
    """
    for kinds, pattern, hint in _HINTS:
        if kind in kinds and re.search(pattern, text, re.IGNORECASE):
            return hint
    return _ANY
