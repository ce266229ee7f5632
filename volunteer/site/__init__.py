"""What the site calls itself, who issues its proofs, and whom people ring: set by an administrator, kept by version."""
