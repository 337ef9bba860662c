#!/bin/sh
# A dataset in three stages: new tasks, evolved in two rounds and answered, then filtered. Writes data.jsonl.
# Uses the teacher $INSTGEN_TEACHER, or else the small local model. To resume, run the same command again.
#
# The argument is the number of tasks, 20 by default. With a hosted service, and with your own server:
#     OPENAI_API_KEY=... INSTGEN_TEACHER=openai/gpt-4.1-mini bash examples/pipeline.sh 500
#     INSTGEN_TEACHER=openai/Qwen/Qwen3-32B INSTGEN_BASE_URL=http://127.0.0.1:8000/v1 bash examples/pipeline.sh 500
# To estimate requests and cost without calling a teacher: instgen self-instruct -n 500 --dry-run
set -e
(set -o pipefail) 2>/dev/null && set -o pipefail # supported by bash: a failing stage fails the pipeline
count=${1:-20}

instgen self-instruct -n "$count" --rejects tasks-rejected.jsonl --summary summary.jsonl |
    instgen evolve --rounds 2 --keep all --rejects evolve-rejected.jsonl --summary summary.jsonl |
    instgen filter --dedupe exact --dedupe novelty --rejects filter-rejected.jsonl --summary summary.jsonl -o data.jsonl

wc -l data.jsonl tasks-rejected.jsonl evolve-rejected.jsonl filter-rejected.jsonl
