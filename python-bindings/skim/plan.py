"""Plans for adaptive inference, also from the checkpoints of the methods' authors.

>>> plan = skim.plan.from_ltp("pytorch_model.safetensors", "config.json")
>>> exits = skim.plan.from_deebert(state_dict, threshold=0.2)
>>> model = skim.compile("bert.onnx", plan=plan | exits)

The checkpoints' thresholds are starting points: `skim.calibrate` finds those that
fit a goal.
"""

from skim._import_exits import from_deebert, from_fastbert, from_pabee, from_sledgehammer
from skim._import_pruning import from_blockskim, from_ltp
from skim._plan import Plan

__all__ = [
    "Plan",
    "from_blockskim",
    "from_deebert",
    "from_fastbert",
    "from_ltp",
    "from_pabee",
    "from_sledgehammer",
]
