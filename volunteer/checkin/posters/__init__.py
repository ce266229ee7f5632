"""What hangs at a door: the screen's rotating code, the sheet of paper with its fixed one, the word of the day."""
