"""Models that answer prompts. The rule: no code outside this folder uses the network or a model."""
