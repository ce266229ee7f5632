"""Hours: presence into credited minutes: rules, ledger, make-ups, corrections, stars."""
