"""Many runs at once: by rule or by direction, their verdicts, and the function of one point asked about many.

- ``sweep``: the call; ``swept``: its result; ``manypoints``: one function for many points, proved.
- ``batch``: runs of a rule on arrays; ``lanes``: the same of few coordinates in machine code; ``abreast``: directions.
- ``verdicts``: all runs judged at once from their ends.
"""
