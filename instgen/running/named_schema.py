"""The schema of `[teachers.NAME]` and `[prices]` in a settings file; pydantic is imported only if they are used."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from instgen.errors import InputError
from instgen.teachers.prices import Price

Model = TypeVar("Model", bound=BaseModel)


class NamedPrice(BaseModel):
    """US dollars per million tokens."""

    model_config = ConfigDict(extra="forbid")
    prompt: float = Field(ge=0)
    completion: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)

    def price(self) -> Price:
        """The price in the form that teachers use."""
        return Price(self.prompt, self.completion, self.cached)


class NamedTeacher(BaseModel):
    """One table `[teachers.NAME]`."""

    model_config = ConfigDict(extra="forbid")
    teacher: str
    base_url: str | list[str] = []
    api_key_env: str | None = None
    api_key_file: Path | None = None
    timeout: float | None = Field(default=None, ge=0.1)
    tries: int | None = Field(default=None, ge=1)
    rpm: float | None = Field(default=None, gt=0)
    tpm: float | None = Field(default=None, gt=0)
    given_price: NamedPrice | None = Field(default=None, alias="price")

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The base URLs as a tuple, also if the table has one string."""
        return (self.base_url,) if isinstance(self.base_url, str) else tuple(self.base_url)

    @property
    def price(self) -> Price | None:
        """The price of its tokens; None if the table has none."""
        return self.given_price.price() if self.given_price else None


def validated(model: type[Model], value: Any, path: Path, table: str) -> Model:
    """A table of the settings file, validated by a pydantic model.

    Raises:
        InputError: it does not fit the model; the message names the place.
    """
    try:
        return model.model_validate(value)
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        hint = "put the key in a variable or a file: api_key_env, api_key_file" if "key" in place else ""
        raise InputError(str(path), f"[{table}] {place}: {first['msg']}", hint) from problem
