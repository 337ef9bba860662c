"""The program's first lines: `instgen`, and `python -m instgen`.

The rule: before anything else is imported, SIGINT gets to mean the end of the process, at once and in silence; the
interpreter's own way is a traceback of what was being imported. Commands that have something to finish take the signal
for themselves later.
"""

try:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)
except KeyboardInterrupt:  # it came while `signal` was imported
    raise SystemExit(130) from None

from importlib import import_module


def run() -> None:
    """Run the program."""
    import_module("instgen.cli.main").run()


if __name__ == "__main__":
    run()
