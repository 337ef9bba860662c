"""The table of commands: how help lists each one, an example, and where its code is. Imports none of them."""

from __future__ import annotations

from dataclasses import dataclass

MAKE, JUDGE, USE, LOOK = "Make", "Judge and filter", "Export and inspect", "Manage"
"""The groups of the command list."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command's entry in the list, an example ("" for a group of commands), and its `module:attribute`."""

    name: str
    panel: str
    about: str
    example: str
    where: str


COMMANDS = (
    Command(
        "self-instruct",
        MAKE,
        "Make new tasks from seed tasks.",
        "instgen self-instruct seeds.jsonl -n 500 -t openai/MODEL -o tasks.jsonl",
        "self_instruct:self_instruct",
    ),
    Command(
        "evolve",
        MAKE,
        "Make tasks harder and broader.",
        "instgen evolve tasks.jsonl --rounds 2 -o harder.jsonl --rejects lost.jsonl",
        "evolve:evolve",
    ),
    Command(
        "respond",
        MAKE,
        "Answer tasks, once or several times.",
        "instgen respond tasks.jsonl --samples 4 -o answered.jsonl",
        "respond:respond",
    ),
    Command(
        "converse",
        MAKE,
        "Extend records into conversations.",
        "instgen converse answered.jsonl --turns 3 -o conversations.jsonl",
        "converse:converse",
    ),
    Command(
        "score",
        JUDGE,
        "Score records, with or without a judge.",
        "instgen score answered.jsonl --rubric quality -o scored.jsonl",
        "score:score",
    ),
    Command(
        "rank",
        JUDGE,
        "Rank candidate answers, for preference data.",
        "instgen respond tasks.jsonl --samples 4 | instgen rank -o ranked.jsonl",
        "rank:rank",
    ),
    Command(
        "filter",
        JUDGE,
        "Keep what passes: rules, duplicates, scores.",
        "instgen filter scored.jsonl --min quality=4 --dedupe novelty -o good.jsonl",
        "filter:filter_rows",
    ),
    Command(
        "export",
        USE,
        "Write the files a trainer loads.",
        "instgen export trl good.jsonl -o data --split train=0.95,val=0.05",
        "export:export",
    ),
    Command(
        "report",
        USE,
        "Make an HTML report of the data.",
        "instgen report good.jsonl -o report.html --open",
        "report:report",
    ),
    Command(
        "stats",
        USE,
        "Print statistics, and check limits.",
        "instgen stats good.jsonl --fail-under distinct-2=0.5",
        "stats:stats",
    ),
    Command("teachers", LOOK, "List teachers, or test one.", "", "teachers:teachers"),
    Command("prompts", LOOK, "Show and export the prompt files.", "", "prompts:prompts"),
    Command("journal", LOOK, "Inspect, export and prune the journal.", "", "journal:journal"),
    Command("config", LOOK, "Show settings, or create a settings file.", "", "settings:config"),
)
"""All commands, in the order of a pipeline."""

SETTABLE = tuple(each.name for each in COMMANDS if each.example)
"""The commands that a settings file may have a table for."""
