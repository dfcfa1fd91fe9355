"""Exports a small encoder of PaddlePaddle with paddle2onnx, as make_models.py does those of PyTorch."""

import pathlib

import numpy as np
import onnx
import onnxruntime
import paddle
from paddle import nn

HERE = pathlib.Path(__file__).resolve().parent
SIZE_LIMIT = 300_000
WIDTH, HEADS, INNER = 36, 3, 72
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


class Encoder(nn.Layer):
    """Embeddings, two layers of nn.TransformerEncoder, a pooler."""

    def __init__(self):
        super().__init__()
        self.words, self.positions, self.types = (nn.Embedding(size, WIDTH) for size in (96, 264, 2))
        self.norm = nn.LayerNorm(WIDTH)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(WIDTH, HEADS, INNER, activation="gelu"), 2)
        self.pooler = nn.Linear(WIDTH, WIDTH)

    def forward(self, input_ids, attention_mask, token_type_ids):
        ones = paddle.ones_like(input_ids, dtype="int64")
        places = paddle.cumsum(ones, axis=1) - ones
        states = self.words(input_ids) + self.positions(places) + self.types(token_type_ids)
        mask = (1.0 - paddle.unsqueeze(attention_mask, [1, 2]).astype("float32")) * -1e4
        states = self.encoder(self.norm(states), mask)
        return states, paddle.tanh(self.pooler(states[:, 0]))


def make_inputs(batch, sequence):
    rng = np.random.default_rng([batch, sequence])
    mask = (np.arange(sequence) < rng.integers(1, sequence + 1, (batch, 1))).astype(np.int64)
    return [mask * rng.integers(3, 90, (batch, sequence)), mask, rng.integers(0, 2, (batch, sequence))]


def main():
    paddle.seed(20240611)
    model = Encoder()
    model.eval()
    for parameter in model.parameters():
        if len(parameter.shape) == 1:
            parameter.set_value(parameter + 0.2 * paddle.randn(parameter.shape))
    path = HERE / "encoder-17-paddle.onnx"
    specs = [paddle.static.InputSpec([None, None], "int64", name) for name in INPUTS]
    paddle.onnx.export(model, str(path.with_suffix("")), input_spec=specs, opset_version=17)
    proto = onnx.load(path)
    for output, name in zip(proto.graph.output, ["last_hidden_state", "pooler_output"], strict=True):
        for node in proto.graph.node:
            for names in (node.input, node.output):
                names[:] = [name if each == output.name else each for each in names]
        output.name = name
    onnx.save(proto, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for batch, sequence in ((1, 1), (2, 7), (3, 40)):
        feed = make_inputs(batch, sequence)
        expected = model(*map(paddle.to_tensor, feed))
        for actual, want in zip(session.run(None, dict(zip(INPUTS, feed, strict=True))), expected, strict=True):
            assert np.abs(actual - want.numpy()).max() < 1e-5 * np.abs(want.numpy()).max()
    assert path.stat().st_size < SIZE_LIMIT
    print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
