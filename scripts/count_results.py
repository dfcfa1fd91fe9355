"""Sum the JUnit reports of a test run and print the closing line.

usage: count_results.py REPORT_FOLDER [FAILED_STEP...]

The exit code is 1 when a test failed, a step failed, or no test ran.
"""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def count(path):
    """Return (passed, failed, skipped) of one JUnit file."""
    cases = list(ElementTree.parse(path).getroot().iter("testcase"))
    failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
    skipped = sum(
        1 for case in cases if case.find("skipped") is not None or case.get("status") in ("notrun", "disabled")
    )
    return len(cases) - failed - skipped, failed, skipped


def main():
    folder, steps = Path(sys.argv[1]), sys.argv[2:]
    totals = [0, 0, 0]
    for path in sorted(folder.glob("*.xml")):
        result = count(path)
        print(f"{path.stem}: {result[0]} passed, {result[1]} failed, {result[2]} skipped")
        totals = [total + part for total, part in zip(totals, result, strict=True)]
    passed, failed, skipped = totals
    if steps:
        print(f"failed steps: {', '.join(steps)}")
    if steps and not failed:
        failed += 1  # a step that is no test
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
