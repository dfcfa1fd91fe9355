"""Sizes of the small encoder models, as the configurations of transformers name them."""

# Sizes are small but uneven: heads of 9, 10, 12 and 16, vocabularies and
# feed-forward sizes that are no multiple of a vector, two to four layers.
BERT = dict(
    vocab_size=101,
    hidden_size=36,
    num_hidden_layers=3,
    num_attention_heads=4,
    intermediate_size=76,
    max_position_embeddings=264,
    type_vocab_size=2,
    num_labels=3,
)
DISTILBERT = dict(
    vocab_size=113, dim=40, n_layers=2, n_heads=4, hidden_dim=84, max_position_embeddings=260, num_labels=5
)
ROBERTA = dict(
    vocab_size=97,
    hidden_size=32,
    num_hidden_layers=3,
    num_attention_heads=2,
    intermediate_size=72,
    max_position_embeddings=266,
    type_vocab_size=1,
    layer_norm_eps=1e-5,
    pad_token_id=1,
    bos_token_id=0,
    eos_token_id=2,
    num_labels=4,
)
ELECTRA = dict(
    vocab_size=101,
    embedding_size=24,
    hidden_size=40,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=84,
    max_position_embeddings=264,
    type_vocab_size=2,
    num_labels=3,
)
MPNET = dict(
    vocab_size=97,
    hidden_size=36,
    num_hidden_layers=3,
    num_attention_heads=3,
    intermediate_size=72,
    max_position_embeddings=266,
    relative_attention_num_buckets=32,
    layer_norm_eps=1e-5,
    pad_token_id=1,
    bos_token_id=0,
    eos_token_id=2,
)
ALBERT = dict(
    vocab_size=101,
    embedding_size=24,
    hidden_size=48,
    num_hidden_layers=4,
    num_attention_heads=4,
    intermediate_size=92,
    max_position_embeddings=264,
    type_vocab_size=2,
    num_labels=3,
    hidden_act="gelu_new",
)
# Relative positions by tables that queries and keys are multiplied with.
DEBERTA = dict(
    vocab_size=97,
    hidden_size=28,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=52,
    max_position_embeddings=264,
    type_vocab_size=0,
    relative_attention=True,
    pos_att_type=["p2c", "c2p"],
    position_buckets=16,
    norm_rel_ebd="layer_norm",
    share_att_key=True,
    num_labels=3,
)
# Rotary positions, gated layers, and windows of four tokens to either side in
# all layers but each third.
MODERNBERT = dict(
    vocab_size=97,
    hidden_size=36,
    num_hidden_layers=4,
    num_attention_heads=2,
    intermediate_size=40,
    max_position_embeddings=264,
    global_attn_every_n_layers=3,
    local_attention=8,
    pad_token_id=0,
    cls_token_id=1,
    sep_token_id=2,
    bos_token_id=1,
    eos_token_id=2,
)
# Rotary positions of neighbours instead of halves.
ROFORMER = dict(
    vocab_size=101,
    embedding_size=24,
    hidden_size=40,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=84,
    max_position_embeddings=264,
    type_vocab_size=2,
)
# Shared heads of keys, which turn before they are repeated; a gate of its own.
EUROBERT = dict(
    vocab_size=97,
    hidden_size=40,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    intermediate_size=68,
    max_position_embeddings=264,
    pad_token_id=0,
    bos_token_id=1,
    eos_token_id=2,
)
# Causal; the heads of queries and keys are normalised, and wider together than
# the states.
QWEN3 = dict(
    vocab_size=97,
    hidden_size=36,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=10,
    intermediate_size=52,
    max_position_embeddings=264,
    use_cache=False,
    pad_token_id=0,
    bos_token_id=1,
    eos_token_id=2,
)
# The same to both sides, as an encoder: windows in all layers but the last, norms
# before and behind, one head of keys.
GEMMA3 = dict(
    vocab_size=97,
    hidden_size=36,
    num_hidden_layers=3,
    num_attention_heads=3,
    num_key_value_heads=1,
    head_dim=14,
    query_pre_attn_scalar=14,
    intermediate_size=44,
    max_position_embeddings=264,
    sliding_window=8,
    layer_types=["sliding_attention", "sliding_attention", "full_attention"],
    use_bidirectional_attention=True,
    use_cache=False,
    pad_token_id=0,
    bos_token_id=1,
    eos_token_id=2,
)
# RMS norms before, relative positions beside the scores, a gate of its own.
T5 = dict(
    vocab_size=97,
    d_model=36,
    d_kv=10,
    d_ff=52,
    num_layers=3,
    num_heads=3,
    relative_attention_num_buckets=8,
    relative_attention_max_distance=32,
    feed_forward_proj="gated-gelu",
    pad_token_id=0,
    eos_token_id=1,
)
# Patches of an image instead of words: 6 x 6, and one token for the class.
VIT = dict(
    image_size=48,
    patch_size=8,
    num_channels=3,
    hidden_size=36,
    num_hidden_layers=3,
    num_attention_heads=4,
    intermediate_size=76,
)
# The same with layers that are scaled before they are added.
DINOV2 = dict(
    image_size=48, patch_size=8, num_channels=3, hidden_size=36, num_hidden_layers=2, num_attention_heads=4, mlp_ratio=2
)
# Patches that their places turn, behind tokens that stay.
DINOV3 = dict(
    image_size=48,
    patch_size=8,
    num_channels=3,
    hidden_size=36,
    num_hidden_layers=2,
    num_attention_heads=3,
    intermediate_size=72,
    num_register_tokens=2,
)
# A causal mask: with padding on the left some rows have no key at all.
GPT2 = dict(
    vocab_size=97, n_embd=28, n_layer=2, n_head=4, n_positions=264, use_cache=False, bos_token_id=0, eos_token_id=0
)
# An encoder of PyTorch's own layers.
TORCH = dict(vocab_size=97, hidden_size=36, num_layers=2, num_heads=3, intermediate_size=68, max_positions=264)
# States are multiplied with their mask; ids and positions are the last S of S.
XLM = dict(
    vocab_size=97,
    emb_dim=36,
    n_layers=2,
    n_heads=4,
    max_position_embeddings=264,
    use_lang_emb=False,
    n_langs=1,
    pad_token_id=0,
    bos_token_id=1,
)
# Channels before positions; layers of two groups of channels each.
SQUEEZEBERT = dict(
    vocab_size=97,
    embedding_size=64,
    hidden_size=64,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=96,
    max_position_embeddings=264,
    type_vocab_size=2,
    q_groups=2,
    k_groups=2,
    v_groups=2,
    post_attention_groups=1,
    intermediate_groups=2,
    output_groups=2,
)
