#!/bin/sh
# A Chinese dataset: tasks from Chinese seeds, evolved with Chinese prompts and filtered by language. Writes zh.jsonl.
# Needs a teacher that writes Chinese: set $INSTGEN_TEACHER, see pipeline.sh. To resume, run the same command again.
#
# evolve chooses the language of its prompts for each row. --same-lang rejects answers in a different language from their
# task; omit it if you want translation tasks.
set -e
(set -o pipefail) 2>/dev/null && set -o pipefail # supported by bash: a failing stage fails the pipeline
count=${1:-20}

instgen self-instruct --lang zh -n "$count" --rejects zh-tasks-rejected.jsonl |
    instgen evolve --rounds 2 --rejects zh-evolve-rejected.jsonl |
    instgen filter --lang zh --same-lang --dedupe exact --rejects zh-filter-rejected.jsonl -o zh.jsonl

wc -l zh.jsonl zh-tasks-rejected.jsonl zh-evolve-rejected.jsonl zh-filter-rejected.jsonl
