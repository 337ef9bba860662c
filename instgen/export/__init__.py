"""What goes out: records as the rows that trainers load, with the files that stand beside them.

The rule: a row holds the columns that its reader declares and nothing else, always all of them, and what a format
cannot hold is left out with a reason. Pure: rows and texts are made here, files are written by the command line.
"""
