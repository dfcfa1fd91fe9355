"""The block predictor of Block-Skim in numpy: one diagonal block of attention to p.

Convolution, batch norm with running statistics, ReLU and average pooling, twice,
then a linear layer to two numbers, as PyTorch's layers of these names compute them.
"""

import numpy as np

EPS = 1e-5


def convolve(image, weight, bias):
    """3x3, padding 1. image [channels, height, width], weight [out, in, 3, 3]."""
    _, height, width = image.shape
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1)))
    out = np.zeros((weight.shape[0], height, width))
    for y in range(3):
        for x in range(3):
            out += np.tensordot(weight[:, :, y, x], padded[:, y : y + height, x : x + width], axes=(1, 0))
    return out + bias[:, None, None]


def batch_norm(image, weight, bias, mean, variance):
    unit = (image - mean[:, None, None]) / np.sqrt(variance + EPS)[:, None, None]
    return unit * weight[:, None, None] + bias[:, None, None]


def halve(image):
    """Average pooling 2x2, stride 2."""
    channels, height, width = image.shape
    out = np.zeros((channels, height // 2, width // 2))
    for y in range(height // 2):
        for x in range(width // 2):
            out[:, y, x] = image[:, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2].mean(axis=(1, 2))
    return out


class BlockPredictor:
    """A layer's predictor; `tensors` under the names of the plan's tensor file."""

    def __init__(self, tensors, layer):
        def get(name):
            return np.asarray(tensors[f"block_skim.{layer}.{name}"], np.float64)

        self.get = get

    def probability(self, block):
        """softmax(numbers)[1] of a block [heads, size, size]."""
        image = block
        for index in (1, 2):
            image = convolve(image, self.get(f"conv{index}.weight"), self.get(f"conv{index}.bias"))
            names = ("weight", "bias", "running_mean", "running_var")
            image = batch_norm(image, *(self.get(f"bn{index}.{name}") for name in names))
            image = halve(np.maximum(image, 0))
        numbers = self.get("fc.weight") @ image.reshape(-1) + self.get("fc.bias")
        exponentials = np.exp(numbers - numbers.max())
        return exponentials[1] / exponentials.sum()


def flops(heads, size):
    """2 x MAC of the predictor on one block, all of its places counted."""
    convolutions = 9 * heads * heads * (size * size + (size // 2) ** 2)
    return 2 * (convolutions + 2 * heads * (size // 4) ** 2)
