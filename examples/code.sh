#!/bin/sh
# Harder programming tasks evolved from the twelve in code-seeds.jsonl, with all intermediate ones. Writes code.jsonl.
# Needs a teacher that can program: set $INSTGEN_TEACHER, see pipeline.sh. To resume, run the same command again.
#
# To use your own tasks, replace code-seeds.jsonl: one JSON object per line with an instruction, an input if the task
# comes with code or tables, and optionally an output.
set -e
(set -o pipefail) 2>/dev/null && set -o pipefail # supported by bash: a failing stage fails the pipeline
seeds=$(dirname "$0")/code-seeds.jsonl

instgen evolve "$seeds" --method code --rounds 3 --keep all --max-tokens 2048 --rejects code-evolve-rejected.jsonl |
    instgen filter --dedupe exact --rejects code-filter-rejected.jsonl -o code.jsonl

wc -l code.jsonl code-evolve-rejected.jsonl code-filter-rejected.jsonl
