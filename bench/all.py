"""Everything side by side in one process: skim, ONNX Runtime, OpenVINO and CTranslate2.

    bench/all [--quick] [--only bert,minilm,tokens,threads,flops,roofline] [--engines "skim,OpenVINO"]
              [--rounds 30] [--seconds 10] [--articles 64] [--kernels auto] [--write] [--json FILE]

bert: BERT-base in shape, fp32 from 1x16 to 8x128, on one and two threads, bf16 and int8.
minilm: BBC News articles one at a time and in batches of 8 and 32, as they come and sorted
by length. tokens: time against tokens. threads: time against threads, up to all cores.
flops: time against the FLOPs that pruning leaves. roofline: kernels against the measured
limits. Rows are printed as soon as they are measured; what cannot run says why.
`--write` puts all.json, all.md and plots into bench/results after each part; parts that
are not measured again stay as they are there, where the machine and the versions are
the same.
"""

import argparse
import json
import pathlib

import cases
import measure
import peers
import plots
import sweeps

PARTS = {
    "bert": ("BERT-base", cases.bert),
    "minilm": ("MiniLM on BBC News", cases.minilm),
    "tokens": ("Time against tokens", sweeps.tokens),
    "threads": ("Time against threads", sweeps.threads),
    "flops": ("Time against FLOPs kept, BERT-base 1x256 with token pruning", sweeps.flops_kept),
    "roofline": ("Kernels of BERT-base", sweeps.roofline),
}
SIDE_BY_SIDE = ("bert", "minilm", "tokens", "threads")
COLUMNS = ("case", "dtype", "threads", "engine", "tokens", "min_ms", "median_ms", "tokens_s")
COLUMNS += ("times_skim_min", "times_skim_median", "difference")
# Columns whose first cell is not their longest.
WIDTHS = {"case": 34, "engine": 12, "kernel": 64}


def cells(row):
    """A side-by-side row with every column, and the reason where there are no numbers."""
    shown = {name: "" if row.get(name) is None else row[name] for name in COLUMNS}
    return shown | {"difference": f"not run: {row['missing']}"} if "missing" in row else shown


def measure_part(name, args):
    """Prints rows as they come; gives them all. A failure is one more row, and ends this part only."""
    title, maker = PARTS[name]
    print(f"## {title}\n", flush=True)
    rows, widths = [], []
    try:
        for row in maker(args):
            shown = cells(row) if name in SIDE_BY_SIDE else row
            texts = [measure.text(value) for value in shown.values()]
            if not widths:
                least = [WIDTHS.get(key, len(key)) for key in shown]
                widths = [max(width, len(text)) for width, text in zip(least, texts, strict=True)]
                print(measure.line(shown, widths))
                print(measure.line(["-" * width for width in widths], widths))
            print(measure.line(texts, widths), flush=True)
            rows.append(row)
    except Exception as error:  # the other parts still run
        print(f"\n{title}: failed: {type(error).__name__}: {error}", flush=True)
    print()
    return rows


def best_of(rows):
    """For each side-by-side case, how many times as long the fastest peer takes."""
    lines = []
    for key in dict.fromkeys((row["case"], row["dtype"], row["threads"]) for row in rows):
        same = [r for r in rows if (r["case"], r["dtype"], r["threads"]) == key and r.get("times_skim_median")]
        others = [r for r in same if r["engine"] not in peers.OWN]
        if others and any(r["engine"] == "skim" for r in same):
            best = min(others, key=lambda r: r["median_ms"])
            lines.append(
                {
                    "case": key[0],
                    "dtype": key[1],
                    "threads": key[2],
                    "fastest peer": best["engine"],
                    "its time / skim's (median)": best["times_skim_median"],
                    "(min)": best["times_skim_min"],
                }
            )
    return lines


def batching(rows):
    """Tokens a second of skim as texts come, against each peer at its own best batching (fp32)."""
    runs = [row for row in rows if "missing" not in row and row["dtype"] == "fp32"]
    best = {}
    for row in runs:
        allowed = row["engine"] not in peers.OWN or "sorted" not in row["case"]
        if allowed and row["tokens_s"] > best.get(row["engine"], {"tokens_s": 0})["tokens_s"]:
            best[row["engine"]] = row
    return [{"engine": name, "best batching": row["case"], "tokens_s": row["tokens_s"]} for name, row in best.items()]


