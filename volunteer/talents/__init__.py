"""The talent pool: who can do what, proved by which paper, and when they have time."""
