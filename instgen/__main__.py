"""The entry point of `instgen` and `python -m instgen`.

The rule: before anything else is imported, SIGINT is reset to end the process at once and silently; Python's default
handler would print a traceback of whatever was being imported. Commands that have work to finish install their own
handler later.
"""

try:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)
except KeyboardInterrupt:  # SIGINT arrived while `signal` was being imported
    raise SystemExit(130) from None

from importlib import import_module


def run() -> None:
    """Import the command line and run it."""
    import_module("instgen.cli.main").run()


if __name__ == "__main__":
    run()
