"""The Python API, imported as `from instgen import …`: the recipes as functions, for notebooks and programs."""
