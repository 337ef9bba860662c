"""`python -m instgen`."""

from instgen.cli.main import run

run()
