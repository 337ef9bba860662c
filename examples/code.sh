#!/bin/sh
# Harder programming tasks out of the twelve beside this file, each with every step on the way to it. Writes code.jsonl.
# Needs a teacher that can program: $INSTGEN_TEACHER, see pipeline.sh. Stopped anywhere, the same line goes on.
#
# Your own tasks go in place of code-seeds.jsonl: one JSON object a line, with an instruction, an output if there is
# one, and an input where the task comes with code or tables.
set -e
(set -o pipefail) 2>/dev/null && set -o pipefail # bash can: then a stage that fails makes the line fail
seeds=$(dirname "$0")/code-seeds.jsonl

instgen evolve "$seeds" --method code --rounds 3 --keep all --max-tokens 2048 --rejects code-evolve-rejected.jsonl |
    instgen filter --dedupe exact --rejects code-filter-rejected.jsonl -o code.jsonl

wc -l code.jsonl code-evolve-rejected.jsonl code-filter-rejected.jsonl
