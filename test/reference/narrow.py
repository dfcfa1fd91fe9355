"""Linear layers and attention in int8 and bf16, in numpy: what is rounded, where, and to what.

float32 wherever a library has float32, so that results can be compared bit by bit.
"""

import numpy as np

SMALLEST = np.float32(2.0**-120)  # rows whose largest number is below are taken for zeros


def quantise_rows(x):
    """int8 numbers of the rows of x [.., K], and their scales [.., 1]."""
    x = np.asarray(x, np.float32)
    largest = np.abs(x).max(axis=-1, keepdims=True)
    finite = np.isfinite(x).all(axis=-1, keepdims=True)
    used = finite & (largest >= SMALLEST)
    divisor = np.where(used, largest, np.float32(1))
    inverse = np.where(used, np.float32(127) / divisor, np.float32(0))
    scale = np.where(used, divisor / np.float32(127), np.float32(0))
    numbers = np.rint(np.where(finite, x, 0) * inverse).astype(np.int64)
    return numbers, np.where(finite, scale, np.float32("nan"))


def quantise_columns(weight):
    """int8 numbers of the columns of weight [K, N], and their scales [N]."""
    weight = np.asarray(weight, np.float32)
    largest = np.abs(weight).max(axis=0)
    factor = 127.0 / np.where(largest > 0, largest, 1).astype(np.float64)
    return np.rint(weight * factor).astype(np.int64), largest / np.float32(127)


def linear_int8(x, weight, bias, fused=True):
    """Exact sums as fp32 numbers, times both scales.

    Where the processor has a `fused` multiply-add, the product is rounded with the bias: it is
    exact in float64, where the sum loses nothing that its rounding to float32 would see.
    """
    numbers, scale = quantise_rows(x)
    columns, scales = quantise_columns(weight)
    sums, both = (numbers @ columns).astype(np.float32), scale * scales
    if not fused:
        return sums * both + bias
    return (sums.astype(np.float64) * both + bias).astype(np.float32)


