"""The shapes that records have on disk. Pure."""
