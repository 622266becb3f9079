"""Many runs at once: by rule or by direction, their verdicts, and the function of one point asked about many."""
