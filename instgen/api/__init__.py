"""What `from instgen import …` gives: the recipes as calls, for notebooks and programs. One module each way in."""
