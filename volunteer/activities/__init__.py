"""Activities, their shifts, and who signs up for them."""
