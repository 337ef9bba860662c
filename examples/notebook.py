"""A first data set from Python: cells for a notebook (`# %%`), or a program as it is.

Without INSTGEN_TEACHER a small model in this process answers (`pip install 'instgen[local]'`).
"""

# %%
from instgen import evolve, filter_records, self_instruct, write

# %% Six tasks out of our own seeds; the same cell again asks nothing.
made = self_instruct(n=6)
tasks = list(made)
print(made)
for task in tasks:
    print("-", task.instruction)

# %% Harder ones, answered; what was left out, and why.
evolved = evolve(tasks, rounds=1)
harder = list(evolved)
print(evolved)
for rejection in evolved.rejections:
    print("-", rejection.verdict.reason, rejection.verdict.evidence)

# %% What is good enough goes to a file.
good = filter_records(harder, dedupe="novelty")
print(write(good, "good.jsonl"), "written")
