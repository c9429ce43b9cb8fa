"""Models of kernel code, each written to be read beside the C that it stands for."""
