"""Adaptive inference in numpy: what a plan makes of a model, by masks and loops.

Every layer is computed at every position of the padded batch and a mask says which
tokens still live; nothing is ever moved or left out. A token that no longer lives
keeps its last state. Written from the definition of the methods; float64.
"""

import math
from dataclasses import dataclass, field

import block_predictor
import encoder
import exit_heads
import model_outputs
import numpy as np

FLOOR = 1e-5
NEAR = 1e-6


@dataclass
class Result:
    """What a run gives. Arrays over layers are boolean masks [batch, sequence]."""

    outputs: dict
    attended: list  # took part in the layer's attention
    fed: list  # went through the layer's feed-forward
    survivors: list  # live after the layer
    states: np.ndarray  # the last state of every token
    exit_layer: np.ndarray
    last_layer: np.ndarray
    statistics: dict
    decisions: int  # comparisons with a threshold, or of a score with the next one
    near: int  # of these, how many within NEAR
    closest: float
    scores: dict = field(default_factory=dict)  # (section, layer): what was compared, NaN elsewhere


class Adaptive:
    """A model under a plan.

    `model` is an encoder.Encoder, `head` one of model_outputs.HEADS or a list of
    Outputs, `outputs` the names of those that are kept (default: all). `narrow`
    says whether the last layer is computed for the first token alone where no more
    is read; it changes nothing but the FLOPs.
    """

    def __init__(self, model, head="none", plan=None, tensors=None, outputs=None, narrow=True):
        self.model, self.plan, self.tensors = model, plan or {}, tensors or {}
        known = model_outputs.HEADS[head] if isinstance(head, str) else head
        self.outputs = [output for output in known if outputs is None or output.name in outputs]
        self.width = model.weights["embeddings.LayerNorm.weight"].shape[0]
        self.narrow = narrow

    def run(self, inputs, knobs=None):
        return _Run(self, inputs, knobs or {}).run()

    def defaults(self):
        """The knobs' values where nothing is set: what the plan says."""
        knobs = {}
        if "token_pruning" in self.plan:
            knobs["token_pruning.scale"] = 1.0
        if "block_skim" in self.plan:
            knobs["block_skim.threshold"] = self.plan["block_skim"]["threshold"]
        section = self.plan.get("early_exit")
        for layer in section["layers"] if section else ():
            value = exit_heads.per_layer(section["threshold"], section["layers"], layer)
            knobs[f"early_exit.threshold.{layer}"] = value
        return knobs


