"""Thresholds from data: the most that a model may leave out for a goal."""

import itertools
import json
import os
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from skim._agreement import Judge
from skim._axes import Axis, axes_of
from skim._compile import compile
from skim._errors import RunError
from skim._model import Model
from skim._plan import Plan

Inputs = Mapping[str, np.ndarray]
POINTS = 9  # of a section's own curve
LEVELS = {2: 5, 3: 4}  # values of each section that are combined
STEPS = 12  # of a bisection


class Curve(list[dict[str, Any]]):
    """A trade-off curve: a row for each setting that was tried, by falling FLOPs.

    A row has `flops` (executed / dense, predictors and heads among them),
    `agreement` with the dense model, `accuracy` where there are labels, the knobs'
    values by their names, and `chosen`, true in one row.
    """

    def pareto(self) -> "Curve":
        """The rows that no other row beats in both FLOPs and quality; of equal ones the chosen."""
        best, rows = -np.inf, []
        for row in sorted(self, key=lambda row: (row["flops"], -_quality(row), not row["chosen"])):
            if _quality(row) > best:
                best = _quality(row)
                rows.append(row)
        return Curve(reversed(rows))

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """The rows as a JSON text; written to a file where a path is given."""
        text = json.dumps(list(self), indent=1) + "\n"
        if path is not None:
            pathlib.Path(os.fsdecode(path)).write_text(text, encoding="utf-8")
        return text

    def to_markdown(self) -> str:
        """The rows as a table."""
        if not self:
            return ""
        columns = list(self[0])
        lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
        lines += ["| " + " | ".join(_cell(row[name]) for name in columns) + " |" for row in self]
        return "\n".join(lines) + "\n"

    def plot(self, path: str | os.PathLike[str]) -> None:
        """Draw FLOPs against quality into a PNG file; needs the package matplotlib."""
        try:
            from matplotlib.backends.backend_agg import FigureCanvasAgg
            from matplotlib.figure import Figure
        except ImportError:
            raise RunError("plot: needs the package matplotlib (pip install matplotlib)") from None
        figure = Figure(figsize=(6, 4), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        what = "accuracy" if self and "accuracy" in self[0] else "agreement"
        axes.plot([row["flops"] for row in self], [row[what] for row in self], ".", color="#9aa5b1", label="tried")
        best = self.pareto()
        axes.plot([row["flops"] for row in best], [row[what] for row in best], "-", color="#1f6feb", label="best")
        for row in self:
            if row["chosen"]:
                axes.plot([row["flops"]], [row[what]], "o", color="#d1242f", label="chosen")
        axes.set_xlabel("FLOPs executed / dense")
        axes.set_ylabel(f"{what}" if what == "accuracy" else "agreement with the dense model")
        axes.grid(alpha=0.3)
        axes.legend()
        figure.savefig(os.fsdecode(path), format="png", dpi=120)


class Calibration(NamedTuple):
    """What `calibrate` found.

    Attributes
    ----------
    plan : Plan
        The plan with the thresholds that were found.
    curve : Curve
        Everything that was tried on all inputs.
    """

    plan: Plan
    curve: Curve


def _quality(row: Mapping[str, Any]) -> float:
    return row.get("accuracy", row["agreement"])


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def calibrate(
    model: str | os.PathLike[str] | Model,
    plan: Plan | Mapping[str, Any] | str | os.PathLike[str],
    inputs: Inputs | Iterable[Inputs],
    *,
    target_flops: float | None = None,
    agreement: float | None = None,
    labels: Any = None,
    outputs: Sequence[str] | None = None,
    seed: int = 0,
    samples: int | None = None,
    per_layer: bool = False,
    progress: bool = True,
    **options: Any,
) -> Calibration:
    """Find a plan's thresholds from data.

    The model is compiled once; the search turns its knobs and reads its statistics.
    What is sought: a factor for the thresholds of `token_pruning`, the threshold of
    `block_skim`, one threshold for all layers of `early_exit`, alone or together.
    The result depends on the arguments only.

    Parameters
    ----------
    model : str, path or Model
        An ONNX file, or a model compiled with this plan.
    plan : Plan, mapping or path
        Where to start: its layers, heads and tensors stay, its thresholds change.
    inputs : mapping, or iterable of mappings
        A batch or batches to find the thresholds with.
    target_flops : float, optional
        The goal: the best agreement with at most so many of the dense model's FLOPs
        (0.5: half of them), predictors and heads among them.
    agreement : float, optional
        Or this goal: the fewest FLOPs with at least so much agreement with the dense
        model; with labels, at least so much of its accuracy.
    labels : array or list of arrays, optional
        The right classes, of all batches one after the other, or one array a batch.
    outputs : sequence of str, optional
        The outputs that must agree; by default those with a row a sequence, else
        those with a row a token.
    seed : int
        Of the choice of batches where `samples` is given.
    samples : int, optional
        Look for the neighbourhood of the goal on so many batches, then on all.
    per_layer : bool
        Look for the thresholds of token pruning layer by layer too: besides those
        given, the same in all layers, rising with the layer, and with its square.
        Needs an ONNX file, which is compiled for each; rows of the curve have a
        `shape` then.
    progress : bool
        Whether to show a progress bar.
    **options
        For `skim.compile`, where an ONNX file is given: ``outputs`` cannot be among
        them, since it names the outputs to compare.

    Returns
    -------
    Calibration
        The plan and its trade-off curve.

    Raises
    ------
    CompileError
        The model or plan does not compile.
    RunError
        The goal cannot be reached, or inputs, labels and model do not fit together.
    """
    if (target_flops is None) == (agreement is None):
        raise RunError("expected one of target_flops and agreement")
    for name, value in (("target_flops", target_flops), ("agreement", agreement)):
        if value is not None and not 0 < value <= 1:
            raise RunError(f"{name}: expected a number above 0 and at most 1, got {value}")
    if isinstance(plan, Mapping):
        plan = Plan.from_dict(plan)
    elif not isinstance(plan, Plan):
        plan = Plan.load(plan)
    batches = [inputs] if isinstance(inputs, Mapping) else list(inputs)
    if not batches:
        raise RunError("inputs: expected at least one batch, got none")
    first = _pick(len(batches), samples, seed)
    shapes = _shapes(plan) if per_layer else {"given": plan}
    if len(shapes) > 1 and not isinstance(model, str | os.PathLike):
        raise RunError("per_layer: expected an ONNX file to compile, got a compiled model")
    found = []
    with _bar(progress) as bar:
        for shape, start in shapes.items():
            compiled = compile(model, plan=start, **options) if isinstance(model, str | os.PathLike) else model
            axes = axes_of(start, compiled)
            search = _Search(_Bench(compiled, start, axes, batches, labels, outputs, bar), target_flops, agreement)
            found.append((shape, start, search, search.run(first)))
    return _best(found, per_layer)


def _shapes(plan: Plan) -> dict[str, Plan]:
    """The plan with thresholds that rise from layer to layer in several ways."""
    if "token_pruning" not in plan.data:
        raise RunError("per_layer: expected a plan with token_pruning")
    shapes = {"given": plan}
    for name, power in (("even", 0), ("linear", 1), ("square", 2)):
        shapes[name] = plan.copy()
        section = shapes[name].data["token_pruning"]
        most = max(section["layers"]) + 1
        section["thresholds"] = [((layer + 1) / most) ** power for layer in section["layers"]]
    return shapes


def _best(found: list[tuple[str, Plan, "_Search", tuple]], name_shapes: bool) -> Calibration:
    """The best of several searches, with all of their rows."""
    reached = [entry for entry in found if entry[2].reaches(entry[2].result(entry[3]))]
    if not reached:
        found[0][2].fail(found[0][3])
    best = max(reached, key=lambda entry: entry[2].better(entry[2].result(entry[3])))
    rows = Curve()
    for entry in found:
        part = entry[2].curve(entry[3] if entry is best else None)
        rows += [({"shape": entry[0]} if name_shapes else {}) | row for row in part]
    result = best[1].copy()
    for axis, place in zip(best[2].axes, best[3], strict=True):
        axis.store(result, place)
    return Calibration(result, Curve(sorted(rows, key=lambda row: (-row["flops"], -_quality(row)))))


def _pick(count: int, samples: int | None, seed: int) -> list[int]:
    """Which batches the first look takes."""
    if samples is None or samples >= count:
        return list(range(count))
    if samples < 1:
        raise RunError(f"samples: expected at least 1, got {samples}")
    return sorted(np.random.default_rng(seed).choice(count, size=samples, replace=False).tolist())


def _bar(progress: bool) -> Any:
    from tqdm import tqdm

    return tqdm(desc="calibrate", unit=" settings", disable=not progress)


def _split(labels: Any, batches: list[Inputs]) -> list[np.ndarray] | None:
    """Labels by batch."""
    if labels is None:
        return None
    if isinstance(labels, list | tuple) and labels and np.ndim(labels[0]) > 0:
        parts = [np.asarray(part) for part in labels]
        if len(parts) != len(batches):
            raise RunError(f"labels: expected {len(batches)} arrays, one a batch, got {len(parts)}")
        return parts
    sizes = [len(next(iter(batch.values()))) for batch in batches]
    array = np.asarray(labels)
    if len(array) != sum(sizes):
        raise RunError(f"labels: expected {sum(sizes)}, one a sequence, got {len(array)}")
    return np.split(array, np.cumsum(sizes)[:-1])


class _Bench:
    """Runs the model at settings and compares it with itself, everything off."""

    def __init__(
        self,
        model: Model,
        plan: Plan,
        axes: list[Axis],
        batches: list[Inputs],
        labels: Any,
        outputs: Sequence[str] | None,
        bar: Any,
    ):
        self.model, self.axes, self.batches, self.bar = model, axes, batches, bar
        exit_output = plan.data.get("early_exit", {}).get("output")
        self.judge = Judge(model, outputs, [exit_output] if exit_output else [])
        self.labels = _split(labels, batches)
        self.dense = [self._run(batch, {k: v for axis in axes for k, v in axis.knobs(0).items()}) for batch in batches]
        self.known: dict[tuple, dict[str, float]] = {}

    def _run(self, batch: Inputs, knobs: dict[str, float]) -> tuple[list[np.ndarray], float, float]:
        outputs, stats = self.model.run(batch, stats=True, knobs=knobs)
        flops = stats["flops"]
        return self.judge.predictions(batch, outputs), flops["executed"], flops["dense"]

    def measure(self, places: tuple, chosen: tuple[int, ...]) -> dict[str, float]:
        """FLOPs and quality at the axes' places, over some batches."""
        key = (places, chosen)
        if key not in self.known:
            self.known[key] = self._measure(places, chosen)
            self.bar.update()
        return self.known[key]

    def _measure(self, places: tuple, chosen: tuple[int, ...]) -> dict[str, float]:
        knobs = {k: v for axis, place in zip(self.axes, places, strict=True) for k, v in axis.knobs(place).items()}
        executed = dense = alike = count = correct = right = 0.0
        for index in chosen:
            ours, ran, whole = self._run(self.batches[index], knobs)
            executed, dense = executed + ran, dense + whole
            part, size = self.judge.agreement(ours, self.dense[index][0])
            alike, count = alike + part, count + size
            if self.labels is not None:
                correct += self.judge.correct(ours, self.labels[index])
                right += self.judge.correct(self.dense[index][0], self.labels[index])
        result = {"flops": executed / max(dense, 1), "agreement": alike / max(count, 1)}
        if self.labels is not None:
            result["accuracy"] = correct / max(count, 1)
            result["dense_accuracy"] = right / max(count, 1)
        return result


class _Search:
    """Places on the axes, each from 0 (off) to 1 (all that the section can)."""

    def __init__(self, bench: _Bench, target: float | None, agreement: float | None):
        self.bench, self.axes, self.target, self.agreement = bench, bench.axes, target, agreement
        self.all = tuple(range(len(bench.batches)))

    def reaches(self, result: Mapping[str, float]) -> bool:
        if self.target is not None:
            return result["flops"] <= self.target
        if "accuracy" in result:
            return result["accuracy"] >= self.agreement * result["dense_accuracy"]
        return result["agreement"] >= self.agreement

    def better(self, result: Mapping[str, float]) -> tuple:
        """What is to be as large as possible among those that reach the goal."""
        quality = _quality(result)
        return (quality, -result["flops"]) if self.target is not None else (-result["flops"], quality)

    def run(self, first: list[int]) -> tuple:
        """The best places over all batches; `first` are the batches of the first look."""
        few = tuple(first)
        curves = [self.explore(index, few) for index in range(len(self.axes))]
        tried = {place for curve in curves for place in curve}
        if len(self.axes) > 1:
            count = LEVELS.get(len(self.axes), 3)
            levels = [self.spread(index, curve, count, few) for index, curve in enumerate(curves)]
            tried |= set(itertools.product(*levels))
        best = self.best_of(tried, few)
        if few != self.all:
            best = self.best_of(sorted(tried, key=lambda place: self.distance(place, few))[:8], self.all)
        for index in range(len(self.axes)):
            best = self.refine(index, best)
        return self.final(best)

    def off(self) -> tuple:
        return (0.0,) * len(self.axes)

    def at(self, index: int, place: float, others: tuple | None = None) -> tuple:
        places = list(others or self.off())
        places[index] = self.axes[index].snap(place)
        return tuple(places)

    def explore(self, index: int, batches: tuple) -> list[tuple]:
        """Places of one axis, the others off, about evenly spread over its FLOPs."""
        places = [0.0, 1.0]
        while len(places) < POINTS:
            flops = [self.bench.measure(self.at(index, place), batches)["flops"] for place in places]
            gaps = [abs(a - b) if y - x > 1e-3 else 0 for a, b, x, y in _neighbours(flops, places)]
            widest = int(np.argmax(gaps))
            if gaps[widest] < 1e-3:
                break
            places.insert(widest + 1, (places[widest] + places[widest + 1]) / 2)
        for place in places:
            self.bench.measure(self.at(index, place), batches)
        return [self.at(index, place) for place in places]

    def spread(self, index: int, curve: list[tuple], count: int, batches: tuple) -> list[float]:
        """Some of a curve's places: those closest to even steps of FLOPs."""
        flops = [self.bench.measure(places, batches)["flops"] for places in curve]
        wanted = np.linspace(max(flops), min(flops), count)
        return sorted({curve[int(np.argmin(np.abs(np.array(flops) - want)))][index] for want in wanted})

    def distance(self, places: tuple, batches: tuple) -> float:
        result = self.bench.measure(places, batches)
        if self.target is not None:
            return abs(result["flops"] - self.target) - 0.1 * result["agreement"]
        return abs(_quality(result) - self.agreement) + 0.1 * result["flops"]

    def best_of(self, tried: Iterable[tuple], batches: tuple) -> tuple:
        results = [(self.bench.measure(places, batches), places) for places in sorted(tried)]
        good = [(self.better(result), places) for result, places in results if self.reaches(result)]
        if good:
            return max(good)[1]
        # Nothing reaches it: what is closest. A smaller goal may still be between two places.
        if self.target is not None:
            return min((result["flops"], places) for result, places in results)[1]
        return self.off()

    def refine(self, index: int, best: tuple) -> tuple:
        """Move along one axis until just within the goal: less for FLOPs, more for agreement."""

        def reaches(place: float) -> bool:
            return self.reaches(self.bench.measure(self.at(index, place, best), self.all))

        inside = best[index]
        if not reaches(inside):
            return best
        outside = 0.0 if self.target is not None else 1.0
        if reaches(outside):
            return self.at(index, outside, best)
        for _ in range(STEPS):
            middle = self.axes[index].snap((inside + outside) / 2)
            if middle in (inside, outside):
                break
            if reaches(middle):
                inside = middle
            else:
                outside = middle
        return self.at(index, inside, best)

    def final(self, refined: tuple) -> tuple:
        """The best of all that was measured on all batches."""
        self.bench.measure(refined, self.all)
        seen = [places for places, batches in self.bench.known if batches == self.all]
        return self.best_of(seen, self.all)

    def result(self, places: tuple) -> dict[str, float]:
        return self.bench.measure(places, self.all)

    def fail(self, closest: tuple) -> None:
        result = self.result(closest)
        goal = f"target_flops {self.target}" if self.target is not None else f"agreement {self.agreement}"
        raise RunError(
            f"{goal}: expected some setting that reaches it, the closest has "
            f"flops {result['flops']:.4f} and agreement {result['agreement']:.4f}"
        )

    def curve(self, chosen: tuple | None) -> list[dict[str, Any]]:
        """A row for each setting that was tried on all batches."""
        rows = []
        for (places, batches), result in self.bench.known.items():
            if batches == self.all:
                knobs = {
                    k: v for axis, place in zip(self.axes, places, strict=True) for k, v in axis.row(place).items()
                }
                row = {name: value for name, value in result.items() if name != "dense_accuracy"}
                rows.append(row | knobs | {"chosen": places == chosen})
        return rows


def _neighbours(values: list[float], places: list[float]) -> Iterable[tuple[float, float, float, float]]:
    return zip(values, values[1:], places, places[1:], strict=False)
