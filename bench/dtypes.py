"""Accuracy and speed of --dtype=bf16 and int8 on news articles, beside fp32 and ONNX Runtime.

    bench/types [--articles 500] [--length 256] [--dtypes bf16,int8] [--rounds 5] [--json FILE]

Embeds BBC News articles with all-MiniLM-L6-v2 and gives, for each type: the cosine of
its embeddings with those of fp32, the accuracy of classifying articles by the nearest
mean embedding of a class, and the time of batches of 8 in turns. Types that this
processor has no instructions for are emulated: their accuracy is the same, their time
says nothing and is left out.
"""

import argparse
import pathlib
import statistics
import tempfile

import fetch_models
import measure
import numpy as np
import peers
import skim
from cases import padded

CLASSES = ("business", "entertainment", "politics", "sports", "tech")


def articles(count, length):
    """Token ids of articles, and the class of each; evenly over the classes, mixed."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(fetch_models.fetch("tokenizer")))
    tokenizer.enable_truncation(length)
    tokenizer.no_padding()
    folder = fetch_models.fetch("bbcnews")
    files = sorted(folder.glob("*/*.txt"), key=lambda path: (path.stem, path.parent.name))[:count]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    labels = np.array([CLASSES.index(path.parent.name) for path in files])
    return [e.ids for e in tokenizer.encode_batch(texts)], labels


def quantised_peer(path, folder, reduce_range):
    """ONNX Runtime with its own dynamic int8, weights for each channel."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    output = folder / f"peer-{reduce_range}.onnx"
    quantize_dynamic(str(path), str(output), per_channel=True, reduce_range=reduce_range, weight_type=QuantType.QInt8)
    return peers.session(output, 1)


def compile_type(path, dtype):
    """The model in `dtype`, and whether its instructions are emulated here."""
    try:
        return skim.compile(path, dtype=dtype), False
    except skim.CompileError as error:
        if "--dtype-fallback" not in str(error):
            raise
    return skim.compile(path, dtype=dtype, dtype_fallback="emulate"), True


def embed(run, texts):
    """Embeddings [articles, width] by `run`, articles of like length together."""
    order = np.argsort([len(ids) for ids in texts], kind="stable")
    rows = [None] * len(texts)
    for start in range(0, len(order), 8):
        chosen = order[start : start + 8]
        for index, row in zip(chosen, run(padded([texts[i] for i in chosen])), strict=True):
            rows[index] = row
    return np.stack(rows).astype(np.float64)


def means(embeddings, labels):
    rows = np.stack([embeddings[labels == label].mean(axis=0) for label in range(len(CLASSES))])
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def accuracy(centres, embeddings, labels):
    return float((np.argmax(embeddings @ centres.T, axis=1) == labels).mean())


def rows(runs, texts, labels, batches, rounds):
    """A row for each of `runs`: name to (function, whether it is emulated)."""
    timed = {name: run for name, (run, emulated) in runs.items() if not emulated}
    times = measure.turns({n: lambda r=r: [r(batch) for batch in batches] for n, r in timed.items()}, rounds)
    tokens = sum(int(batch["attention_mask"].sum()) for batch in batches)
    learn = np.arange(len(texts)) % 2 == 0
    base = None
    for name, (run, _) in runs.items():
        found = embed(run, texts)
        base = found if base is None else base
        cosine = (found * base).sum(axis=1) / np.linalg.norm(found, axis=1) / np.linalg.norm(base, axis=1)
        own, shared = means(found[learn], labels[learn]), means(base[learn], labels[learn])
        yield {
            "numbers": name,
            "cosine_mean": f"{cosine.mean():.5f}",
            "cosine_min": f"{cosine.min():.5f}",
            "accuracy": f"{accuracy(own, found[~learn], labels[~learn]):.4f}",
            "by_means_of_fp32": f"{accuracy(shared, found[~learn], labels[~learn]):.4f}",
            "tokens_s_best": tokens / min(times[name]) if name in times else "emulated",
            "tokens_s_median": tokens / statistics.median(times[name]) if name in times else "emulated",
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=500)
    parser.add_argument("--length", type=int, default=256, help="tokens of an article at most")
    parser.add_argument("--dtypes", default="bf16,int8")
    parser.add_argument("--rounds", type=int, default=5, help="turns of timing, over 32 articles")
    parser.add_argument("--json", help="write the numbers to this file")
    args = parser.parse_args()
    path = fetch_models.fetch("minilm")
    texts, labels = articles(args.articles, args.length)
    batches = [padded(texts[i : i + 8]) for i in range(0, min(32, len(texts)), 8)]

    def ours(model):
        return lambda inputs: model.run(inputs, threads=1)["sentence_embedding"]

    def theirs(session):
        return lambda inputs: session.run(["sentence_embedding"], inputs)[0]

    runs = {"skim fp32": (ours(skim.compile(path)), False)}
    for dtype in filter(None, args.dtypes.split(",")):
        model, emulated = compile_type(path, dtype)
        runs[f"skim {dtype}"] = (ours(model), emulated)
    runs["onnxruntime fp32"] = (theirs(peers.session(path, 1)), False)
    with tempfile.TemporaryDirectory() as folder:
        for reduced in (False, True):
            name = "onnxruntime int8" + (" of 7 bits" if reduced else "")
            runs[name] = (theirs(quantised_peer(path, pathlib.Path(folder), reduced)), False)
        facts = measure.machine() | {"articles": len(texts), "tokens": sum(map(len, texts))}
        measure.report("types, MiniLM on BBC News", facts, rows(runs, texts, labels, batches, args.rounds), args.json)


if __name__ == "__main__":
    main()
