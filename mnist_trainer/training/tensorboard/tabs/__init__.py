"""What TensorBoard shows of a run besides curves: one file each, found by its name, which is its flag in YAML.

    the docstring's first line          what the flag is for
    IS_ON_BY_DEFAULT                    the flag's default

and one of

    write(measured, writer)             once, after the test split was measured
    write_epoch(model, epoch, writer)   after each epoch, counted from 1

A tab is imported with the configuration: what it needs of TensorFlow or matplotlib it imports when it writes.
"""
