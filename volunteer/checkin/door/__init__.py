"""What a keeper does and sees at the door: scanning, lists, evidence, what waits for a network."""
