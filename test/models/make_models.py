"""Exports the small encoder models in this folder.

Random weights under a fixed seed, large enough that every term of the network
shows in the outputs. README.md says which versions to run it with.

    python make_models.py              all models
    python make_models.py bert roberta only those whose name starts so
"""

import argparse
import contextlib
import io
import pathlib
import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
import transformers as tf
from model_sizes import (
    ALBERT,
    BERT,
    DEBERTA,
    DINOV2,
    DINOV3,
    DISTILBERT,
    ELECTRA,
    EUROBERT,
    GEMMA3,
    GPT2,
    MODERNBERT,
    MPNET,
    QWEN3,
    ROBERTA,
    ROFORMER,
    SQUEEZEBERT,
    T5,
    TORCH,
    VIT,
    XLM,
)
from torch_encoders import AttentionEncoder, EinsumEncoder, LayerEncoder, TorchConfig

HERE = pathlib.Path(__file__).resolve().parent
SIZE_LIMIT = 300_000
SEED = 20240611

IDS, MASK, TYPES, PIXELS = "input_ids", "attention_mask", "token_type_ids", "pixel_values"
BATCH, SEQUENCE = "batch_size", "sequence_length"
TOKENS, ROW = {0: BATCH, 1: SEQUENCE}, {0: BATCH}
# Of images whose size is not fixed, and of the tokens that they become.
SIZES, PATCHES = {0: BATCH, 2: "height", 3: "width"}, {0: BATCH, 1: "tokens"}


def fill_weights(model, seed=SEED):
    """Draws every parameter anew: no zero bias, no unit scale, no flat softmax."""
    generator = torch.Generator().manual_seed(seed)

    def normal(shape, std):
        return torch.randn(shape, generator=generator) * std

    with torch.no_grad():
        for name, parameter in model.named_parameters():
            norm = "norm" in name.lower()
            if norm and name.endswith("weight"):
                parameter.copy_(1 + normal(parameter.shape, 0.2))
            elif norm or name.endswith("bias"):
                parameter.copy_(normal(parameter.shape, 0.2))
            elif "embedding" in name or "relative_attention_bias" in name:
                parameter.copy_(normal(parameter.shape, 0.5))
            else:
                # What one output reads; of a single position, its channels.
                inputs = parameter.shape[-1] if parameter.shape[-1] > 1 else parameter[0].numel()
                parameter.copy_(normal(parameter.shape, 1.2 / inputs**0.5))
    return model.eval()


class SentenceEmbedder(torch.nn.Module):
    """Mean pooling over the mask and L2 normalisation, as sentence encoders do."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids, attention_mask, token_type_ids):
        states = self.encoder(input_ids, attention_mask, token_type_ids)[0]
        mask = attention_mask.unsqueeze(-1).expand(states.size()).float()
        mean = torch.sum(states * mask, 1) / torch.clamp(mask.sum(1), min=1e-9)
        return states, torch.nn.functional.normalize(mean, p=2, dim=1)


class Named(torch.nn.Module):
    """A model that works with named outputs only, which are given as a tuple."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        model.config.return_dict = True

    def forward(self, pixel_values):
        return self.model(pixel_values).to_tuple()


class States(Named):
    """Such a model's states alone."""

    def forward(self, pixel_values):
        return (self.model(pixel_values).last_hidden_state,)


class Positional(torch.nn.Module):
    """Gives a model its inputs by name: the TorchScript exporter passes them by place."""

    def __init__(self, model, names):
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *inputs):
        return self.model(**dict(zip(self.names, inputs, strict=True)))


class Family:
    """A model class with its sizes, inputs and outputs (name: dynamic axes)."""

    def __init__(self, model, config, sizes, inputs, outputs, wrap=None, axes=None):
        self.model, self.config, self.sizes = model, config, sizes
        self.inputs, self.outputs, self.wrap = inputs, outputs, wrap
        # What of the inputs is dynamic.
        self.axes = axes or (ROW if inputs == [PIXELS] else TOKENS)

    @property
    def folder(self):
        """Models of images have a folder of their own: they have no ids."""
        return "vision" if self.inputs == [PIXELS] else "."

    def build(self, attention):
        config = self.config(**self.sizes, attn_implementation=attention)
        config.return_dict = False
        model = fill_weights(self.model(config))
        model.config.return_dict = False
        return self.wrap(model).eval() if self.wrap else model


