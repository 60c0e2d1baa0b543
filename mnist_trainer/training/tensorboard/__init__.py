"""TensorBoard's files in the run's directory: `tensorboard --logdir logs` shows them.

train/          scalars of each epoch and of the steps inside, speed; histograms where asked for
validation/     scalars of each epoch; and of the run as a whole: its session for the table of hyper-parameters, the
                configuration and the report as text; of the test split, under tags that begin with `test/`, scalars of
                the kept epoch, pictures of the evaluation and PR curves; the graph of layers, points

Each folder is a row in TensorBoard's list of runs. The session stands beside what runs are compared by: the table of
hyper-parameters shows the scalars of its folder.
"""
