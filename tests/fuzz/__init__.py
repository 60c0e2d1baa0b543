"""Parsers under any bytes: they give a value or one of our errors, never another exception."""
