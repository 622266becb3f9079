"""Training on data.

- ``fit``: the call; ``trained``: its result; ``trainable``: which methods can.
- ``training``: epoch after epoch; ``plan``: how long, on which batches; ``kept``: the run in a file.
- ``minibatch``, ``sparse``, ``means``: the oracle of batches, of all rows with an l1 penalty, and means over all rows.
- ``race``: the rule and its rate, by short runs.
- ``linear``, ``scales``: linear models, their columns scaled inside; ``continued``: from call to call.
- ``epoch``, ``batchloop``: these in machine code, many steps in one call.
"""
