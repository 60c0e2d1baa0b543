"""Searches: which keys of a configuration are tried with which values, and whether that can be.

`tune` needs `space.choose_values` and `with_values` for each trial, `space.num_trials`, and `change.space_change` where
a search goes on.
"""
