"""Anomalies: what looks wrong in scans and hours, explained, and decided by a person; never by the machine."""
