"""The commands: how the list of all shows each, an example of its use, and where it is. Imports none of them."""

from __future__ import annotations

from dataclasses import dataclass

MAKE, JUDGE, USE, LOOK = "Make", "Judge and choose", "Use and look at", "Look after"
"""How the list of commands groups them."""


@dataclass(frozen=True, slots=True)
class Command:
    """What the list says of a command, an example (none for a group of commands), and its `module:attribute`."""

    name: str
    panel: str
    about: str
    example: str
    where: str


COMMANDS = (
    Command(
        "self-instruct",
        MAKE,
        "New tasks from seed tasks.",
        "instgen self-instruct seeds.jsonl -n 500 -t openai/MODEL -o tasks.jsonl",
        "self_instruct:self_instruct",
    ),
    Command(
        "evolve",
        MAKE,
        "Harder and broader tasks out of records.",
        "instgen evolve tasks.jsonl --rounds 2 -o harder.jsonl --rejects lost.jsonl",
        "evolve:evolve",
    ),
    Command(
        "respond",
        MAKE,
        "Answers where they are missing, or several.",
        "instgen respond tasks.jsonl --samples 4 -o answered.jsonl",
        "respond:respond",
    ),
    Command(
        "converse",
        MAKE,
        "Conversations grown out of records.",
        "instgen converse answered.jsonl --turns 3 -o conversations.jsonl",
        "converse:converse",
    ),
    Command(
        "score",
        JUDGE,
        "Scores, by a judge or by rules alone.",
        "instgen score answered.jsonl --rubric quality -o scored.jsonl",
        "score:score",
    ),
    Command(
        "rank",
        JUDGE,
        "Candidates in order, for preference data.",
        "instgen respond tasks.jsonl --samples 4 | instgen rank -o ranked.jsonl",
        "rank:rank",
    ),
    Command(
        "filter",
        JUDGE,
        "What passes: rules, duplicates, scores.",
        "instgen filter scored.jsonl --min quality=4 --dedupe novelty -o good.jsonl",
        "filter:filter_rows",
    ),
    Command(
        "export",
        USE,
        "The files that a trainer loads.",
        "instgen export trl good.jsonl -o data --split train=0.95,val=0.05",
        "export:export",
    ),
    Command(
        "report", USE, "A page to look at the data.", "instgen report good.jsonl -o report.html --open", "report:report"
    ),
    Command(
        "stats",
        USE,
        "Its numbers, and limits for them.",
        "instgen stats good.jsonl --fail-under distinct-2=0.5",
        "stats:stats",
    ),
    Command("teachers", LOOK, "List the teachers, and check one.", "", "teachers:teachers"),
    Command("prompts", LOOK, "Show and export the prompt files.", "", "prompts:prompts"),
    Command("journal", LOOK, "Inspect, export and prune the journal.", "", "journal:journal"),
    Command("config", LOOK, "Show your settings, and begin a file of them.", "", "settings:config"),
)
"""The commands in the order of a pipeline."""

SETTABLE = tuple(each.name for each in COMMANDS if each.example)
"""Those that settings files may have a table for."""
