"""From options to a run, for the command line and the Python calls alike: options, jobs, inputs, outputs, teachers.

The rule: nothing here knows where the options come from or who consumes the records; `cli` and `api` do, and share all
else. Errors name options as the command line and the documentation do.
"""
