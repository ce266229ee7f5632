"""The tree of units, their yearly registration tasks and who belongs where, by date."""
