"""Known ways to miscount: what each does, as said behind the names of the numbers that it made wrong."""

_NUMEL = "`parameter.numel()` gives a tensor's elements; add it up over `model.parameters()`."
_ONCE = "`model.parameters()` and `model.named_parameters()` give a shared tensor just once."
_FLAG = "Add `if parameter.requires_grad` to the sum, for each parameter by itself."
_OWN_SIZE = "Multiply each parameter's `numel()` by its own `element_size()`."
_BUFFERS = "They have a list of their own: `model.buffers()`."
_MOMENTS = "Twice the bytes of what is trainable."

WAYS: dict[str, tuple[str, str]] = {
    "buffers": (
        "the buffers are counted in; BatchNorm's running statistics are no parameters.",
        "`model.parameters()` leaves the buffers out, `model.state_dict()` does not.",
    ),
    "twice": ("shared weights are counted twice: two names, one tensor.", _ONCE),
    "twice-by-layers": (
        "shared weights are counted twice, once for each layer that holds the one tensor.",
        _ONCE,
    ),
    "twice-by-children": (
        "shared weights are counted twice, once for each child that holds the one tensor.",
        _ONCE,
    ),
    "state-dict": (
        "this is the size of `state_dict()`: that has the buffers too (BatchNorm's running statistics), and a shared "
        "tensor under each of its names.",
        "Go over `model.parameters()`.",
    ),
    "own-lost": (
        "what belongs to the model itself is left out: a tensor can be registered on it, outside of every child.",
        "`model.parameters()` and `model.buffers()` have all, whatever the depth.",
    ),
    "nested": (
        "most parameters are counted several times: each module's `parameters()` already has those of the modules "
        "inside it.",
        "One sum over `model.parameters()` looks at every depth.",
    ),
    "weights": (
        "only what is named `weight` is counted: biases and other parameters are missing.",
        "Go over `model.parameters()`, whatever the names.",
    ),
    "matrices": (
        "only tensors of two or more dimensions are counted: biases and the norms' parameters are missing.",
        "Go over `model.parameters()`, whatever the shapes.",
    ),
    "layers": (
        "only convolutions and linear layers are counted: norms, PReLU and a model's own tensors have parameters too.",
        "Go over `model.parameters()`, whatever kind of layer they belong to.",
    ),
    "only-trainable": (
        "the frozen parameters are left out: they are parameters all the same, and lie in memory too.",
        "No condition on `requires_grad` here.",
    ),
    "frozen-too": ("the frozen parameters are counted in.", _FLAG),
    "only-frozen": ("this is what is frozen, not what is trainable.", _FLAG),
    "detached": (
        "0 on every network, as if nothing trained.",
        "Ask the parameters themselves: `parameter.requires_grad` over a fresh `model.parameters()`. Tensors of "
        "`state_dict()` are detached, a module has no flag, and a generator that was gone through once gives nothing more.",
    ),
    "any-in-the-layer": (
        "a layer counts as a whole when one of its parameters trains: its bias can train while its weight is frozen.",
        _FLAG,
    ),
    "all-in-the-layer": (
        "a layer is left out as a whole when one of its parameters is frozen: its bias can train while its weight is "
        "frozen.",
        _FLAG,
    ),
    "first-in-the-layer": (
        "the first parameter of each layer, mostly the weight, decides for the whole layer: its bias can have another "
        "flag.",
        _FLAG,
    ),
    "tensors": (
        "this is a number of tensors, not of elements: a weight of 864 numbers counts as 1.",
        _NUMEL + " `len(list(…))` and `sum(p.requires_grad for p in …)` count tensors.",
    ),
    "bytes": ("this is in bytes; the number of elements is asked for.", _NUMEL),
    "first-side": (
        "the first sides of the tensors are added up: `len(tensor)` is its number of rows.",
        _NUMEL,
    ),
    "four-bytes": (
        "every element takes 4 bytes here: that holds for float32, not for float16 or float64.",
        "`parameter.element_size()` knows the bytes of one element.",
    ),
    "eight-bytes": (
        "every element takes 8 bytes here: that holds for float64 only.",
        "`parameter.element_size()` knows the bytes of one element.",
    ),
    "bytes-of-the-first": (
        "the first parameter's bytes an element are taken for all: parts of a model can be of another dtype.",
        _OWN_SIZE,
    ),
    "bytes-of-the-last": (
        "the last parameter's bytes an element are taken for all: parts of a model can be of another dtype.",
        _OWN_SIZE,
    ),
    "elements": ("this is a number of elements; bytes are asked for.", _OWN_SIZE),
    "size-without-numel": ("the bytes of *one* element of each tensor are added up.", _OWN_SIZE),
    "bits": ("this is in bits; bytes are asked for.", "`element_size()` is in bytes already."),
    "kB": ("this is in kilobytes (divided by 1,000); bytes are asked for.", "Return the bytes undivided."),
    "KiB": ("this is in kibibytes (divided by 1,024); bytes are asked for.", "Return the bytes undivided."),
    "MB": ("this is in MB (divided by 1,000,000); bytes are asked for.", "Return the bytes undivided."),
    "MiB": ("this is in MiB (divided by 1,048,576); bytes are asked for.", "Return the bytes undivided."),
    "one-moment": (
        "one number for each trainable element: Adam keeps two, the mean gradient and the mean squared gradient.",
        _MOMENTS,
    ),
    "three-moments": (
        "three numbers for each trainable element: the gradients have a key of their own, so that just the two moments "
        "are left.",
        _MOMENTS,
    ),
    "four-moments": (
        "four numbers for each trainable element: weights and gradients have keys of their own, so that just the two "
        "moments are left.",
        _MOMENTS,
    ),
    "counters": (
        "Adam's step counters are in, 4 bytes for each trainable tensor; only the two moments are asked for.",
        _MOMENTS,
    ),
    "buffers-twice": (
        "shared buffers are counted twice: two names, one tensor.",
        "`model.buffers()` gives a shared buffer just once.",
    ),
    "no-counters": (
        "the whole numbers are left out: BatchNorm's `num_batches_tracked` is a buffer of one element.",
        "Take all of `model.buffers()`.",
    ),
    "kept-ones": (
        "these are the buffers in `state_dict()`, which has a shared one under each name and lacks those with "
        "`persistent=False`.",
        "Take all of `model.buffers()`.",
    ),
    "difference": (
        "this is the difference between the `state_dict()` and the parameters: shared weights stand in the one twice and "
        "in the other once, and buffers with `persistent=False` in neither.",
        "Take all of `model.buffers()`.",
    ),
    "means-alone": (
        "only `running_mean` and `running_var` are counted: there are other buffers too.",
        "Take all of `model.buffers()`.",
    ),
    "no-buffers": ("0 on every network: buffers are not among `parameters()`.", _BUFFERS),
    "frozen-as-buffers": (
        "these are the frozen parameters: a buffer is no parameter at all, frozen or not.",
        _BUFFERS,
    ),
    "state-dict-as-buffers": ("this is all of `state_dict()`, in which the parameters stand too.", _BUFFERS),
    "parameters-as-buffers": ("these are the parameters.", _BUFFERS),
}

# Those of choosing tensors, in whatever unit they are counted.
TENSORS = [
    *("buffers", "twice", "twice-by-layers", "twice-by-children", "state-dict", "own-lost", "nested"),
    *("weights", "matrices", "layers", "only-trainable", "frozen-too", "only-frozen", "detached"),
    *("any-in-the-layer", "all-in-the-layer", "first-in-the-layer"),
]
