"""Encoders of PyTorch's own layers, for make_models.py: with the sequence first, or by einsum."""

import types

import torch
from torch import nn


class TorchConfig(types.SimpleNamespace):
    """Takes sizes by name, as the configurations of transformers do."""


class Embeddings(nn.Module):
    """Words, scaled, and positions: [sequence, batch, H]."""

    def __init__(self, config):
        super().__init__()
        self.words = nn.Embedding(config.vocab_size, config.hidden_size)
        self.register_buffer("positions", torch.randn(config.max_positions, 1, config.hidden_size) * 0.5)
        self.scale = config.hidden_size**0.5 / 2

    def forward(self, ids):
        states = self.words(ids.transpose(0, 1)) * self.scale
        return states + self.positions[: states.size(0)]


class LayerEncoder(nn.Module):
    """nn.TransformerEncoder with the sequence first, which is its default."""

    def __init__(self, config):
        super().__init__()
        torch.backends.mha.set_fastpath_enabled(False)  # Its ops have no ONNX form.
        self.config = config
        self.embeddings = Embeddings(config)
        layer = nn.TransformerEncoderLayer(
            config.hidden_size, config.num_heads, config.intermediate_size, activation="gelu"
        )
        self.encoder = nn.TransformerEncoder(layer, config.num_layers, enable_nested_tensor=False)

    def forward(self, input_ids, attention_mask):
        states = self.embeddings(input_ids)
        states = self.encoder(states, src_key_padding_mask=attention_mask == 0)
        return (states.transpose(0, 1),)


class AttentionLayer(nn.Module):
    """nn.MultiheadAttention as it is called by default: it gives its weights as well."""

    def __init__(self, config):
        super().__init__()
        self.attention = nn.MultiheadAttention(config.hidden_size, config.num_heads)
        self.first_norm, self.last_norm = nn.LayerNorm(config.hidden_size), nn.LayerNorm(config.hidden_size)
        self.wide = nn.Linear(config.hidden_size, config.intermediate_size)
        self.narrow = nn.Linear(config.intermediate_size, config.hidden_size)

    def forward(self, states, padding):
        normed = self.first_norm(states)
        states = states + self.attention(normed, normed, normed, key_padding_mask=padding)[0]
        return states + self.narrow(torch.relu(self.wide(self.last_norm(states))))


class AttentionEncoder(nn.Module):
    """Layers with norms before, the mean of the tokens, and a classifier."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        self.layers = nn.ModuleList([AttentionLayer(config) for _ in range(config.num_layers)])
        self.classifier = nn.Linear(config.hidden_size, 3)

    def forward(self, input_ids, attention_mask):
        states, padding = self.embeddings(input_ids), attention_mask == 0
        for layer in self.layers:
            states = layer(states, padding)
        weights = attention_mask.transpose(0, 1).unsqueeze(-1).float()
        mean = (states * weights).sum(0) / weights.sum(0).clamp(min=1e-9)
        return (self.classifier(mean),)


class EinsumLayer(nn.Module):
    """Attention by equations, whose weights have an axis for heads."""

    def __init__(self, config):
        super().__init__()
        size, heads = config.hidden_size, config.num_heads
        self.query, self.key, self.value = (nn.Parameter(torch.empty(size, heads, size // heads)) for _ in range(3))
        self.output = nn.Parameter(torch.empty(heads, size // heads, size))
        self.norm = nn.LayerNorm(size)
        self.scale = (size // heads) ** -0.5

    def forward(self, states, hidden):
        query = torch.einsum("bsh,hnd->bsnd", states, self.query) * self.scale
        key = torch.einsum("bsh,hnd->bsnd", states, self.key)
        value = torch.einsum("bsh,hnd->bsnd", states, self.value)
        scores = torch.einsum("binh,bjnh->bnij", query, key).masked_fill(hidden, -1e30)
        context = torch.einsum("bnij,bjnd->bind", scores.softmax(-1), value)
        return self.norm(states + torch.einsum("bind,ndh->bih", context, self.output))


class EinsumEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        self.layers = nn.ModuleList([EinsumLayer(config) for _ in range(config.num_layers)])

    def forward(self, input_ids, attention_mask):
        states = self.embeddings(input_ids).transpose(0, 1)
        hidden = (attention_mask == 0)[:, None, None, :]
        for layer in self.layers:
            states = layer(states, hidden)
        return (states,)
