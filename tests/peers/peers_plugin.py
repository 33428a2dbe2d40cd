"""Write the outcome of each test of a suite, and how many kernels were forked, as lines of JSON.

A plugin of pytest that is loaded by its file's name: the suites have packages named ``tests`` of their own.
"""

import json
import os
from pathlib import Path

RANK = ["passed", "skipped", "failed"]
outcomes = {}
forks = []


def pytest_configure():
    """Count the kernels that are requested of the warm process."""
    if os.environ.get("JUPYTER_DEFAULT_PROVISIONER_NAME") == "bhyt-warm":
        from bhyt_analysis.engine.warm_process import WarmProcess

        request_kernel = WarmProcess.request_kernel

        def counted(process, *args, **kwargs):
            forks.append(1)
            return request_kernel(process, *args, **kwargs)

        WarmProcess.request_kernel = counted


def pytest_runtest_logreport(report):
    """Keep the worst outcome of a test's set-up, call and tear-down."""
    before = outcomes.get(report.nodeid, "passed")
    outcomes[report.nodeid] = max(before, report.outcome, key=RANK.index)


def pytest_sessionfinish():
    """Write what was recorded."""
    record = {"outcomes": outcomes, "forked_kernels": len(forks)}
    Path(os.environ["BHYT_PEERS_RECORD"]).write_text(json.dumps(record), "utf-8")
