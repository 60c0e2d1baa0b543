"""Optimisers: one file each, found by its name, with a `Config` and a `build`.

    build(config, learning_rate) -> keras.optimizers.Optimizer

`learning_rate` is a number, or a Keras schedule made from `config.learning_rate` and the `schedule` section.
"""
