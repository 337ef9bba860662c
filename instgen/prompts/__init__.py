"""Every word said to a teacher, as text files."""
