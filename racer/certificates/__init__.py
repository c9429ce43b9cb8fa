"""Certificates: every state of a PASS in a file, and a verifier that shares no code with racer.

What one says, and when it is right, stands in `racer/CERTIFICATES.md`; `making.py` writes one, and
`verifying.py` was written from that text alone.
"""
