"""Many processes dream one film: the plan, the worker, the crew of workers, and their status."""
