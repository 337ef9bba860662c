"""A run, whoever starts it: what it can be told, what it opens, how its job is made and what drives it.

The rule: nothing here knows how the options were said or who waits for the records; `cli` and `api` do, and what lies
between stands once, here. Errors name options as the command line does, which is what the documentation calls them.
"""
