from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from instgen.errors import UsageError
from instgen.teachers import find
from instgen.teachers.find import find_teacher, known_providers
from instgen.teachers.teacher import Settings


def test_the_model_is_everything_after_the_first_slash() -> None:
    settings = Settings(base_urls=("http://127.0.0.1:1/v1",))
    assert find_teacher("openai/Qwen/Qwen3-8B:free", settings).name == "openai/Qwen/Qwen3-8B:free"


def test_the_built_in_providers_are_known() -> None:
    assert {"local", "openai", "scripted"} <= set(known_providers())


def test_an_unknown_provider_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'nobody'.*local, openai, scripted"):
        find_teacher("nobody/x", Settings())


def test_a_misspelt_provider_is_told_the_closest() -> None:
    with pytest.raises(UsageError) as caught:
        find_teacher("opnai/x", Settings())
    assert "did you mean openai?" in caught.value.hint


def test_a_model_alone_is_told_where_its_provider_goes() -> None:
    with pytest.raises(UsageError) as caught:
        find_teacher("gpt-4.1-mini", Settings())
    assert "did you mean" not in caught.value.hint
    assert "openai/gpt-4.1-mini" in caught.value.hint


def test_a_plugin_is_opened_with_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("mine", "types:SimpleNamespace", find.GROUP)
    opened: list[object] = []
    monkeypatch.setattr(EntryPoint, "load", lambda self: lambda model, settings: opened.append((self.name, model)))
    monkeypatch.setattr(find, "_all_entries", lambda: (entry,))
    find_teacher("mine/some/model", Settings())
    assert opened == [("mine", "some/model")]


def test_a_plugin_cannot_stand_in_for_one_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "_all_entries", lambda: (EntryPoint("openai", "evil:open", find.GROUP),))
    teacher = find_teacher("openai/m", Settings(base_urls=("http://127.0.0.1:1/v1",)))
    assert (teacher.name, type(teacher).__module__) == ("openai/m", "instgen.teachers.wire")


def test_a_plugin_that_cannot_be_imported_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "_all_entries", lambda: (EntryPoint("gone", "no_such_module:open", find.GROUP),))
    with pytest.raises(UsageError, match="gone cannot be imported"):
        find_teacher("gone/x", Settings())


@pytest.mark.parametrize("spec", ["openai/m", "scripted/rules.jsonl"])
def test_opening_a_teacher_imports_neither_http_nor_a_model(
    spec: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "rules.jsonl").write_text('{"reply": "x"}')
    program = (
        "import sys; from instgen.teachers.find import find_teacher; from instgen.teachers.teacher import Settings;"
        f"find_teacher({spec!r}, Settings());"
        "print([name for name in ('httpx', 'aiohttp', 'xllamacpp', 'numpy', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=folder, check=True)
    assert done.stdout == "[]\n"
