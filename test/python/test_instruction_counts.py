"""No run may take many more instructions than it did: callgrind's counts, no times."""

import platform
import warnings

import instruction_counts
import pytest
from instruction_counts import CASES, judge


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("counts")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the counts are those of x86-64 code")
@pytest.mark.parametrize("name", CASES)
def test_a_run_takes_no_more_instructions_than_it_did(name, folder):
    committed = instruction_counts.read_committed()
    good, text = judge(name, instruction_counts.count_case(name, folder), committed)
    assert good, text
    if "record" in text:
        warnings.warn(text, stacklevel=1)


def test_pruning_saves_instructions():
    committed = instruction_counts.read_committed()
    assert set(committed) == set(CASES)
    assert committed["pruned, batch"] < 0.9 * committed["dense, batch"]


@pytest.mark.parametrize(
    ("count", "good", "part"),
    [
        (1000, True, "1.000 of the committed 1,000"),
        (1250, True, "1.250"),
        (1251, False, "1,251 instructions, 1.251 of the committed 1,000, expected at most 1.25"),
        (800, True, "0.800"),
        (799, True, "record the better count"),
    ],
)
def test_counts_are_judged_by_their_ratio(count, good, part):
    verdict, text = judge("case", count, {"case": 1000})
    assert verdict == good and part in text
    assert ("record" in text) == (count < 800)


def test_a_case_without_a_count_is_an_error():
    good, text = judge("new", 5, {})
    assert not good and "expected a committed count" in text


def test_a_failing_run_is_an_error(tmp_path):
    with pytest.raises(RuntimeError, match="exit code 1"):
        instruction_counts.count_process(tmp_path / "missing.so", "--lengths=3", 1)
