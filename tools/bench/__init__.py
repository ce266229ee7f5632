"""`make bench`: what a request costs, on both databases, measured in one run: statements, CPU, latency, rate."""
