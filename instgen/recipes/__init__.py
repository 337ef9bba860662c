"""The methods: prompts out, completions in, records out. Pure."""
