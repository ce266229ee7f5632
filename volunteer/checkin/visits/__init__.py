"""What a volunteer does before a station's code."""
