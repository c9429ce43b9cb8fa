"""Litmus tests as files: C with the kernel's macros, X86 and AArch64, as herd7 reads them."""
