"""The machine a program runs on: packed states, moves, and memory models behind `interface`.

A memory model is one file here and one `Storage` for replay, joined in `models`.
"""
