"""Decoding of files of unknown origin, in processes of their own."""
