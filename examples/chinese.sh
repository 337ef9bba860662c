#!/bin/sh
# A Chinese data set: tasks after Chinese seeds, made harder by Chinese prompts, Chinese rows kept. Writes zh.jsonl.
# Needs a teacher that writes Chinese: $INSTGEN_TEACHER, see pipeline.sh. Stopped anywhere, the same line goes on.
#
# evolve chooses Chinese prompts by itself, row for row. --same-lang also leaves out answers in another language than
# their task; take it away where translations are wanted.
set -e
(set -o pipefail) 2>/dev/null && set -o pipefail # bash can: then a stage that fails makes the line fail
count=${1:-20}

instgen self-instruct --lang zh -n "$count" --rejects zh-tasks-rejected.jsonl |
    instgen evolve --rounds 2 --rejects zh-evolve-rejected.jsonl |
    instgen filter --lang zh --same-lang --dedupe exact --rejects zh-filter-rejected.jsonl -o zh.jsonl

wc -l zh.jsonl zh-tasks-rejected.jsonl zh-evolve-rejected.jsonl zh-filter-rejected.jsonl
