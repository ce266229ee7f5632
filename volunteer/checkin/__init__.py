"""Check-in: codes, scans (every one kept), attendance, offline packs and batches."""
