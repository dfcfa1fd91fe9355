"""Exports small encoders of TensorFlow with tf2onnx, as make_models.py does those of PyTorch.

TF_USE_LEGACY_KERAS=1 python make_tensorflow_models.py [name]...
"""

import pathlib
import sys

import keras
import numpy as np
import onnx
import onnxruntime
import tensorflow as tf
import tf2onnx
import transformers

HERE = pathlib.Path(__file__).resolve().parent
SIZE_LIMIT = 300_000
SEED = 20240611
IDS, MASK, TYPES = "input_ids", "attention_mask", "token_type_ids"
SIZES = dict(vocab_size=96, hidden_size=36, num_hidden_layers=2, num_attention_heads=3, intermediate_size=72)


def gelu(x):
    """By erf: tf.nn.gelu has become one by erfc, which tf2onnx does not know."""
    return 0.5 * x * (1.0 + tf.math.erf(x / 2**0.5))


def make_keras_class(keras):
    """An encoder of the layers of Keras 2 or 3. In 2, norms with the default epsilon of 1e-3 become batch norms."""
    layers = keras.layers

    class KerasEncoder(keras.Model):
        def __init__(self, sizes):
            super().__init__()
            width, heads = sizes["hidden_size"], sizes["num_attention_heads"]
            self.words = layers.Embedding(sizes["vocab_size"], width)
            self.places = layers.Embedding(sizes["max_position_embeddings"], width)
            self.first = layers.LayerNormalization()
            self.blocks = [
                {
                    "attention": layers.MultiHeadAttention(heads, width // heads),
                    "middle": layers.LayerNormalization(),
                    "up": layers.Dense(sizes["intermediate_size"], activation="relu"),
                    "down": layers.Dense(width),
                    "last": layers.LayerNormalization(),
                }
                for _ in range(sizes["num_hidden_layers"])
            ]

        def call(self, inputs, training=False):
            ids, mask = inputs[IDS], inputs[MASK]
            states = self.first(self.words(ids) + self.places(tf.range(tf.shape(ids)[1])))
            for block in self.blocks:
                seen = block["attention"](states, states, attention_mask=mask[:, None, :])
                states = block["middle"](states + seen)
                states = block["last"](states + block["down"](block["up"](states)))
            return {"last_hidden_state": states}

    return KerasEncoder


BERT = dict(**SIZES, max_position_embeddings=264, hidden_act=gelu)
DISTILBERT = dict(
    vocab_size=96, dim=36, n_layers=2, n_heads=3, hidden_dim=72, max_position_embeddings=264, activation="gelu_new"
)
T5 = dict(vocab_size=96, d_model=36, d_kv=10, d_ff=52, num_layers=2, num_heads=3, use_cache=False)
MODELS = {
    "keras2": (make_keras_class(tf.keras), dict, SIZES | dict(max_position_embeddings=264), [IDS, MASK]),
    "keras3": (make_keras_class(keras), dict, SIZES | dict(max_position_embeddings=264), [IDS, MASK]),
    "bert": (transformers.TFBertModel, transformers.BertConfig, BERT, [IDS, MASK, TYPES]),
    "distilbert": (transformers.TFDistilBertModel, transformers.DistilBertConfig, DISTILBERT, [IDS, MASK]),
    "mpnet": (transformers.TFMPNetModel, transformers.MPNetConfig, BERT | dict(pad_token_id=1), [IDS, MASK]),
    "t5": (transformers.TFT5EncoderModel, transformers.T5Config, T5, [IDS, MASK]),
}


def fill_weights(model):
    """Draws every weight anew: no zero bias, no unit scale, no flat softmax."""
    rng = np.random.default_rng(SEED)
    for weight in model.weights:
        drawn = rng.standard_normal(weight.shape)
        name = getattr(weight, "path", weight.name)
        if "orm" in name and ("gamma" in name or name.endswith("weight:0")):
            weight.assign(1 + 0.2 * drawn)
        elif len(weight.shape) == 1:
            weight.assign(0.2 * drawn)
        elif "embeddings" in name or "shared" in name:
            weight.assign(0.5 * drawn)
        else:
            weight.assign(drawn * 1.2 / weight.shape[0] ** 0.5)


def make_inputs(names, batch, sequence):
    rng = np.random.default_rng([batch, sequence])
    mask = (np.arange(sequence) < rng.integers(1, sequence + 1, (batch, 1))).astype(np.int32)
    values = {
        IDS: np.where(mask == 1, rng.integers(3, 90, (batch, sequence)), 1).astype(np.int32),
        MASK: mask,
        TYPES: rng.integers(0, 2, (batch, sequence)).astype(np.int32),
    }
    return {name: values[name] for name in names}


def export(name):
    model_class, config_class, sizes, inputs = MODELS[name]
    model = model_class(config_class(**sizes))
    model(make_inputs(inputs, 1, 5))
    fill_weights(model)
    signature = [tf.TensorSpec([None, None], tf.int32, name=each) for each in inputs]

    @tf.function(input_signature=signature)
    def run(*values):
        outputs = model(dict(zip(inputs, values, strict=True)), training=False)
        return {key: value for key, value in outputs.items() if isinstance(value, tf.Tensor)}

    path = HERE / f"{name}-17-tensorflow.onnx"
    proto, _ = tf2onnx.convert.from_function(run, signature, opset=17)
    onnx.save(proto, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    for batch, sequence in ((1, 1), (2, 7), (3, 40)):
        feed = make_inputs(inputs, batch, sequence)
        expected = run(*feed.values())
        for key, actual in zip(names, session.run(None, feed), strict=True):
            worst = np.abs(actual - expected[key]).max() / np.abs(expected[key]).max()
            assert worst < 1e-5, f"{name}: {key} differs by {worst:.1e}"
    assert path.stat().st_size < SIZE_LIMIT, f"{name}: {path.stat().st_size} bytes"
    print(path.name, path.stat().st_size)


if __name__ == "__main__":
    for model_name in sys.argv[1:] or MODELS:
        export(model_name)
