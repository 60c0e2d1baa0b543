"""A corpus of bad input, made by code: each entry is a command with its files, its exit code and its message."""