LOGITS = {"logits": ROW}
FAMILIES = {
    "bert": Family(
        tf.BertModel, tf.BertConfig, BERT, [IDS, MASK, TYPES], {"last_hidden_state": TOKENS, "pooler_output": ROW}
    ),
    "bert-cls": Family(tf.BertForSequenceClassification, tf.BertConfig, BERT, [IDS, MASK, TYPES], LOGITS),
    "bert-qa": Family(
        tf.BertForQuestionAnswering,
        tf.BertConfig,
        dict(BERT, num_labels=2),
        [IDS, MASK, TYPES],
        {"start_logits": TOKENS, "end_logits": TOKENS},
    ),
    "bert-tok": Family(
        tf.BertForTokenClassification, tf.BertConfig, dict(BERT, num_labels=7), [IDS, MASK, TYPES], {"logits": TOKENS}
    ),
    "distilbert-cls": Family(
        tf.DistilBertForSequenceClassification, tf.DistilBertConfig, DISTILBERT, [IDS, MASK], LOGITS
    ),
    "roberta-cls": Family(tf.RobertaForSequenceClassification, tf.RobertaConfig, ROBERTA, [IDS, MASK], LOGITS),
    "electra-cls": Family(tf.ElectraForSequenceClassification, tf.ElectraConfig, ELECTRA, [IDS, MASK, TYPES], LOGITS),
    "mpnet": Family(
        tf.MPNetModel, tf.MPNetConfig, MPNET, [IDS, MASK], {"last_hidden_state": TOKENS, "pooler_output": ROW}
    ),
    "albert-cls": Family(tf.AlbertForSequenceClassification, tf.AlbertConfig, ALBERT, [IDS, MASK, TYPES], LOGITS),
    "deberta-v2-cls": Family(tf.DebertaV2ForSequenceClassification, tf.DebertaV2Config, DEBERTA, [IDS, MASK], LOGITS),
    "modernbert": Family(
        tf.ModernBertModel, tf.ModernBertConfig, MODERNBERT, [IDS, MASK], {"last_hidden_state": TOKENS}
    ),
    "roformer": Family(
        tf.RoFormerModel, tf.RoFormerConfig, ROFORMER, [IDS, MASK, TYPES], {"last_hidden_state": TOKENS}
    ),
    "eurobert": Family(tf.EuroBertModel, tf.EuroBertConfig, EUROBERT, [IDS, MASK], {"last_hidden_state": TOKENS}),
    "qwen3": Family(tf.Qwen3Model, tf.Qwen3Config, QWEN3, [IDS, MASK], {"last_hidden_state": TOKENS}),
    "gemma3": Family(tf.Gemma3TextModel, tf.Gemma3TextConfig, GEMMA3, [IDS, MASK], {"last_hidden_state": TOKENS}),
    "t5": Family(tf.T5EncoderModel, tf.T5Config, T5, [IDS, MASK], {"last_hidden_state": TOKENS}),
    "xlm": Family(tf.XLMModel, tf.XLMConfig, XLM, [IDS, MASK], {"last_hidden_state": TOKENS}),
    "squeezebert": Family(
        tf.SqueezeBertModel,
        tf.SqueezeBertConfig,
        SQUEEZEBERT,
        [IDS, MASK, TYPES],
        {"last_hidden_state": TOKENS, "pooler_output": ROW},
    ),
    "torch-layers": Family(LayerEncoder, TorchConfig, TORCH, [IDS, MASK], {"last_hidden_state": TOKENS}),
    "torch-attention": Family(AttentionEncoder, TorchConfig, TORCH, [IDS, MASK], {"logits": ROW}),
    "torch-einsum": Family(EinsumEncoder, TorchConfig, TORCH, [IDS, MASK], {"last_hidden_state": TOKENS}),
    "gpt2": Family(tf.GPT2Model, tf.GPT2Config, GPT2, [IDS, MASK], {"last_hidden_state": TOKENS}),
    "vit": Family(tf.ViTModel, tf.ViTConfig, VIT, [PIXELS], {"last_hidden_state": ROW, "pooler_output": ROW}),
    "dinov2": Family(
        tf.Dinov2Model, tf.Dinov2Config, DINOV2, [PIXELS], {"last_hidden_state": ROW, "pooler_output": ROW}, wrap=Named
    ),
    "dinov2-sizes": Family(
        tf.Dinov2Model, tf.Dinov2Config, DINOV2, [PIXELS], {"last_hidden_state": PATCHES}, wrap=States, axes=SIZES
    ),
    "dinov3": Family(tf.DINOv3ViTModel, tf.DINOv3ViTConfig, DINOV3, [PIXELS], {"last_hidden_state": ROW}, wrap=States),
    "dinov3-sizes": Family(
        tf.DINOv3ViTModel, tf.DINOv3ViTConfig, DINOV3, [PIXELS], {"last_hidden_state": PATCHES}, wrap=States, axes=SIZES
    ),
    "sentence": Family(
        tf.BertModel,
        tf.BertConfig,
        BERT,
        [IDS, MASK, TYPES],
        {"token_embeddings": TOKENS, "sentence_embedding": ROW},
        wrap=SentenceEmbedder,
    ),
    "bert-nomask": Family(
        tf.BertModel, tf.BertConfig, BERT, [IDS], {"last_hidden_state": TOKENS, "pooler_output": ROW}
    ),
}


