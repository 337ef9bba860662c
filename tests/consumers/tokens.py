"""A tokenizer of bytes with ChatML's template, made here so that nothing is downloaded."""

from __future__ import annotations

import importlib
from typing import Any

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ("<|pad|>", "<|im_start|>", "<|im_end|>")


def byte_tokenizer() -> Any:
    """The tokenizer, as transformers has them."""
    tokenizers = importlib.import_module("tokenizers")
    transformers = importlib.import_module("transformers")
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    vocabulary = {token: at for at, token in enumerate((*SPECIAL, *sorted(alphabet)))}
    raw = tokenizers.Tokenizer(tokenizers.models.BPE(vocabulary, []))
    raw.add_special_tokens(list(SPECIAL))
    raw.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    raw.decoder = tokenizers.decoders.ByteLevel()
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token="<|im_end|>", pad_token="<|pad|>", clean_up_tokenization_spaces=False
    )
    made.chat_template = TEMPLATE
    return made
