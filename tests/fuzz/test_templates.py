"""Whatever a prompt file or a value says, values are data: put in where the slot stood, and never looked at again."""

from __future__ import annotations

from typing import Any

import pytest

from instgen.errors import InputError
from instgen.export.lines import HALF
from instgen.prompts.book import PromptBook, built_in
from instgen.prompts.template import Sampling, parse_template
from instgen.recipes.evolve_auto import method_of
from instgen.scores.rubric import parse_rubric
from tests.fuzz import inputs
from tests.fuzz.fuzzing import fuzzed, moment, told
from tests.fuzz.texts import PIECES, spelled

SLOTS = (
    "{{word}}", "{{whom}}", "{{ word }}", "{{word.__class__}}", "{{word[0]}}", "{{", "}}", "{", "}", "{word}", "{0}",
    "{word!r}", "%(word)s", "%s", "$word", "${word}", "{% if word %}", "\\1", "\\g<0>", "\\", "[[user]]\n",
    "\n[[user]]\n", "[[text]]\n", "---\n", "\n---\n", "{{a{{b}}c}}", "{{{word}}}", "{{WORD}}", "\r\n", "\0", "\x85",
)  # fmt: skip
FILE = """temperature = 0.5
---
[[system]]
Of {{whom}}.
[[user]]
<{{word}}|{{whom}}|{{word}}>
[[example]]
{{word}}{{whom}}
"""
HEADER = (
    "temperature = 0.5\n", "top_p = nan\n", "max_tokens = -1\n", "max_tokens = 1e9\n", 'role = "judge"\n',
    'role = ["judge"]\n', 'stop = ["a"]\n', "stop = [1]\n", "stop = [[]]\n", "a = \n",
    "max_tokens = " + "9" * 5_000 + "\n", "stop = " + "[" * 3_000 + "\n", "a.b = 1\n", "[role]\n",
    "temperature = inf\n", "temperature = 2026-01-01\n", "a" + ".a" * 1_500 + " = 1\n", "max_tokens = true\n",
    "presence_penalty = 1\n", "# \0\n",
)  # fmt: skip
ENCODABLE = [piece for piece in PIECES if not HALF.search(piece)]
_TEXTS = sorted(built_in().items())
RUBRIC = (
    'about = "a"\n', 'of = "answer"\n', 'of = "task"\n', "of = []\n", 'question = "q"\n', "[scores.a]\n",
    "[scores]\n", "from = 0\n", "to = 5\n", "to = 1\n", "to = 101\n", "from = -1\n", 'from = "0"\n', "to = 1.5\n",
    'means = "m"\n', "means = {}\n", "may_not_apply = true\n", "paper = 0.5\n", "paper = nan\n", "siblings = true\n",
    "all = true\n", 'overall = "a"\n', 'overall = "b"\n', "within = 1\n", "within = -1\n", "[zh]\n",
    '[zh.means]\na = "甲"\n', "[zh.means]\n", "zh = 1\n", "scores = []\n", "[scores.b]\n", '[scores."a b"]\n',
    "to = " + "9" * 5_000 + "\n", "paper = " + "[" * 3_000 + "\n", "[scores.reasoning]\n", "to = true\n",
)  # fmt: skip


@fuzzed(word=spelled(SLOTS) | inputs.text(max_size=20), whom=spelled(SLOTS))
def test_values_stand_where_their_slots_stood(word: str, whom: str) -> None:
    template = parse_template("t", FILE)
    prompt = template.render(word=word, whom=whom)
    assert [turn.content for turn in prompt.messages] == [f"Of {whom}.", f"<{word}|{whom}|{word}>"]
    assert template.block("example", word=word, whom=whom) == word + whom


@fuzzed(file=spelled((*SLOTS, *HEADER, *ENCODABLE), 9), word=spelled(SLOTS))
def test_a_prompt_file_is_a_template_or_one_error(file: str, word: str) -> None:
    with moment():
        try:
            template = parse_template("t", file, Sampling(temperature=0.1))
            names = [name for name in ("word", "whom") if f"{{{{{name}}}}}" in file]
            prompt = template.render(**dict.fromkeys(names, word))
        except InputError as problem:
            told(problem, "t: ")
            return
    for turn in prompt.messages:
        assert (
            turn.content.replace(word, "") == "" or word in turn.content or turn.content in file.replace("\r\n", "\n")
        )
    assert all(isinstance(stop, str) for stop in prompt.stop)


@fuzzed(which=inputs.integers(0, len(_TEXTS) - 1), cut=inputs.integers(0, 2_000), more=spelled((*SLOTS, *HEADER), 4))
def test_a_users_own_file_in_place_of_ours_is_read_or_refused(which: int, cut: int, more: str) -> None:
    name, text = _TEXTS[which]
    at = cut % (len(text) + 1)
    try:
        made = PromptBook(name.partition("/")[0], {name: text[:at] + more + text[at:]}).template(name.partition("/")[2])
    except InputError as problem:
        told(problem)
    else:
        assert made.name == name
    try:
        method_of(text[:at] + more + text[at:])
    except InputError as problem:
        told(problem)


@fuzzed(text=spelled(RUBRIC, 12, "\n a"))
def test_a_rubric_is_read_or_refused(text: str) -> None:
    try:
        rubric: Any = parse_rubric("r", text)
    except InputError as problem:
        told(problem)
    else:
        assert rubric.scales
        assert all(scale.least < scale.most for scale in rubric.scales)


def test_a_name_that_no_prompt_has_cannot_be_replaced() -> None:
    with pytest.raises(InputError, match="no prompt with this name"):
        PromptBook("en", {"{{word}}": FILE})
