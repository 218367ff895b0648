"""`radistill run` and `evaluate`: the study from data to report, read top to bottom in `run`."""
