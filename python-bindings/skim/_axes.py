"""The thresholds of a plan as numbers from 0, which leaves nothing out, to 1."""

import math
from typing import Any

from skim._errors import RunError
from skim._model import Model
from skim._plan import Plan

# How many powers of ten an axis spans below its most.
DECADES = 6


class Axis:
    """A section's threshold. `place` 0 is off; from there on it leaves out ever more."""

    knob: str
    off: float

    def value(self, place: float) -> float:
        """The knob's value at a place above 0."""
        raise NotImplementedError

    def store(self, plan: Plan, place: float) -> None:
        """Write the threshold into a plan."""
        raise NotImplementedError

    def snap(self, place: float) -> float:
        """The next place that differs from others."""
        return place

    def knobs(self, place: float) -> dict[str, float]:
        return {self.knob: self.value(place) if place > 0 else self.off}

    def row(self, place: float) -> dict[str, Any]:
        """What a table shows of it."""
        return self.knobs(place)


class ScaleAxis(Axis):
    """A factor for all thresholds of token pruning.

    Scores sum up to 1 over a sequence, if divided by its length. So they are about
    1 / N, and a threshold of some times that cuts almost all.
    """

    knob, off = "token_pruning.scale", 0.0

    def __init__(self, section: dict[str, Any]):
        positive = [value for value in section["thresholds"] if value > 0]
        if not positive:
            raise RunError("token_pruning.thresholds: expected one above 0 to scale, got none")
        self.most = 1.0 / min(positive)

    def value(self, place: float) -> float:
        return self.most * 10 ** (-DECADES * (1 - place))

    def store(self, plan: Plan, place: float) -> None:
        section = plan.data["token_pruning"]
        if place == 0:
            del plan.data["token_pruning"]
            return
        section["thresholds"] = [value * self.value(place) for value in section["thresholds"]]


class BlockAxis(Axis):
    """The least probability of a block that stays: even steps of log odds."""

    knob, off = "block_skim.threshold", 0.0
    SPAN = 14.0

    def value(self, place: float) -> float:
        return 1 / (1 + math.exp(self.SPAN * (1 - 2 * place)))

    def store(self, plan: Plan, place: float) -> None:
        plan.data["block_skim"]["threshold"] = self.value(place) if place > 0 else 0.0


class ExitAxis(Axis):
    """One threshold for all exits."""

    knob = "early_exit.threshold"

    def __init__(self, section: dict[str, Any], classes: int):
        self.criterion, self.exits = section["criterion"], len(section["layers"])
        self.off = 2.0 if self.criterion == "max_probability" else 0.0
        self.most = {"entropy": math.log(classes), "max_probability": 1 - 1 / classes}.get(self.criterion, 1.0)

    def value(self, place: float) -> float:
        if self.criterion == "patience":
            # The counter is at most exits - 1, and 1 leaves soonest.
            return float(max(1, round(self.exits - place * (self.exits - 1))))
        reach = self.most * 10 ** (-DECADES * (1 - place)) * (1 + 1e-6)
        return max(0.0, 1 - reach) if self.criterion == "max_probability" else reach

    def snap(self, place: float) -> float:
        if self.criterion != "patience" or place == 0 or self.exits < 2:
            return place
        return (self.exits - self.value(place)) / (self.exits - 1) or 1e-3

    def store(self, plan: Plan, place: float) -> None:
        value = self.value(place) if place > 0 else self.off
        plan.data["early_exit"]["threshold"] = int(value) if self.criterion == "patience" else value


def axes_of(plan: Plan, model: Model) -> list[Axis]:
    """The axes of a plan's sections, which the model's knobs must have."""
    makers = {
        "token_pruning": lambda section: ScaleAxis(section),
        "block_skim": lambda section: BlockAxis(),
        "early_exit": lambda section: ExitAxis(section, _classes(plan, section)),
    }
    axes: list[Axis] = [make(plan.data[name]) for name, make in makers.items() if name in plan.data]
    if not axes:
        raise RunError("plan: expected token_pruning, block_skim or early_exit, got none")
    for axis in axes:
        if not any(name == axis.knob or name.startswith(f"{axis.knob}.") for name in model.knobs):
            raise RunError(f"knob '{axis.knob}': the model has none, compile it with the plan")
    return axes


def _classes(plan: Plan, section: dict[str, Any]) -> int:
    return plan.tensors[f"early_exit.{section['layers'][0]}.classifier.weight"].shape[0]
