"""TensorBoard's files in the run's directory: `tensorboard --logdir logs` shows them.

events…                 the configuration and the report as text, and the session for the table of hyper-parameters
train/, validation/     scalars of each epoch; under train/ histograms where asked for
test/                   scalars of the kept epoch, pictures of the evaluation, PR curves, the graph of layers, points
"""
