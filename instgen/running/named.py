"""Teachers that the user's own settings name, and prices that they know better: `[teachers.NAME]` and `[prices]`.

    [teachers.big]
    teacher = "openai/Qwen/Qwen3-235B"
    base_url = ["http://10.0.0.1:8000/v1", "http://10.0.0.2:8000/v1"]
    api_key_env = "CLUSTER_KEY"
    price = { prompt = 0.0, completion = 0.0 }

    [prices]
    "openai/some-model" = { prompt = 0.2, completion = 0.8, cached = 0.1 }

A project's `./instgen.toml` may hold neither: data repositories are cloned from strangers, and must not redirect a key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instgen.errors import InputError
from instgen.running.settings import tables_of, users_file
from instgen.teachers.find import known_providers
from instgen.teachers.prices import Price, known_price

if TYPE_CHECKING:
    from instgen.running.named_schema import NamedTeacher

NAME = re.compile(r"[a-z0-9_-]+")


def named_teacher(name: str, config: Path | None) -> NamedTeacher | None:
    """The teacher that the user's settings call so.

    Args:
        name: what `--teacher` says.
        config: what `--config` says.

    Raises:
        InputError: its table says what it may not.
    """
    path = users_file(config)
    table = _tables(path).get("teachers", {}).get(name)
    if table is None:
        return None
    if not NAME.fullmatch(name) or name in known_providers():
        raise InputError(str(path), f"[teachers.{name}]: a name consists of a-z, 0-9, _ and -, and is not a provider's")
    from instgen.running.named_schema import NamedTeacher, validated

    return validated(NamedTeacher, table, path, f"teachers.{name}")


def price_of(spec: str, base_urls: tuple[str, ...], config: Path | None) -> Price | None:
    """What a teacher's tokens cost: as the user's settings say, else by the list.

    The list is of what providers take for their own services; elsewhere the same model costs something else.

    Raises:
        InputError: the settings say what is no price.
    """
    path = users_file(config)
    said = _tables(path).get("prices", {}).get(spec)
    if said is None:
        elsewhere = base_urls or os.environ.get(f"{spec.partition('/')[0].upper()}_BASE_URL")
        return None if elsewhere else known_price(spec)
    from instgen.running.named_schema import NamedPrice, validated

    return validated(NamedPrice, said, path, f"prices.{spec}").price()


def _tables(path: Path) -> Mapping[str, Any]:
    return tables_of(path) if path.is_file() else {}
