"""Export: converts records to the rows that trainers load, and makes the files that accompany them.

The rule: every row has exactly the columns that its format declares, and a record that the format cannot represent is
rejected with a reason. Pure: this package makes rows and texts; the command line writes the files.
"""