class Export:
    """One file: a family at an opset, by one exporter, with one attention form."""

    def __init__(self, family, opset, attention="sdpa", dynamo=False, dtype=torch.int64, static=None, tag=""):
        self.family, self.opset, self.attention = family, opset, attention
        self.dynamo, self.dtype, self.static = dynamo, dtype, static
        form = "dynamo" if dynamo else attention
        self.name = f"{family}{tag}-{opset}-{form}"


MAIN = ["bert", "bert-cls", "bert-qa", "bert-tok", "distilbert-cls", "roberta-cls"]
EXPORTS = (
    [Export(family, *form) for family in MAIN for form in ((11, "eager"), (14, "sdpa"), (17, "sdpa"))]
    + [
        Export(family, opset, dynamo=True)
        for family in ("bert-cls", "distilbert-cls", "roberta-cls")
        for opset in (18, 20)
    ]
    + [
        Export("bert-nomask", 14),
        Export("bert-nomask", 17, "eager"),
        Export("bert-cls", 14, dtype=torch.int32, tag="-int32"),
        Export("bert", 17, static=(2, 16), tag="-static"),
        Export("electra-cls", 14),
        Export("albert-cls", 14),
        Export("albert-cls", 17, "eager"),
        Export("mpnet", 14, "eager"),
        Export("deberta-v2-cls", 14, "eager"),
        Export("deberta-v2-cls", 18, "eager", dynamo=True),
        Export("modernbert", 17),
        Export("modernbert", 14, "eager"),
        Export("modernbert", 18, dynamo=True),
        Export("roformer", 14, "eager"),
        Export("eurobert", 17),
        Export("qwen3", 17),
        Export("gemma3", 18, dynamo=True),
        Export("t5", 17),
        Export("gpt2", 17),
        Export("xlm", 17, "eager"),
        Export("squeezebert", 17, "eager"),
        Export("torch-layers", 18, dynamo=True),
        # Of one length: this exporter writes that of the traced keys.
        Export("torch-layers", 17, static=(2, 16), tag="-static"),
        Export("torch-attention", 18, dynamo=True),
        Export("torch-einsum", 17),
        Export("vit", 17),
        Export("vit", 18, dynamo=True),
        Export("dinov2", 18, dynamo=True),
        Export("dinov2-sizes", 17),
        Export("dinov3", 18, dynamo=True),
        Export("dinov3-sizes", 17),
        Export("sentence", 14),
        Export("sentence", 17, "eager"),
        Export("sentence", 18, dynamo=True),
    ]
)