def round_bf16(x):
    """x to the nearest bf16, ties to even; finite numbers only."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def tile_step(depth):
    """Words of two numbers that AMX multiplies at once; 0: they go one by one."""
    words = (depth + 1) // 2
    return next((step for step in range(16, 7, -1) if words % step == 0), 0)


def linear_bf16(x, weight, bias, tiles=False):
    """One chain for each element: pairs of K ascending, the odd number of a pair first.

    With the `tiles` of AMX the even and the odd numbers of a step have a chain each, from
    0, whose sum is added to that of the steps before.

    A product of two bf16 is exact in float64, and so is, for numbers of like size, its
    sum with a float32: rounding that to float32 is what a fused multiply-add gives.
    """
    x, weight = round_bf16(x).astype(np.float64), round_bf16(weight).astype(np.float64)
    depth = x.shape[-1]
    total = np.zeros((*x.shape[:-1], weight.shape[1]), np.float32)

    def add(start, places):
        for k in places:
            if k < depth:
                start = (start + x[..., k : k + 1] * weight[k]).astype(np.float32)
        return start

    step = tile_step(depth) if tiles else 0
    if step == 0:
        return add(total, [k for pair in range(0, depth, 2) for k in (pair + 1, pair)]) + bias
    for first in range(0, depth, 2 * step):
        even, odd = (add(0 * total, range(first + i, first + 2 * step, 2)) for i in (0, 1))
        total = total + (even + odd)
    return total + bias


def attention_bf16(query, key, value, heads):
    """Attention of [batch, sequence, H] states with operands of products in bf16.

    Scaled queries, keys, values and powers are rounded; the largest score and the sum of
    the powers are of numbers as they are.
    """
    batch, length, width = query.shape
    head = width // heads

    def split(x):
        return np.asarray(x, np.float32).reshape(batch, length, heads, head).transpose(0, 2, 1, 3)

    scale = np.float32(np.float32(1 / np.sqrt(head)) * np.float32(np.log2(np.e)))
    scaled = round_bf16(split(query) * scale).astype(np.float64)
    scores = scaled @ round_bf16(split(key)).astype(np.float64).swapaxes(-1, -2)
    powers = np.exp2(scores - scores.max(axis=-1, keepdims=True)).astype(np.float32)
    mixed = round_bf16(powers).astype(np.float64) @ round_bf16(split(value)).astype(np.float64)
    mixed /= powers.sum(axis=-1, keepdims=True, dtype=np.float64)
    return mixed.transpose(0, 2, 1, 3).reshape(batch, length, width)


def to_integers(x, most, axis, scale=None):
    """The integers of x times `scale` up to `most` whose scale is that of `axis`, and that scale."""
    x = x if scale is None else (x * scale).astype(np.float32)
    largest = np.abs(x).max(axis=axis, keepdims=True)
    zeros = largest < np.float32(2.0**-100)
    inverse = np.where(zeros, 0, np.float32(most) / np.where(zeros, 1, largest)).astype(np.float32)
    # A fused multiply-add rounds once, as double precision then does.
    return np.rint(x.astype(np.float64) * inverse), largest.astype(np.float64) / most


def look_up_powers(below):
    """4096 * 2^-below as AVX-512 has it in int8: of 64 numbers an octave, shifted and rounded."""
    distance = np.minimum(np.rint(64 * below), 1023).astype(np.int64)
    table = np.rint(8192 * np.exp2(np.arange(64) / -64)).astype(np.int64)
    return (table[distance % 64] * (16384 >> distance // 64) + 16384) >> 15


def attention_int8(query, key, value, heads, looks_up=False):
    """Attention of [batch, sequence, H] states with operands of products as integers.

    Queries and keys are of 8 bits, powers and values of 16. Columns of a head's keys and values
    have a scale each, queries times those of the keys one of their own; powers are integers of
    1 / 4096, and with `looks_up` the sums are of these. What lies halfway between the least and
    the largest key of a column is taken from it: the softmax does not see it.
    """
    batch, length, width = query.shape
    head = width // heads

    def split(x):
        return np.asarray(x, np.float32).reshape(batch, length, heads, head).transpose(0, 2, 1, 3)

    keys = split(key)
    centre = (keys.min(-2, keepdims=True) * np.float32(0.5)) + (keys.max(-2, keepdims=True) * np.float32(0.5))
    keys, key_scale = to_integers(keys - centre, 127, -2)
    factor = np.float32(np.float32(1 / np.sqrt(head)) * np.float32(np.log2(np.e)))
    queries, query_scale = to_integers(split(query), 127, -1, (factor * key_scale).astype(np.float32))
    scores = query_scale * (queries @ keys.swapaxes(-1, -2))
    below = scores.max(axis=-1, keepdims=True) - scores
    powers = look_up_powers(below) / 4096 if looks_up else np.exp2(-below)
    values, value_scale = to_integers(split(value), 2047, -2)
    mixed = value_scale / 4096 * (np.rint(4096 * powers) @ values)
    mixed /= powers.sum(axis=-1, keepdims=True)
    return mixed.transpose(0, 2, 1, 3).reshape(batch, length, width)


def digits(numbers, count):
    """Integers as `count` digits from -128 to 127 of base 256, the first uppermost."""
    found = []
    for _ in range(count - 1):
        found.append((numbers + 128) % 256 - 128)
        numbers = (numbers - found[-1]) // 256
    return [numbers, *reversed(found)]


def linear_int8x3(x, weight, bias):
    """fp32 by digits: four of a row's integers and three of a column's.

    Products of digits are summed exactly, by the sum of their places up to 3; those sums
    are added up in fp32 from the last one on.
    """
    x, weight = np.asarray(x, np.float32), np.asarray(weight, np.float32)
    largest = np.abs(x).max(axis=-1, keepdims=True)
    exponent = np.maximum(np.frexp(largest)[1] - 1, -97)
    states = digits(np.trunc(np.ldexp(x.astype(np.float64), 29 - exponent)).astype(np.int64), 4)
    largest = np.abs(weight).max(axis=0).astype(np.float64)
    unit = np.maximum(np.frexp(largest)[1], -100) - 23
    unit += np.rint(np.ldexp(largest, -unit)) > 0x7F7F7F
    weights = digits(np.rint(np.ldexp(weight.astype(np.float64), -unit)).astype(np.int64), 3)
    sums = [sum(states[i] @ weights[o - i] for i in range(4) if 0 <= o - i < 3) for o in range(4)]
    total = (sums[2] + (sums[3] + 128 >> 8)).astype(np.float32)
    for place, worth in ((1, 256), (0, 65536)):
        total = (sums[place].astype(np.float32).astype(np.float64) * worth + total).astype(np.float32)
    return total * np.ldexp(np.float32(1), unit) * np.ldexp(np.float32(1), exponent - 5) + bias


LINEAR = {"int8": linear_int8, "bf16": linear_bf16}
