"""What bench/all measures side by side: inputs, engines, rows.

Each case gives rows, one for each engine: all engines in one process, turn by turn.
"""

import statistics

import fetch_models
import numpy as np
import peers
from measure import timed_turns

# (batch, sequence, threads) of BERT-base; the first list in fp32, the second in narrower types.
SHAPES = [(1, 16, 1), (1, 64, 1), (1, 128, 1), (1, 384, 1), (8, 128, 1), (1, 128, 2), (8, 128, 2)]
NARROW_SHAPES = [(1, 128, 1)]
# (batch, sorted by length) of the articles.
BATCHES = [(1, False), (8, False), (32, False), (8, True), (32, True)]
NARROW_BATCHES = [(1, False), (8, False)]
NARROW = ("bf16", "int8")


def random_batch(batch, sequence):
    ids = np.random.default_rng(0).integers(1000, 30000, (batch, sequence))
    return {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}


def articles(count, length=512):
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


class Bench:
    """Engines, kept for the cases of one model, type and thread count."""

    def __init__(self, args):
        self.args, self.key, self.made = args, None, None

    def engines(self, model, dtype, threads):
        if self.key != (model.name, dtype, threads):
            self.made = None  # the old ones' memory goes first
            self.made = peers.make(model, dtype, threads, self.args.engines, self.args.kernels)
            self.key = (model.name, dtype, threads)
        return self.made

    def case(self, title, model, dtype, threads, batches):
        """Rows of one case: the same batches in all engines."""
        engines, missing = self.engines(model, dtype, threads)
        engines, missing = dict(engines), dict(missing)
        wanted, differences = None, {}
        for name in sorted(engines, key=lambda name: name in peers.OWN):
            try:
                states = [engines[name].run(inputs) for inputs in batches[:2]]
            except Exception as error:  # a peer's failure ends no run
                missing[name] = str(error).strip().splitlines()[0]
                del engines[name]
                continue
            wanted = wanted or states
            pairs = zip(states, wanted, batches, strict=False)
            differences[name] = max(peers.difference(*pair) for pair in pairs)
        times = self.totals(engines, threads, batches) if engines else {}
        tokens = int(sum(inputs["attention_mask"].sum() for inputs in batches))
        row = {"case": title, "dtype": dtype, "threads": threads}
        for name in self.args.engines:
            if name in missing:
                yield row | {"engine": name, "missing": missing[name]}
                continue
            if name not in times:
                continue
            least, middle = times[name]
            yield row | {
                "engine": name,
                "tokens": tokens,
                "min_ms": least * 1e3,
                "median_ms": middle * 1e3,
                "tokens_s": tokens / middle,
                "times_skim_min": least / times["skim"][0] if "skim" in times else None,
                "times_skim_median": middle / times["skim"][1] if "skim" in times else None,
                "difference": differences[name],
            }

    def totals(self, engines, threads, batches):
        """(sum of minima, sum of medians) over the batches, by engine."""
        sums = {name: (0.0, 0.0) for name in engines}
        for inputs in batches:
            functions = {name: lambda e=engine, i=inputs: e.run(i) for name, engine in engines.items()}
            seconds, pause = self.args.seconds / len(batches), 0.02 if threads > 1 else 0.0
            for name, times in timed_turns(functions, seconds, self.args.rounds, pause=pause).items():
                least, middle = sums[name]
                sums[name] = (least + min(times), middle + statistics.median(times))
        return sums


def bert(args):
    """BERT-base in shape, random weights, no padding."""
    bench, model = Bench(args), peers.Model("bert-base")
    shapes = [(shape, "fp32") for shape in sorted(SHAPES, key=lambda shape: shape[2])]
    shapes += [(shape, dtype) for dtype in NARROW for shape in NARROW_SHAPES]
    for (batch, sequence, threads), dtype in shapes:
        yield from bench.case(f"BERT-base {batch}x{sequence}", model, dtype, threads, [random_batch(batch, sequence)])


def minilm(args):
    """MiniLM on BBC News articles, one at a time and in batches, as they come and sorted by length."""
    bench, model, texts = Bench(args), peers.Model("minilm"), articles(args.articles)
    batchings = [(batching, "fp32") for batching in BATCHES]
    batchings += [(batching, dtype) for dtype in NARROW for batching in NARROW_BATCHES]
    for (size, ordered), dtype in batchings:
        rows = sorted(texts, key=len) if ordered else texts
        batches = [padded(rows[i : i + size]) for i in range(0, len(rows), size)]
        title = f"MiniLM, {len(texts)} articles by {size}" + (", sorted" if ordered else "")
        yield from bench.case(title, model, dtype, 1, batches)
