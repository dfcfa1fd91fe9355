"""Compiles ONNX models; skim.compile is the way to call it."""

from collections.abc import Callable, Sequence

def compile(
    input: bytes,
    output: bytes,
    plan: bytes,
    cpu: str,
    dtype: str,
    kernels: str,
    keep_padding: bool,
    outputs: Sequence[str],
    on_stage: Callable[[str], object] | None,
    plan_text: str = "",
    plan_directory: bytes = b"",
    dtype_fallback: str = "error",
    fp32_products: str = "auto",
) -> tuple[str | None, list[str]]: ...
def check_plan(text: str, directory: bytes) -> str | None: ...
