"""Proofs of service (志愿服务记录证明): issued free of charge, printed on A4, verified by anybody who holds one."""
