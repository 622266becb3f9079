"""Training on data.

- ``fit``: the call; ``task``: what it minimises; ``plan``: how long, on which batches; ``recipe``: by which method;
  ``trainable``: which can.
- ``training``: epoch after epoch; ``table``: a row for each; ``kept``: the run in a file; ``trained``: its result;
  ``evidence``, ``further``: what the verdict looks at.
- ``minibatch``, ``sparse``, ``means``: the oracle of batches, of all rows with an l1 penalty, and means over all rows.
- ``race``: the rule and its rate, by short runs; ``bases``: in which coordinates; ``choice``: what it has found.
- ``linear``, ``scales``: linear models, their columns scaled inside; ``continued``: from call to call.
- ``epoch``, ``batchloop``: these in machine code, many steps in one call.
"""
