"""Teams of volunteers: dated groups with a leader, members by day, and requests to join."""
