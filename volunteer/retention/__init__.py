"""How long what is kept, why, and what the last run removed."""
