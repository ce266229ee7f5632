"""What leaves the system as a sheet: a log with a number for each, a mark in it, and what people may see of it."""