def as_markdown(machine, parts):
    lines = ["# Side by side", "", "Written by `bench/all --write`. Machine and versions:", ""]
    lines += [f"- {key}: {measure.text(value)}" for key, value in machine.items()]
    lines += ["", "`times_skim`: this engine's time over skim's, above 1 skim is faster. `difference`: largest at"]
    lines += ["token positions, over the largest magnitude, from the first peer of the same type."]
    lines += ["`skim fma` is skim with `--fp32-products=fma`, where the CPU has AMX and skim multiplies fp32 by that."]
    for name, rows in parts.items():
        if not rows:
            continue
        lines += ["", f"## {PARTS[name][0]}", ""]
        if name in SIDE_BY_SIDE:
            lines += [measure.table([cells(row) for row in rows]), "", "Against the fastest peer:", ""]
            summary = best_of(rows)
            lines += [measure.table(summary) if summary else "no case ran in skim and a peer"]
        else:
            lines += [measure.table(rows)]
        if name == "minilm" and batching(rows):
            lines += ["", "Each engine at its best batching (skim as texts come):", "", measure.table(batching(rows))]
        if name in ("tokens", "threads", "flops", "roofline"):
            lines += ["", f"![{PARTS[name][0]}]({name}.png)"]
    return "\n".join(lines) + "\n"


def write_json(machine, parts, path):
    path.write_text(json.dumps({"title": "all", "machine": machine, "parts": parts}, indent=1) + "\n")


def write_results(machine, parts, folder):
    folder.mkdir(parents=True, exist_ok=True)
    write_json(machine, parts, folder / "all.json")
    (folder / "all.md").write_text(as_markdown(machine, parts))
    where = f"{machine['cpu']}, one thread"
    if parts.get("tokens"):
        plots.tokens(parts["tokens"], folder / "tokens.png", "BERT-base fp32, one sequence", where)
    if parts.get("threads"):
        plots.threads(parts["threads"], folder / "threads.png", "BERT-base fp32", machine["cpu"])
    if parts.get("flops"):
        plots.flops_kept(parts["flops"], folder / "flops.png", "Token pruning, BERT-base 1x256", where)
    if parts.get("roofline"):
        plots.roofline(parts["roofline"], machine, folder / "roofline.png", "Kernels of BERT-base", where)


# What a run measures of a machine, and what is there before it.
PASSING = ("load", "peak_GFLOP/s", "read_GB/s")


def earlier(machine, folder):
    """The parts in `folder` that the same machine with the same versions has measured."""
    path = folder / "all.json"
    if not path.exists():
        return {}
    document = json.loads(path.read_text())
    before, now = ({k: v for k, v in m.items() if k not in PASSING} for m in (document["machine"], machine))
    return document["parts"] if before == now else {}


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="1 round, 4 articles: to see that all runs")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    parser.add_argument("--engines", default=",".join(peers.ENGINES), help="separated by commas")
    parser.add_argument("--rounds", type=int, default=30, help="runs of a batch in each engine at most")
    parser.add_argument("--seconds", type=float, default=10, help="about so long for each case")
    parser.add_argument("--articles", type=int, default=64)
    parser.add_argument("--kernels", default="auto", help="auto, mlir or halide")
    parser.add_argument("--write", action="store_true", help="write bench/results/all.{json,md} and plots")
    parser.add_argument("--json", help="write the numbers to this file")
    args = parser.parse_args()
    args.engines = args.engines.split(",")
    args.only = args.only.split(",")
    for option, given, known in (("--only", args.only, PARTS), ("--engines", args.engines, peers.ENGINES)):
        if not set(given) <= set(known):
            parser.error(f"{option}: expected some of {', '.join(known)}, got {','.join(given)}")
    if args.quick:
        args.rounds, args.seconds, args.articles = 1, 0, min(args.articles, 4)
    return args


def main():
    args = parse()
    machine = measure.machine() | measure.caches() | peers.limits() | peers.versions()
    print("# Side by side\n\n" + ", ".join(f"{k} {measure.text(v)}" for k, v in machine.items()) + "\n", flush=True)
    folder = measure.results_folder()
    parts, kept = {}, earlier(machine, folder) if args.write else {}
    for name in args.only:
        parts[name] = measure_part(name, args)
        # What is measured is kept, whatever happens to the rest.
        if args.write:
            together = kept | parts
            write_results(machine, {name: together[name] for name in PARTS if name in together}, folder)
        if args.json:
            write_json(machine, parts, pathlib.Path(args.json))


if __name__ == "__main__":
    main()
