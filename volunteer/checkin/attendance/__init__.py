"""From all scans of a person to their attendances: the one fold, what it reads and what it leaves."""
