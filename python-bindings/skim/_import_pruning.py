"""Plans from checkpoints of Learned Token Pruning and Block-Skim."""

import math
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from skim._plan import Plan
from skim._state import Config, ConfigLike, State, StateLike


def from_ltp(
    state: StateLike,
    config: ConfigLike = None,
    *,
    denominator_tokens: int | str | None = None,
    place: str = "before_ffn",
    protect: Iterable[int] = (0,),
) -> Plan:
    """A plan of a checkpoint of Learned Token Pruning (kssteven418/LTP).

    The threshold of layer i is ``final_token_threshold * i / layers`` plus the
    learned ``...encoder.layer.{i}.attention.self.pruner.keep_threshold``. So layer 0
    never prunes, and the last layer's base is less than `final_token_threshold`,
    other than the authors' README says. Where the sum is 0 the authors' code does
    not prune, where it is negative only its floor of 1e-5 holds.

    Parameters
    ----------
    state : mapping or path
        The state dict (arrays of numpy or PyTorch), or a .safetensors, .npz, .pt,
        .pth or .bin file of it.
    config : mapping or path
        The authors' config.json: `final_token_threshold`, `num_hidden_layers`,
        `prune_mode`, `scoring_mode`.
    denominator_tokens : int or "alive", optional
        The padded length of training, which scores are divided by: 128, as the
        authors train; ``"alive"`` for `scoring_mode` ``mean_norm``.
    place : {"before_ffn", "after_layer"}
        Where a cut takes effect.
    protect : iterable of int
        Tokens that are never cut. The authors protect none; but a classifier that
        reads position 0 needs it.

    Returns
    -------
    Plan

    Raises
    ------
    CompileError
        Names the key or setting that is missing or wrong.
    """
    reader, settings = State("from_ltp", state), Config("from_ltp", config)
    settings.expect("prune_mode", ("absolute_threshold",), "other modes compare with no absolute threshold")
    settings.expect("scoring_mode", ("mean", "mean_norm"), "scores are means over heads and queries")
    if denominator_tokens is None:
        denominator_tokens = "alive" if settings.get("scoring_mode") == "mean_norm" else 128
    pattern = r"(?P<prefix>(?:.*\.)?encoder\.layer\.(?P<index>\d+)\.attention\.self\.pruner\.)keep_threshold$"
    found = reader.matches(pattern)
    stem = next(iter(found.values()), "ibert.encoder.layer.0.attention.self.pruner.").split("encoder.layer.")[0]
    count = settings.layers(max(found, default=0) + 1)
    final = settings.number("final_token_threshold")
    layers, thresholds = [], []
    for layer in range(count):
        delta = reader.number(f"{stem}encoder.layer.{layer}.attention.self.pruner.keep_threshold")
        if layer == 0:
            if delta != 0:
                warnings.warn("from_ltp: layer 0 has a threshold, which the method does not use", stacklevel=2)
            continue
        theta = final * layer / count + delta
        if theta != 0:
            layers.append(layer)
            thresholds.append(max(0.0, theta))
    if not layers:
        raise reader.error("expected a threshold in some layer behind the first, got none")
    return Plan(
        token_pruning={
            "method": "ltp",
            "layers": layers,
            "thresholds": thresholds,
            "denominator_tokens": denominator_tokens,
            "place": place,
            "protect": list(protect),
        }
    )


# Where the three backbones keep their predictors.
_PREDICTORS = (
    r"(?P<prefix>(?:.*\.)?encoder\.layer\.(?P<index>\d+)\.attention\.self\.skim_predictor\.)",
    r"(?P<prefix>(?:.*\.)?(?:encoder|transformer)\.skim_predictors\.(?P<index>\d+)\.)",
)


def from_blockskim(
    state: StateLike,
    config: ConfigLike = None,
    *,
    threshold: float | None = None,
    batch_align: str = "none",
    protect: Iterable[int] = (0,),
    protect_segments: Iterable[int] = (),
    restore: str | Mapping[str, float] | None = None,
) -> Plan:
    """A plan of a checkpoint of Block-Skim (ChandlerGuan/blockskim): BERT, ALBERT, DistilBERT.

    The checkpoints hold a third convolution that the authors' code never calls; it
    is left out.

    Parameters
    ----------
    state : mapping or path
        The state dict, or a file of it; see `from_ltp`.
    config : mapping or path, optional
        The authors' configuration: `augment_layers` (default: every layer with a
        predictor), `block_size` (default: what the weights' shapes say),
        `skim_threshold` (default 0.001).
    threshold : float, optional
        Instead of the configuration's.
    batch_align : {"none", "max"}
        ``"max"``: each sequence keeps as many blocks as the one of the batch that
        keeps most, as the authors' code does.
    protect, protect_segments : iterable of int
        Tokens, and token types, that are never cut. The authors protect none.
    restore : "hold" or mapping, optional
        By default ``{"fill": -100}``, the authors' start and end logits at tokens
        that were cut.

    Returns
    -------
    Plan

    Raises
    ------
    CompileError
        Names the key or setting that is missing or wrong.
    """
    reader, settings = State("from_blockskim", state), Config("from_blockskim", config)
    found = next((match for pattern in _PREDICTORS if (match := reader.matches(pattern))), {})
    if not found:
        reader.get("bert.encoder.layer.0.attention.self.skim_predictor.conv1.weight")
    layers = settings.integers("augment_layers")
    layers = sorted(set(found if layers is None else layers))
    tensors: dict[str, Any] = {}
    sizes = {layer: _predictor(reader, _prefix(found, layer), layer, settings, tensors) for layer in layers}
    if len(set(sizes.values())) > 1:
        raise reader.error(f"expected one block size, got {', '.join(f'{s} in layer {i}' for i, s in sizes.items())}")
    section = {
        "layers": layers,
        "block_size": next(iter(sizes.values())),
        "threshold": settings.number("skim_threshold", 0.001) if threshold is None else threshold,
        "batch_align": batch_align,
        "protect": list(protect),
        "protect_segments": list(protect_segments),
    }
    return Plan(block_skim=section, restore={"fill": -100.0} if restore is None else restore, tensors=tensors)


def _prefix(found: dict[int, str], layer: int) -> str:
    """The prefix of a layer's predictor, also of one that is missing."""
    if layer in found:
        return found[layer]
    index, prefix = next(iter(found.items()))
    return f".{layer}.".join(prefix.rsplit(f".{index}.", 1))


def _predictor(reader: State, prefix: str, layer: int, settings: Config, tensors: dict[str, Any]) -> int:
    """Adds a layer's tensors to `tensors`; gives its block size."""
    target = f"block_skim.{layer}."
    heads = reader.get(f"{prefix}conv1.weight", None, None, 3, 3).shape[0]
    for name in ("conv1", "conv2"):
        tensors[f"{target}{name}.weight"] = reader.get(f"{prefix}{name}.weight", heads, heads, 3, 3)
        tensors[f"{target}{name}.bias"] = reader.get(f"{prefix}{name}.bias", heads)
    for name in ("bn1", "bn2"):
        for kind in ("weight", "bias", "running_mean", "running_var"):
            tensors[f"{target}{name}.{kind}"] = reader.get(f"{prefix}{name}.{kind}", heads)
    width = reader.get(f"{prefix}fc.weight", 2, None).shape[1]
    size = int(settings.number("block_size", math.isqrt(16 * width // heads)))
    tensors.update(reader.linear(f"{prefix}fc", f"{target}fc", 2, heads * size * size // 16))
    return size