class _Run:
    def __init__(self, parent, inputs, knobs):
        self.parent, self.model, self.plan = parent, parent.model, parent.plan
        self.ids = np.asarray(inputs["input_ids"])
        self.mask = np.asarray(inputs.get("attention_mask", np.ones_like(self.ids))) != 0
        self.types = np.asarray(inputs.get("token_type_ids", np.zeros_like(self.ids)))
        self.knobs = self.resolve(knobs)
        self.batch, self.length = self.ids.shape
        # A token's number among its sequence's tokens.
        self.index = np.where(self.mask, np.cumsum(self.mask, axis=1) - 1, -1)
        self.alive = self.mask.copy()
        self.going = np.ones(self.batch, bool)
        self.exit_layer = np.full(self.batch, self.model.layers - 1)
        self.exit_logits = {}
        self.attended, self.fed, self.survivors, self.scores = [], [], [], {}
        self.flops, self.overhead = 0, 0
        self.decisions, self.near, self.closest = 0, 0, math.inf

    def resolve(self, knobs):
        values = self.parent.defaults()
        for name, value in knobs.items():
            known = [knob for knob in values if knob == name or knob.startswith(name + ".")]
            if not known:
                raise KeyError(f"expected one of {list(values)}, got {name!r}")
            values.update(dict.fromkeys(known, value))
        return values

    def compared(self, distance):
        self.decisions += 1
        self.near += distance <= NEAR
        self.closest = min(self.closest, float(distance))

    def embed(self):
        self.states = np.zeros((self.batch, self.length, self.parent.width))
        for b in range(self.batch):
            if self.mask[b].any():
                positions = np.asarray(self.model.position_ids(self.ids[b], self.mask[b].astype(np.int64)))
                # Positions that count tokens may be none at padding; the state there is not read.
                self.states[b] = self.model.embed(self.ids[b], np.maximum(positions, 0), self.types[b])

    def run(self):
        self.embed()
        section = self.plan.get("early_exit")
        if section:
            self.heads = exit_heads.ExitHeads(section, self.parent.tensors, self.parent.width)
            self.criteria = [exit_heads.Criterion(section["criterion"]) for _ in range(self.batch)]
            self.pooled = [[] for _ in range(self.batch)]
        for layer in range(self.model.layers):
            self.layer(layer)
        return Result(
            self.model_outputs(),
            self.attended,
            self.fed,
            self.survivors,
            np.where(self.mask[..., None], self.states, 0.0),
            self.exit_layer,
            self.last_layer(),
            self.statistics(),
            self.decisions,
            self.near,
            self.closest,
            self.scores,
        )

    # One layer.
    def layer(self, layer):
        begin = self.alive & self.going[:, None]
        self.attended.append(begin)
        weights, context = self.attention(layer, begin)
        kept = begin.copy()
        section = self.plan.get("token_pruning")
        prunes = section is not None and layer in section["layers"]
        if prunes:
            kept = self.prune(layer, section, begin, weights)
        before = prunes and section.get("place", "before_ffn") == "before_ffn"
        fed = kept if before else begin
        self.fed.append(fed)
        self.states = np.where(fed[..., None], self.after_attention(layer, context), self.states)
        self.count_layer(layer, begin, fed)
        section = self.plan.get("block_skim")
        if section and layer in section["layers"]:
            kept = self.skim(layer, section, begin, kept, weights)
        self.alive = np.where(self.going[:, None], kept, self.alive)
        section = self.plan.get("early_exit")
        if section:
            self.leave(layer, section)
        self.survivors.append(self.alive & self.going[:, None])

    def attention(self, layer, live):
        """Probabilities [batch, heads, S, S], 0 where a query or key does not live, and the context."""
        model, base = self.model, f"encoder.layer.{layer}.attention.self."
        heads, size = model.heads, self.parent.width // model.heads
        weights = np.zeros((self.batch, heads, self.length, self.length))
        context = np.zeros_like(self.states)
        for b in range(self.batch):
            if not live[b].any():
                continue
            query, key, value = (model.linear(base + name, self.states[b]) for name in ("query", "key", "value"))
            for h in range(heads):
                at = slice(h * size, (h + 1) * size)
                scores = query[:, at] @ key[:, at].T / math.sqrt(size)
                scores[:, ~live[b]] = -np.inf
                one = encoder.softmax(scores)
                one[~live[b]] = 0
                weights[b, h] = one
                context[b][:, at] = one @ value[:, at]
        return weights, context

    def after_attention(self, layer, context):
        """Output projection, residual, norm, feed-forward, residual, norm."""
        model, base = self.model, f"encoder.layer.{layer}."
        rows = self.states + model.linear(base + "attention.output.dense", context)
        rows = model.norm(base + "attention.output.LayerNorm", rows)
        inner = model.activation(model.linear(base + "intermediate.dense", rows))
        return model.norm(base + "output.LayerNorm", rows + model.linear(base + "output.dense", inner))

    # Decisions.
    def protected(self, section, b):
        return np.isin(self.index[b], section.get("protect", [0])) & self.mask[b]

    def prune(self, layer, section, begin, weights):
        """The tokens that stay: not cut by their share of attention."""
        theta = section["thresholds"][section["layers"].index(layer)]
        scale = self.knobs["token_pruning.scale"]
        kept = begin.copy()
        self.scores["token_pruning", layer] = np.full(begin.shape, np.nan)
        for b in range(self.batch):
            count = begin[b].sum()
            if not count or scale == 0:
                continue
            denominator = section["denominator_tokens"]
            share = weights[b].sum(axis=(0, 1)) / (
                self.model.heads * (count if denominator == "alive" else denominator)
            )
            self.scores["token_pruning", layer][b, begin[b]] = share[begin[b]]
            limit = max(FLOOR, scale * theta)
            free = begin[b] & ~self.protected(section, b)
            for token in np.flatnonzero(free):
                self.compared(abs(share[token] - limit))
                if share[token] < limit:
                    kept[b, token] = False
            if not kept[b].any():
                kept[b, self.best(np.flatnonzero(begin[b]), share)] = True
        return kept

    def best(self, places, values):
        """The place of the highest value, the first at a tie."""
        ranked = sorted(values[place] for place in places)
        if len(ranked) > 1:
            self.compared(ranked[-1] - ranked[-2])
        return max(places, key=lambda place: (values[place], -place))

    def skim(self, layer, section, begin, kept, weights):
        """The tokens that stay: `kept` by pruning, in blocks (of `begin`) that stay."""
        size, threshold = section["block_size"], self.knobs["block_skim.threshold"]
        predictor = block_predictor.BlockPredictor(self.parent.tensors, layer)
        blocks, values, stays = {}, {}, {}
        self.scores["block_skim", layer] = np.full(begin.shape, np.nan)
        for b in range(self.batch):
            tokens = np.flatnonzero(begin[b])
            blocks[b] = [tokens[i : i + size] for i in range(0, len(tokens), size)]
            values[b] = np.array([predictor.probability(self.diagonal(weights[b], at, size)) for at in blocks[b]])
            self.overhead += len(blocks[b]) * block_predictor.flops(self.model.heads, size)
            guarded = self.protected(section, b) | np.isin(self.types[b], section.get("protect_segments", []))
            stays[b] = []
            for at, value in zip(blocks[b], values[b], strict=True):
                self.scores["block_skim", layer][b, at] = value
                safe = guarded[at].any()
                if not safe:
                    self.compared(abs(value - threshold))
                stays[b].append(bool(safe or value >= threshold))
        for b in range(self.batch):
            holding = [i for i, at in enumerate(blocks[b]) if kept[b, at].any()]
            if holding and not any(stays[b][i] for i in holding):
                stays[b][self.best(np.array(holding), values[b])] = True
        if section.get("batch_align", "none") == "max":
            self.align(stays, values)
        result = kept.copy()
        for b in range(self.batch):
            for at, stay in zip(blocks[b], stays[b], strict=True):
                result[b, at] &= stay
        return result

    def diagonal(self, weights, tokens, size):
        """A block of a sequence's probabilities, zeros where there is no token."""
        block = np.zeros((self.model.heads, size, size))
        block[:, : len(tokens), : len(tokens)] = weights[:, tokens][:, :, tokens]
        return block

    def align(self, stays, values):
        """Every sequence keeps as many blocks as the one that keeps most, the best ones."""
        most = max((sum(stay) for stay in stays.values()), default=0)
        for b, stay in stays.items():
            others = sorted((i for i in range(len(stay)) if not stay[i]), key=lambda i: (-values[b][i], i))
            missing = max(0, most - sum(stay))
            if 0 < missing < len(others):
                self.compared(values[b][others[missing - 1]] - values[b][others[missing]])
            for i in others[:missing]:
                stay[i] = True

    def leave(self, layer, section):
        mixes = section["head"] == "scalar_mix" and layer <= max(section["layers"])
        for b in np.flatnonzero(self.going) if mixes else ():
            self.pooled[b].append(self.heads.pooled(self.states[b], self.alive[b]))
            self.overhead += self.heads.pooled_flops()
        if layer not in section["layers"]:
            return
        temperature = exit_heads.per_layer(section.get("temperature", 1.0), section["layers"], layer)
        threshold = self.knobs[f"early_exit.threshold.{layer}"]
        self.scores["early_exit", layer] = np.full((self.batch, self.heads.classes(layer)), np.nan)
        for b in np.flatnonzero(self.going):
            logits = self.heads.logits(layer, self.states[b], self.alive[b], self.pooled[b])
            self.overhead += self.heads.flops(layer, int(self.alive[b].sum()))
            self.scores["early_exit", layer][b] = logits
            if not self.alive[b].any():
                continue  # without a token it goes on: there is nothing to be sure of
            leaves, distance = self.criteria[b].decide(logits, threshold, temperature)
            self.compared(distance)
            if leaves:
                self.going[b] = False
                self.exit_layer[b] = layer
                self.exit_logits[b] = logits

    # What comes out.
    def live_at_end(self):
        """Live tokens behind the last layer; a sequence that left lives no more."""
        return self.alive & self.going[:, None]

    def model_outputs(self):
        return {output.name: self.output(output) for output in self.parent.outputs}

    def output(self, output):
        section, restore = self.plan.get("early_exit"), self.plan.get("restore", "hold")
        if output.reads == "tokens":
            values = output.of(self.model, self.states)
            held = self.mask if restore == "hold" else self.alive
            fill = 0.0 if restore == "hold" else restore["fill"]
            return np.where(held.reshape(held.shape + (1,) * (values.ndim - 2)), values, fill)
        rows = np.zeros((self.batch, self.parent.width))
        for b in range(self.batch):
            live = np.flatnonzero(self.alive[b])
            if live.size:
                rows[b] = self.states[b, live[0]] if output.reads == "first" else self.states[b, live].mean(axis=0)
        values = output.of(self.model, rows)
        if section and output.name == section["output"]:
            for b, logits in self.exit_logits.items():
                values[b] = logits
        return values

    def last_layer(self):
        last = np.full(self.mask.shape, -1)
        for layer, took_part in enumerate(self.attended):
            last[took_part] = layer
        return last

    # FLOPs: 2 x MAC.
    def ffn_flops(self, layer):
        """The output projection and the feed-forward of one token."""
        weights, base = self.model.weights, f"encoder.layer.{layer}."
        names = ("attention.output.dense", "intermediate.dense", "output.dense")
        return sum(2 * weights[f"{base}{name}.weight"].size for name in names)

    def layer_flops(self, layer, tokens, queries, fed):
        """Queries, keys, values; two products of attention; the rest for `fed` tokens."""
        width = self.parent.width
        projections = 2 * width * width * (queries + 2 * tokens)
        return projections + 4 * width * queries * tokens + self.ffn_flops(layer) * fed

    def is_narrow(self, layer, dense=False):
        if not self.parent.narrow or layer != self.model.layers - 1:
            return False
        sections = (self.plan.get("token_pruning"), self.plan.get("block_skim"))
        acts = any(section and layer in section["layers"] for section in sections)
        return model_outputs.only_first(self.parent.outputs) and (dense or not acts)

    def count_layer(self, layer, begin, fed):
        for b in range(self.batch):
            tokens = int(begin[b].sum())
            first = self.is_narrow(layer) and tokens > 0
            queries = 1 if first else tokens
            self.flops += self.layer_flops(layer, tokens, queries, 1 if first else int(fed[b].sum()))

    def head_flops(self, tokens):
        outputs = self.parent.outputs
        each = model_outputs.map_flops(self.model, outputs, "tokens")
        return each * tokens + model_outputs.map_flops(self.model, outputs, "sequence")

    def dense_flops(self, tokens):
        """One sequence through the model without a plan."""
        total = self.head_flops(tokens)
        for layer in range(self.model.layers):
            narrow = self.is_narrow(layer, dense=True) and tokens > 0
            total += self.layer_flops(layer, tokens, 1 if narrow else tokens, 1 if narrow else tokens)
        return total

    def statistics(self):
        counts = [int(row.sum()) for row in self.mask]
        hold = self.plan.get("restore", "hold") == "hold"
        executed = self.flops + self.overhead
        for b in np.flatnonzero(self.going):
            executed += self.head_flops(counts[b] if hold else int(self.alive[b].sum()))
        layers = zip(self.attended, self.fed, self.survivors, strict=True)
        return {
            "tokens": sum(counts),
            "padded_tokens": self.batch * self.length,
            "layers": [
                {"tokens_in": int(a.sum()), "tokens_ffn": int(f.sum()), "tokens_out": int(s.sum())}
                for a, f, s in layers
            ],
            "exit_layer": self.exit_layer.tolist(),
            "last_layer": self.last_layer().tolist(),
            "flops": {
                "executed": executed,
                "dense": sum(self.dense_flops(count) for count in counts),
                "padded": self.batch * self.dense_flops(self.length),
                "overhead": self.overhead,
            },
        }
