"""Models that answer prompts: the only folder that touches the network or a model."""
