#!/bin/sh
# Twelve new tasks, each answered twice. Writes data.jsonl, and what each stage rejected to a file of its own.
# Uses the teacher $INSTGEN_TEACHER, or else the small local model.
set -e
instgen self-instruct -n 12 --rejects tasks-rejected.jsonl --summary summary.jsonl |
    instgen respond --replace --samples 2 --rejects answers-rejected.jsonl --summary summary.jsonl -o data.jsonl
wc -l data.jsonl tasks-rejected.jsonl answers-rejected.jsonl
