"""Hardening: the whole service attacked at once, over HTTP, on both databases."""
