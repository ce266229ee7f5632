"""What the shape of the source must be; run by `make check` too."""
