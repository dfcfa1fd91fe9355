"""What the references of pruned networks share: the decision, and a batch a sequence at a time."""

import numpy as np

FLOOR = 1e-5


def keep_tokens(weights, live, threshold):
    """Of the tokens `live`, ascending, those that a threshold leaves: a token's share is the mean of its
    probabilities [heads, n, n] over heads and queries; the first of the sequence stays. How near a share
    came to the threshold."""
    shares = weights.sum(axis=(0, 1)) / (len(weights) * len(live))
    limit = max(FLOOR, threshold)
    return (shares >= limit) | (live == 0), np.abs(shares - limit).min()


def run_states(network, ids, mask, thresholds, hidden):
    """States [batch, sequence, hidden], 0 without a token; the tokens left; the closest call."""
    out = np.zeros((*ids.shape, hidden))
    counts, closest = [], np.inf
    for row in range(len(ids)):
        at = np.flatnonzero(mask[row])
        out[row, at], live, near = network.sequence(ids[row, at], at.astype(np.float64), thresholds or {})
        counts.append(len(live))
        closest = min(closest, near)
    return out, counts, closest
