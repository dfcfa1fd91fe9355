"""Plans from checkpoints of FastBERT, DeeBERT, PABEE and The Right Tool for the Job."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from skim._plan import Plan
from skim._state import Config, ConfigLike, State, StateLike

Numbers = float | Sequence[float]


def _chosen(reader: State, layers: Iterable[int] | None, known: Iterable[int]) -> list[int]:
    """The layers of exits: all that are known, or some of them."""
    known = sorted(known)
    chosen = known if layers is None else sorted({int(layer) for layer in layers})
    for layer in chosen:
        if layer not in known:
            raise reader.error(f"layers: expected some of {known}, got {layer}")
    if not chosen:
        raise reader.error("expected an exit before the last layer, got none")
    return chosen


def _numbered(
    reader: State, settings: Config, pattern: str, otherwise: str, layers: Iterable[int] | None
) -> tuple[str, int, list[int]]:
    """The keys' part before a layer's number, how many layers there are, those with an exit.

    `otherwise` is the first layer's prefix where no key matches.
    """
    found = reader.matches(pattern)
    stem = re.sub(r"\d+\.$", "", next(iter(found.values()), otherwise))
    count = settings.layers(max(found, default=0) + 1)
    return stem, count, _chosen(reader, layers, range(count - 1))


def _numbers(reader: State, name: str, value: Numbers, layers: list[int], count: int) -> Numbers:
    """One number, or one for each exit; a list for all `count` layers is cut to the exits."""
    if isinstance(value, int | float):
        return value
    values = list(value)
    if len(values) == count:
        return [values[layer] for layer in layers]
    if len(values) != len(layers):
        raise reader.error(f"{name}: expected one number or {len(layers)} (one an exit), got {len(values)}")
    return values


def _classes(reader: State, tensors: dict[str, np.ndarray], layers: list[int]) -> None:
    for layer in layers:
        if (count := tensors[f"early_exit.{layer}.classifier.weight"].shape[0]) < 2:
            raise reader.error(f"expected at least 2 classes, got {count}: exits of regressions are not supported")


def _plan(
    reader: State,
    tensors: dict[str, np.ndarray],
    layers: list[int],
    output: str,
    head: str,
    criterion: str,
    threshold: Numbers,
    **more: Any,
) -> Plan:
    _classes(reader, tensors, layers)
    section = {"layers": layers, "output": output, "head": head, "criterion": criterion, "threshold": threshold}
    return Plan(early_exit=section | more, tensors=tensors)


def from_fastbert(
    state: StateLike,
    config: ConfigLike = None,
    *,
    threshold: Numbers | None = None,
    layers: Iterable[int] | None = None,
    output: str = "logits",
) -> Plan:
    """A plan of a checkpoint of FastBERT (autoliuweijie/FastBERT), script or package.

    A sequence exits where the normalised entropy is below the threshold, which the
    authors call speed; their script also exits where the two are equal. The last
    layer's classifier, the teacher, is the model's own.

    Parameters
    ----------
    state : mapping or path
        The state dict, or a file of it; see `from_ltp`.
    config : mapping or path, optional
        `layers_num` (default: what the classifiers say), `speed`, `pooling`.
    threshold : float or list, optional
        Speed; by default the configuration's `speed`, else 0.5. It is stored in no
        checkpoint.
    layers : iterable of int, optional
        The layers with an exit; by default all but the last.
    output : str
        The model's output that exits give early.

    Returns
    -------
    Plan

    Raises
    ------
    CompileError
        Names the key or setting that is missing or wrong. Checkpoints of
        BitVoyage/FastBERT are refused: their heads have no activation, so that no
        head of a plan computes them.
    """
    reader, settings = State("from_fastbert", state), Config("from_fastbert", config)
    settings.expect("pooling", ("first",), "the head of a plan reads the first token")
    if any("branch_classifier_" in name for name in reader.names()):
        raise reader.error(
            "keys 'graph.layer_classifiers.branch_classifier_*': heads of BitVoyage/FastBERT have no tanh "
            "and no mask; expected keys 'classifiers.*' of autoliuweijie/FastBERT"
        )
    pattern = r"(?P<prefix>(?:.*\.)?classifiers\.(?P<index>\d+)\.)output_layer_0\.weight$"
    stem, count, layers = _numbered(reader, settings, pattern, "classifiers.0.", layers)
    tensors: dict[str, np.ndarray] = {}
    for layer in layers:
        source, target = f"{stem}{layer}.", f"early_exit.{layer}."
        tensors.update(reader.linear(f"{source}output_layer_0", f"{target}narrow", 128))
        for index, name in enumerate(("query", "key", "value")):
            linear = f"{source}self_atten.linear_layers.{index}"
            tensors.update(reader.linear(linear, f"{target}{name}", 128, 128))
        tensors.update(reader.linear(f"{source}self_atten.final_linear", f"{target}mix", 128, 128))
        tensors.update(reader.linear(f"{source}output_layer_1", f"{target}hidden", 128, 128))
        tensors.update(reader.linear(f"{source}output_layer_2", f"{target}classifier", None, 128))
    speed = settings.number("speed", 0.5) if threshold is None else threshold
    speed = _numbers(reader, "threshold", speed, layers, count)
    return _plan(reader, tensors, layers, output, "fastbert", "normalised_entropy", speed)


def from_deebert(
    state: StateLike,
    config: ConfigLike = None,
    *,
    threshold: Numbers | None = None,
    layers: Iterable[int] | None = None,
    output: str = "logits",
) -> Plan:
    """A plan of a checkpoint of DeeBERT (castorini/DeeBERT), BERT or RoBERTa.

    A sequence exits where the entropy in nats is below the threshold. The last
    layer's off-ramp is not trained and left out: the model's classifier stands there.

    Parameters
    ----------
    state : mapping or path
        The state dict, or a file of it; see `from_ltp`.
    config : mapping or path, optional
        `num_hidden_layers` (default: what the off-ramps say), `early_exit_entropy`.
    threshold : float or list, optional
        By default the configuration's `early_exit_entropy`, else 0.1; a list has one
        number an exit, or one a layer.
    layers : iterable of int, optional
        The layers with an exit; by default all but the last.
    output : str
        The model's output that exits give early.

    Returns
    -------
    Plan

    Raises
    ------
    CompileError
        Names the key or setting that is missing or wrong.
    """
    reader, settings = State("from_deebert", state), Config("from_deebert", config)
    pattern = r"(?P<prefix>(?:.*\.)?encoder\.highway\.(?P<index>\d+)\.)"
    stem, count, layers = _numbered(reader, settings, pattern, "bert.encoder.highway.0.", layers)
    tensors: dict[str, np.ndarray] = {}
    for layer in layers:
        pooler = reader.linear(f"{stem}{layer}.pooler.dense", f"early_exit.{layer}.pooler")
        width = len(pooler[f"early_exit.{layer}.pooler.bias"])
        tensors.update(pooler)
        tensors.update(reader.linear(f"{stem}{layer}.classifier", f"early_exit.{layer}.classifier", None, width))
    if threshold is None:
        stored = settings.get("early_exit_entropy", 0.1)
        threshold = stored if isinstance(stored, list) else settings.number("early_exit_entropy", 0.1)
    threshold = _numbers(reader, "threshold", threshold, layers, count)
    # The authors' -1 stands for never, which is 0 in a plan.
    clamped = [max(0.0, t) for t in threshold] if isinstance(threshold, list) else max(0.0, threshold)
    return _plan(reader, tensors, layers, output, "pooler", "entropy", clamped)


def from_pabee(
    state: StateLike,
    config: ConfigLike = None,
    *,
    patience: int | None = None,
    layers: Iterable[int] | None = None,
    output: str = "logits",
) -> Plan:
    """A plan of a checkpoint of PABEE (JetRunner/PABEE), BERT or ALBERT.

    All exits share the model's pooler; each has a copy of it in the plan. Exits of
    regressions (one label) are not supported.

    Parameters
    ----------
    state : mapping or path
        The state dict, or a file of it; see `from_ltp`.
    config : mapping or path, optional
        `num_hidden_layers` (default: what the classifiers say), `patience`.
    patience : int, optional
        How often in a row exits must agree; by default the configuration's
        `patience`, else 6. 0 never exits.
    layers : iterable of int, optional
        The layers with an exit; by default all but the last.
    output : str
        The model's output that exits give early.

    Returns
    -------
    Plan

    Raises
    ------
    CompileError
        Names the key or setting that is missing or wrong.
    """
    reader, settings = State("from_pabee", state), Config("from_pabee", config)
    pattern = r"(?P<prefix>(?:.*\.)?classifiers\.(?P<index>\d+)\.)(?:weight|bias)$"
    stem, count, layers = _numbered(reader, settings, pattern, "classifiers.0.", layers)
    # BERT's pooler is a module around a linear layer, ALBERT's is the layer.
    poolers = [name for name in reader.names() if re.search(r"(?:^|\.)pooler\.(?:dense\.)?weight$", name)]
    pooler = poolers[0].removesuffix(".weight") if poolers else "bert.pooler.dense"
    tensors: dict[str, np.ndarray] = {}
    for layer in layers:
        tensors.update(reader.linear(pooler, f"early_exit.{layer}.pooler"))
        width = len(tensors[f"early_exit.{layer}.pooler.bias"])
        tensors.update(reader.linear(f"{stem}{layer}", f"early_exit.{layer}.classifier", None, width))
    patience = int(settings.number("patience", 6)) if patience is None else patience
    return _plan(reader, tensors, layers, output, "pooler", "patience", patience)


def from_sledgehammer(
    state: StateLike,
    config: ConfigLike = None,
    *,
    threshold: Numbers | None = None,
    temperatures: Numbers | str | None = None,
    layers: Iterable[int] | None = None,
    output: str = "logits",
) -> Plan:
    """A plan of a checkpoint of The Right Tool for the Job (allenai/sledgehammer).

    An exit reads the pooled states of its layer and of all before it, weighted by
    numbers that the authors normalise (L2) in each forward pass; the plan has them
    normalised.

    Parameters
    ----------
    state : mapping or path
        The state dict, or a file of it; see `from_ltp`.
    config : mapping or path
        `layer_indices` ("0_3_5_11" or a list), `num_hidden_layers` (default: what
        the encoder's weights say, else the last of `layer_indices` + 1),
        `scaling_temperature`, `add_previous_layer_logits` (must be false).
    threshold : float or list, optional
        Least probability of the best class; by default 0.9.
    temperatures : float, list or str, optional
        The calibrated temperatures, one an exit: the authors' calibration prints
        them ("1.1_1.3_0.9_1.0"), no checkpoint has them. By default the
        configuration's `scaling_temperature`, else 1.
    layers : iterable of int, optional
        Those of `layer_indices` that are used; by default all but the last layer.
    output : str
        The model's output that exits give early.

    Returns
    -------
    Plan

    Raises
    ------
    CompileError
        Names the key or setting that is missing or wrong.
    """
    reader, settings = State("from_sledgehammer", state), Config("from_sledgehammer", config)
    settings.expect(
        "add_previous_layer_logits", (False, "false", "False"), "an exit of a plan does not read other exits' logits"
    )
    indices = settings.integers("layer_indices")
    if indices is None:
        raise reader.error("config 'layer_indices': expected the layers of the exits (\"0_3_5_11\"), got none")
    encoder = reader.matches(r"(?P<prefix>(?:.*\.)?encoder\.layer\.(?P<index>\d+)\.)")
    count = settings.layers(max(encoder, default=indices[-1]) + 1)
    chosen = _chosen(reader, layers, (layer for layer in indices if layer < count - 1))
    pooler = next(
        (name.removesuffix(".weight") for name in reader.names() if re.search(r"(?:^|\.)pooler\.dense\.weight$", name)),
        "bert_model.pooler.dense",
    )
    tensors = reader.linear(pooler, "early_exit.pooler")
    width = len(tensors["early_exit.pooler.bias"])
    for layer in chosen:
        exit_number = indices.index(layer)
        weights = reader.get(f"_sum_weights.{exit_number}", layer + 1)
        length = np.linalg.norm(weights.astype(np.float64))
        tensors[f"early_exit.{layer}.mix"] = (weights / max(length, 1e-12)).astype(np.float32)
        source = f"_classification_layers.{exit_number}"
        tensors.update(reader.linear(source, f"early_exit.{layer}.classifier", None, width))
    more = _temperatures(reader, settings, temperatures, indices, chosen)
    threshold = _numbers(reader, "threshold", 0.9 if threshold is None else threshold, chosen, count)
    return _plan(reader, tensors, chosen, output, "scalar_mix", "max_probability", threshold, **more)


def _temperatures(
    reader: State, settings: Config, given: Numbers | str | None, indices: list[int], chosen: list[int]
) -> dict[str, Numbers]:
    """The section's `temperature`: one number, or those of the exits that are used."""
    if isinstance(given, int | float):
        return {"temperature": given}
    source = settings if given is None else Config(reader.method, {"scaling_temperature": given})
    stored = source.get("scaling_temperature")
    if isinstance(stored, int | float):
        return {"temperature": stored}
    values = source.numbers("scaling_temperature")
    if values is None:
        return {}
    if len(values) == 1:
        return {"temperature": values[0]}
    if len(values) != len(indices):
        raise reader.error(f"temperatures: expected {len(indices)}, one for each of layer_indices, got {len(values)}")
    return {"temperature": [values[indices.index(layer)] for layer in chosen]}
