#!/bin/sh
# A data set in three stages: new tasks, each made harder in two rounds and answered, then filtered. Writes data.jsonl.
# Needs a teacher: $INSTGEN_TEACHER, or the small local model. Stopped anywhere, the same line goes on where it was.
#
# Twenty tasks, unless you say how many. For a service, then for a server of your own:
#     OPENAI_API_KEY=... INSTGEN_TEACHER=openai/gpt-4.1-mini bash examples/pipeline.sh 500
#     INSTGEN_TEACHER=openai/Qwen/Qwen3-32B INSTGEN_BASE_URL=http://127.0.0.1:8000/v1 bash examples/pipeline.sh 500
# What it would ask and cost, without asking: instgen self-instruct -n 500 --dry-run
set -e
(set -o pipefail) 2>/dev/null && set -o pipefail # bash can: then a stage that fails makes the line fail
count=${1:-20}

instgen self-instruct -n "$count" --rejects tasks-rejected.jsonl --summary summary.jsonl |
    instgen evolve --rounds 2 --keep all --rejects evolve-rejected.jsonl --summary summary.jsonl |
    instgen filter --dedupe exact --dedupe novelty --rejects filter-rejected.jsonl --summary summary.jsonl -o data.jsonl

wc -l data.jsonl tasks-rejected.jsonl evolve-rejected.jsonl filter-rejected.jsonl
