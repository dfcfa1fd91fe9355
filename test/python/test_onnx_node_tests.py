"""The ONNX standard's own node tests, compiled and run; those known to fail must fail."""

import onnx_node_cases as node
import pytest

CASES = node.cases()
KNOWN = node.known_failures()


def test_known_failures_exist():
    assert set(KNOWN) <= set(CASES), "onnx_node_failures.txt names tests that are not in scope"


@pytest.mark.parametrize("name", CASES)
def test_node(name, request):
    if name in KNOWN:
        request.applymarker(pytest.mark.xfail(reason=KNOWN[name], strict=True, raises=node.Mismatch))
    node.run(CASES[name])