def example(family, batch, sequence, dtype, padded):
    """Ids, mask and segments of a batch; `padded` cuts the later rows short."""
    rng = np.random.default_rng(batch * 1000 + sequence)
    sizes = family.sizes
    if family.inputs == [PIXELS]:
        sides = [sizes["image_size"]] * 2
        if family.axes is SIZES:
            sides = [sizes["patch_size"] * (2 + sequence % rest) for rest in (7, 5)]
        shape = (batch, sizes["num_channels"], *sides)
        return {PIXELS: torch.tensor(rng.standard_normal(shape), dtype=torch.float32)}
    lengths = [max(1, sequence - 3 * b if padded else sequence) for b in range(batch)]
    mask = np.array([[1] * n + [0] * (sequence - n) for n in lengths])
    ids = rng.integers(3, sizes["vocab_size"], (batch, sequence))
    ids = np.where(mask == 1, ids, sizes.get("pad_token_id", 0))
    types = np.where(np.arange(sequence) >= sequence // 2, 1, 0) * mask
    values = {IDS: ids, MASK: mask, TYPES: types}
    return {name: torch.tensor(values[name], dtype=dtype) for name in family.inputs}


def export(item, path):
    family = FAMILIES[item.family]
    model = family.build(item.attention)
    # The traced batch has padding: a model that looks at the mask's values while
    # it is traced then keeps the masked form.
    sample = example(family, *(item.static or (2, 16)), item.dtype, padded=True)
    axes = {} if item.static else {**{name: family.axes for name in family.inputs}, **family.outputs}
    options = dict(input_names=family.inputs, output_names=list(family.outputs), opset_version=item.opset)
    if item.dynamo:
        batch, sequence = torch.export.Dim(BATCH), torch.export.Dim(SEQUENCE, max=256)
        options.update(
            dynamo=True,
            external_data=False,
            verbose=False,
            dynamic_shapes={name: dict(enumerate((batch, sequence)[: len(family.axes)])) for name in family.inputs},
        )
        # Parameters that are not inputs of the graph must not be seen at all.
        program = torch.onnx.export(model, kwargs=sample, **options)
        program.save(str(path), external_data=False)
    else:
        torch.onnx.export(
            Positional(model, family.inputs).eval(),
            tuple(sample.values()),
            str(path),
            dynamo=False,
            dynamic_axes=axes,
            **options,
        )
    strip(path)
    return model


def strip(path):
    """Drops what is not the model: traces of Python source and their metadata."""
    model = onnx.load(path)
    for node in list(model.graph.node):
        node.doc_string = ""
        del node.metadata_props[:]
    for value in (*model.graph.initializer, *model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
    onnx.save(model, path)


def check(item, path, model):
    """Compares ONNX Runtime with PyTorch; returns the worst relative difference."""
    onnx.checker.check_model(str(path), full_check=True)
    size = path.stat().st_size
    if size > SIZE_LIMIT:
        raise ValueError(f"expected at most {SIZE_LIMIT} bytes, got {size}")
    family = FAMILIES[item.family]
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    shapes = [item.static] if item.static else [(1, 1), (1, 16), (3, 7), (8, 256)]
    worst = 0.0
    for shape in shapes:
        for padded in (False, True):
            batch = example(family, *shape, item.dtype, padded)
            with torch.no_grad():
                expected = model(**batch)
            inputs = {i.name: batch[i.name].numpy() for i in session.get_inputs()}
            actual = session.run(None, inputs)
            mask = batch[MASK].numpy() if MASK in batch else np.ones(shape)
            for axes, want, got in zip(family.outputs.values(), expected, actual, strict=True):
                want = want.numpy()
                if axes is TOKENS:
                    want, got = want[mask != 0], got[mask != 0]
                worst = max(worst, np.abs(want - got).max() / np.abs(want).max())
    if worst > 2e-5:
        raise ValueError(f"differs from torch by {worst:.1e}")
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("prefix", nargs="*", help="export only models whose name starts so")
    parser.add_argument("--output", type=pathlib.Path, default=HERE)
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    failed = []
    for item in EXPORTS:
        if args.prefix and not any(item.name.startswith(p) for p in args.prefix):
            continue
        path = args.output / FAMILIES[item.family].folder / f"{item.name}.onnx"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                model = export(item, path)
            worst = check(item, path, model)
        except Exception as error:  # an exporter's failure must not stop the others
            failed.append(item.name)
            print(f"{item.name}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr)
            continue
        print(f"{item.name}: {path.stat().st_size} bytes, differs from torch by {worst:.1e}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
