"""Spreadsheets in: read what people really send, show every fault, write all of it or nothing."""
