"""Wait for processes and conditions, never without end."""

import subprocess
import time

SECONDS = 300  # for what takes seconds, on a machine that is busy


def run(call, **options):
    """Run a command; return its status and what it has printed."""
    return subprocess.run(call, **{"capture_output": True, "text": True, "timeout": SECONDS, **options})


def wait_until(condition, seconds=SECONDS):
    """Return the value of a condition as soon as it is true; AssertionError if it is not in so many seconds."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not after {seconds} seconds"
        time.sleep(0.01)
    return value
