"""Dense speed against ONNX Runtime: skim and its peer in one process, turn by turn.

    bench/dense [--threads 1,2] [--seconds 10] [--only bert,minilm] [--json FILE]

BERT-base at 1x128 and 8x128 without padding, and MiniLM over BBC News articles
one at a time and in batches of 8 as they come. Run it on a quiet machine.
"""

import argparse

import fetch_models
import measure
import numpy as np
import onnxruntime
import skim

MODELS = {"bert": "bert-base", "minilm": "minilm"}


class Peer:
    """An ONNX Runtime session with a number of threads."""

    def __init__(self, path, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.names = [i.name for i in self.session.get_inputs()]
        self.outputs = [o.name for o in self.session.get_outputs()]

    def run(self, inputs):
        return self.session.run(None, inputs)


def difference(model, peer, inputs, threads):
    """The largest difference at token positions, relative to the largest magnitude."""
    mask = inputs["attention_mask"] != 0
    ours, worst = model.run(inputs, threads=threads), 0.0
    for name, want in zip(peer.outputs, peer.run(inputs), strict=True):
        got = ours[name]
        if want.shape[:2] == mask.shape and want.ndim > 2:
            got, want = got[mask], want[mask]
        worst = max(worst, float(np.abs(got - want).max() / np.abs(want).max()))
    return worst


def bert(threads, seconds, model):
    path = fetch_models.fetch("bert-base")
    peer = Peer(path, threads)
    rng = np.random.default_rng(0)
    for batch, sequence in ((1, 128), (8, 128)):
        ids = rng.integers(1000, 30000, (batch, sequence))
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        times = measure.pairs(
            lambda inputs=inputs: model.run(inputs, threads=threads),
            lambda inputs=inputs: peer.run(inputs),
            seconds,
            pause=0.02 if threads > 1 else 0.0,
        )
        yield {
            "case": f"BERT-base {batch}x{sequence}",
            "threads": threads,
            **measure.summary(*times),
            "difference": difference(model, peer, inputs, threads),
        }


def articles(count, length):
    """BBC News articles as MiniLM's tokens: a list of id lists."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(fetch_models.fetch("tokenizer")))
    tokenizer.enable_truncation(length)
    tokenizer.no_padding()
    return [e.ids for e in tokenizer.encode_batch(fetch_models.texts(count))]


def padded(rows):
    width = max(len(row) for row in rows)
    ids, mask = np.zeros((len(rows), width), np.int64), np.zeros((len(rows), width), np.int64)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def minilm(threads, seconds, model, count, length):
    peer = Peer(fetch_models.fetch("minilm"), threads)
    texts = articles(count, length)
    tokens = sum(map(len, texts))
    for size in (1, 8):
        batches = [padded(texts[i : i + size]) for i in range(0, len(texts), size)]
        # Each batch is timed in pairs; the sums of minima and of medians are the totals.
        totals = np.zeros(4)
        for inputs in batches:
            ours, theirs = measure.pairs(
                lambda inputs=inputs: model.run(inputs, threads=threads),
                lambda inputs=inputs: peer.run(inputs),
                seconds / len(batches),
                least=3,
                pause=0.02 if threads > 1 else 0.0,
            )
            totals += [min(ours), np.median(ours), min(theirs), np.median(theirs)]
        yield {
            "case": f"MiniLM, {count} articles by {size}",
            "threads": threads,
            "tokens": tokens,
            "skim_min_tokens_s": float(tokens / totals[0]),
            "skim_median_tokens_s": float(tokens / totals[1]),
            "onnxruntime_min_tokens_s": float(tokens / totals[2]),
            "onnxruntime_median_tokens_s": float(tokens / totals[3]),
            "speedup_min": float(totals[2] / totals[0]),
            "speedup_median": float(totals[3] / totals[1]),
            "difference": max(difference(model, peer, inputs, threads) for inputs in batches[:2]),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", default="1,2", help="thread counts, separated by commas")
    parser.add_argument("--seconds", type=float, default=10, help="at least so long for each case")
    parser.add_argument("--only", default="bert,minilm")
    parser.add_argument("--articles", type=int, default=64)
    parser.add_argument("--length", type=int, default=512, help="tokens of an article at most")
    parser.add_argument("--kernels", default="auto", help="auto, mlir or halide")
    parser.add_argument("--json", help="write the numbers to this file")
    args = parser.parse_args()
    facts, threads = measure.machine(), [int(t) for t in args.threads.split(",")]
    names = args.only.split(",")
    if not names or not set(names) <= {"bert", "minilm"}:
        parser.error(f"--only: expected bert, minilm or both, got {args.only}")

    def rows(name):
        model = skim.compile(str(fetch_models.fetch(MODELS[name])), kernels=args.kernels)
        for count in threads:
            if name == "bert":
                yield from bert(count, args.seconds, model)
            else:
                yield from minilm(count, args.seconds, model, args.articles, args.length)

    for name in names:
        path = args.json and (args.json if len(names) == 1 else f"{args.json.removesuffix('.json')}-{name}.json")
        measure.report(f"dense, {name}", facts, rows(name), path)


if __name__ == "__main__":
    main()
