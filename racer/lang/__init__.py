"""The language of models: cells, operations, threads, programs. It imports nothing above it.

What an operation does, reads, stores and is called is told by its class in `operations`.
"""
