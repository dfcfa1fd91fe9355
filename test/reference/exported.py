"""The reference's outputs for the small exported models, by family."""

import encoder
import numpy as np
import onnx_weights

FAMILIES = ("bert", "bert-cls", "bert-qa", "bert-tok", "bert-nomask", "distilbert-cls", "roberta-cls", "sentence")


class Exported:
    """A model file's weights under the reference forward pass."""

    def __init__(self, path, family):
        if family not in FAMILIES:
            raise ValueError(f"expected one of {FAMILIES}, got {family!r}")
        self.family = family
        roberta = family == "roberta-cls"
        self.encoder = encoder.Encoder(
            onnx_weights.read(path),
            heads=2 if roberta else 4,
            eps=1e-5 if roberta else 1e-12,
            position_ids=encoder.count_ids(1) if roberta else None,
        )

    def outputs(self, inputs):
        """A dict of float64 arrays; pooled values of rows without tokens are NaN."""
        ids = inputs["input_ids"]
        mask = inputs.get("attention_mask", np.ones_like(ids))
        states = self.encoder.states(ids, mask, inputs.get("token_type_ids"))
        return getattr(self, self.family.replace("-", "_"))(states, mask)

    def bert(self, states, mask):
        return {"last_hidden_state": states, "pooler_output": self.encoder.pooled(states, mask)}

    bert_nomask = bert

    def bert_cls(self, states, mask):
        return {"logits": self.encoder.linear("classifier", self.encoder.pooled(states, mask))}

    def at_tokens(self, name, states, mask):
        return self.encoder.linear(name, states) * (np.asarray(mask) != 0)[..., None]

    def bert_qa(self, states, mask):
        logits = self.at_tokens("qa_outputs", states, mask)
        return {"start_logits": logits[..., 0], "end_logits": logits[..., 1]}

    def bert_tok(self, states, mask):
        return {"logits": self.at_tokens("classifier", states, mask)}

    def distilbert_cls(self, states, mask):
        pooled = encoder.relu(self.encoder.linear("pre_classifier", self.encoder.first(states, mask)))
        return {"logits": self.encoder.linear("classifier", pooled)}

    def roberta_cls(self, states, mask):
        pooled = np.tanh(self.encoder.linear("classifier.dense", self.encoder.first(states, mask)))
        return {"logits": self.encoder.linear("classifier.out_proj", pooled)}

    def sentence(self, states, mask):
        return {"token_embeddings": states, "sentence_embedding": self.encoder.sentence(states, mask)}
