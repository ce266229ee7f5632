"""People's journeys, by clicking, in a real browser against a real server."""
