"""Proofs of service and their verification."""
