#!/bin/sh
# New tasks in the style of your own seed tasks, given in the simplest row format. Writes tasks.jsonl.
set -e
cat > seeds.jsonl <<'SEEDS'
{"instruction": "Suggest a name for a bakery that only sells rye bread.", "output": "The Rye Room"}
{"instruction": "Shorten this sentence.", "input": "We are writing in order to let you know that the shop is closed.", "output": "The shop is closed."}
{"instruction": "Which crops grow well in the shade?", "output": "Lettuce, spinach, chard, peas and most leafy herbs."}
SEEDS
instgen self-instruct seeds.jsonl -n 6 -o tasks.jsonl
