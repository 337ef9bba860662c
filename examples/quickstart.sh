#!/bin/sh
# Twelve new tasks, each then answered twice; what is left out on the way goes to files of its own.
# The teacher is $INSTGEN_TEACHER, or the small local model.
set -e
instgen self-instruct -n 12 --rejects tasks-rejected.jsonl --summary summary.jsonl |
    instgen respond --replace --samples 2 --rejects answers-rejected.jsonl --summary summary.jsonl -o data.jsonl
wc -l data.jsonl tasks-rejected.jsonl answers-rejected.jsonl
