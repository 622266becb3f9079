"""Who makes the steps of a run, and how it goes on after a stop: the loop, and what may stand in its place."""
