"""Writes BERT weights as a CTranslate2 model, without transformers and PyTorch.

CTranslate2's own converter loads a checkpoint with transformers only to read its arrays;
here they come as a dict under PyTorch's names, as build_encoder takes them.
"""

import build_encoder as encoders
import ctranslate2
import numpy as np
from ctranslate2.specs import common_spec, transformer_spec


def _linear(spec, weights, *names):
    """One linear map of one or more that read the same input."""
    spec.weight = np.concatenate([weights[f"{name}.weight"] for name in names])
    spec.bias = np.concatenate([weights[f"{name}.bias"] for name in names])


def _norm(spec, weights, name):
    spec.gamma, spec.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]


def write(weights, sizes, folder):
    """Writes the encoder with its pooler to a folder, in fp32."""
    encoder = transformer_spec.TransformerEncoderSpec(
        sizes.layers,
        sizes.heads,
        pre_norm=False,
        activation=common_spec.Activation.GELU,
        layernorm_embedding=True,
        num_source_embeddings=2,
        embeddings_merge=common_spec.EmbeddingsMerge.ADD,
    )
    encoder.scale_embeddings = False
    encoder.embeddings[0].weight = weights["embeddings.word_embeddings.weight"]
    encoder.embeddings[1].weight = weights["embeddings.token_type_embeddings.weight"]
    encoder.position_encodings.encodings = weights["embeddings.position_embeddings.weight"]
    _norm(encoder.layernorm_embedding, weights, "embeddings.LayerNorm")
    for index, layer in enumerate(encoder.layer):
        names = encoders.layer_names(index)
        _linear(layer.self_attention.linear[0], weights, names["query"], names["key"], names["value"])
        _linear(layer.self_attention.linear[1], weights, names["context"])
        _norm(layer.self_attention.layer_norm, weights, names["norm1"])
        _linear(layer.ffn.linear_0, weights, names["up"])
        _linear(layer.ffn.linear_1, weights, names["down"])
        _norm(layer.ffn.layer_norm, weights, names["norm2"])
    spec = transformer_spec.TransformerEncoderModelSpec(encoder, pooling_layer=True)
    _linear(spec.pooler_dense, weights, "pooler.dense")
    spec.config.layer_norm_epsilon = sizes.eps
    spec.config.unk_token = "token0"
    # Ids are given as they are; the names of tokens are never read.
    spec.register_vocabulary([f"token{i}" for i in range(sizes.vocab)])
    spec.validate()
    folder.mkdir()
    spec.save(str(folder))


class Encoder:
    """An encoder of CTranslate2 that takes and gives arrays as the ONNX model does."""

    def __init__(self, folder, threads, compute):
        self.encoder = ctranslate2.Encoder(
            str(folder), device="cpu", compute_type=compute, inter_threads=1, intra_threads=threads
        )

    def run(self, inputs):
        """The states of all positions; padding must be on the right."""
        ids, lengths = inputs["input_ids"].astype(np.int32), inputs["attention_mask"].sum(1, dtype=np.int32)
        view = ctranslate2.StorageView.from_array
        result = self.encoder.forward_batch(view(ids), view(lengths), inputs["token_type_ids"].tolist())
        return np.array(result.last_hidden_state)
