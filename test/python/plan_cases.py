"""Random plans with their tensors, for the reference and for compiled models."""

import numpy as np

HEADS = ("linear", "pooler", "mean_linear", "fastbert", "scalar_mix")
CRITERIA = ("entropy", "normalised_entropy", "max_probability", "patience")


def some_layers(rng, layers, most=None):
    """An ascending, not empty choice of the layers 0 to `layers` - 1."""
    count = int(rng.integers(1, (most or layers) + 1))
    return sorted(int(layer) for layer in rng.choice(layers, size=min(count, layers), replace=False))


def random_tensor(rng, *shape, std):
    return (rng.standard_normal(shape) * std).astype(np.float32)


def token_pruning(rng, layers, length):
    """Thresholds near 1/N, where a typical token's share lies."""
    chosen = some_layers(rng, layers)
    alive = rng.random() < 0.3
    typical = 1 / (length / 2 if alive else length)
    section = {
        "method": "ltp",
        "layers": chosen,
        "thresholds": [round(float(typical * rng.uniform(0.3, 1.2)), 6) for _ in chosen],
        "denominator_tokens": "alive" if alive else length,
    }
    if rng.random() < 0.6:
        section["place"] = str(rng.choice(["before_ffn", "after_layer"]))
    if rng.random() < 0.5:
        section["protect"] = sorted(int(p) for p in rng.choice(length + 4, size=rng.integers(0, 4), replace=False))
    return section


def block_skim(rng, layers, segments=True):
    section = {
        "layers": some_layers(rng, layers),
        "block_size": int(rng.choice([4, 8, 12])),
        "threshold": round(float(rng.uniform(0.35, 0.6)), 4),
    }
    if rng.random() < 0.4:
        section["protect"] = [int(rng.integers(0, 12))] if rng.random() < 0.6 else []
    if segments and rng.random() < 0.4:
        section["protect_segments"] = [int(rng.integers(0, 2))]
    if rng.random() < 0.2:
        section["batch_align"] = "max"
    return section


def block_tensors(rng, section, heads):
    tensors, size = {}, section["block_size"]
    for layer in section["layers"]:
        base = f"block_skim.{layer}."
        for index in (1, 2):
            # Attention's values are small: the first convolution lifts them.
            std = (6.0 if index == 1 else 1.0) / (3 * heads**0.5)
            tensors[f"{base}conv{index}.weight"] = random_tensor(rng, heads, heads, 3, 3, std=std)
            tensors[f"{base}conv{index}.bias"] = random_tensor(rng, heads, std=0.3)
            tensors[f"{base}bn{index}.weight"] = 1 + random_tensor(rng, heads, std=0.2)
            tensors[f"{base}bn{index}.bias"] = random_tensor(rng, heads, std=0.2)
            tensors[f"{base}bn{index}.running_mean"] = random_tensor(rng, heads, std=0.2)
            tensors[f"{base}bn{index}.running_var"] = rng.uniform(0.4, 2, heads).astype(np.float32)
        width = heads * size * size // 16
        tensors[f"{base}fc.weight"] = random_tensor(rng, 2, width, std=1.5 / width**0.5)
        tensors[f"{base}fc.bias"] = random_tensor(rng, 2, std=0.3)
    return tensors


def early_exit(rng, layers, output="logits", classes=3, head=None, criterion=None):
    chosen = some_layers(rng, layers - 1)
    criterion = criterion or str(rng.choice(CRITERIA))
    span = {
        "entropy": (0.2, 1.1),
        "normalised_entropy": (0.2, 1.0),
        "max_probability": (0.4, 0.9),
    }.get(criterion)

    def draw():
        return int(rng.integers(1, 3)) if span is None else round(float(rng.uniform(*span)), 4)

    section = {
        "layers": chosen,
        "output": output,
        "head": head or str(rng.choice(HEADS)),
        "criterion": criterion,
        "threshold": draw() if rng.random() < 0.5 or span is None else [draw() for _ in chosen],
    }
    if rng.random() < 0.4:
        section["temperature"] = (
            round(float(rng.uniform(0.5, 2)), 3)
            if rng.random() < 0.5
            else [round(float(rng.uniform(0.5, 2)), 3) for _ in chosen]
        )
    return section


def exit_tensors(rng, section, width, classes=3):
    tensors, head = {}, section["head"]

    def linear(name, rows, columns):
        tensors[f"early_exit.{name}.weight"] = random_tensor(rng, rows, columns, std=1.2 / columns**0.5)
        tensors[f"early_exit.{name}.bias"] = random_tensor(rng, rows, std=0.2)

    if head == "scalar_mix":
        linear("pooler", width, width)
    for layer in section["layers"]:
        if head == "pooler":
            linear(f"{layer}.pooler", width, width)
        if head == "fastbert":
            linear(f"{layer}.narrow", 128, width)
            for name in ("query", "key", "value", "mix", "hidden"):
                linear(f"{layer}.{name}", 128, 128)
        if head == "scalar_mix":
            tensors[f"early_exit.{layer}.mix"] = random_tensor(rng, layer + 1, std=1.0)
        linear(f"{layer}.classifier", classes, 128 if head == "fastbert" else width)
    return tensors


def random_plan(rng, layers, heads, width, length, sections, segments=True, output="logits", classes=3):
    """A plan of the given sections (letters of "pbe": pruning, blocks, exits) and its tensors."""
    plan, tensors = {"version": 1}, {}
    if "p" in sections:
        plan["token_pruning"] = token_pruning(rng, layers, length)
    if "b" in sections:
        plan["block_skim"] = block_skim(rng, layers, segments)
        tensors |= block_tensors(rng, plan["block_skim"], heads)
    if "e" in sections:
        plan["early_exit"] = early_exit(rng, layers, output, classes)
        tensors |= exit_tensors(rng, plan["early_exit"], width, classes)
    if rng.random() < 0.4:
        plan["restore"] = "hold" if rng.random() < 0.3 else {"fill": round(float(rng.uniform(-100, 1)), 2)}
    return plan, tensors
