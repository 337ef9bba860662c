"""Pure text functions: script-aware tokens, ROUGE-L, similarity indexes, language and script detection."""
