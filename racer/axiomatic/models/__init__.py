"""The memory models, a file each, which reads like the .cat: a definition a line, in its order."""
