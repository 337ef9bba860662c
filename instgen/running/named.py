"""Teachers and prices from the user's own settings file: `[teachers.NAME]` and `[prices]`.

    [teachers.big]
    teacher = "openai/Qwen/Qwen3-235B"
    base_url = ["http://10.0.0.1:8000/v1", "http://10.0.0.2:8000/v1"]
    api_key_env = "CLUSTER_KEY"
    price = { prompt = 0.0, completion = 0.0 }

    [prices]
    "openai/some-model" = { prompt = 0.2, completion = 0.8, cached = 0.1 }

The rule: a project's `./instgen.toml` may contain neither, because repositories of data are cloned from strangers and
must not redirect a key.
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
    """The teacher with this name in the user's settings; None if there is none.

    Args:
        name: the value of `--teacher`, `--judge` or `--with`.
        config: the value of `--config`.

    Raises:
        InputError: the settings cannot be read, or the teacher's table is invalid.
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
    """The price of a teacher's tokens: from the user's settings, or else from the built-in list.

    The list has the providers' own prices, so it does not apply to another base URL.

    Raises:
        InputError: the settings cannot be read, or the price is invalid.
    """
    path = users_file(config)
    price = _tables(path).get("prices", {}).get(spec)
    if price is None:
        elsewhere = base_urls or os.environ.get(f"{spec.partition('/')[0].upper()}_BASE_URL")
        return None if elsewhere else known_price(spec)
    from instgen.running.named_schema import NamedPrice, validated

    return validated(NamedPrice, price, path, f"prices.{spec}").price()


def _tables(path: Path) -> Mapping[str, Any]:
    return tables_of(path) if path.is_file() else {}
