"""How large things may be: what a configuration can ask for, and what follows from it for the files that are read.

What a run can write, the same program can read: each bound on a file is computed from what makes the file large.
"""

from __future__ import annotations

MAX_EPOCHS = 10_000
MAX_CLASSES = 1_000
MAX_TEST_TIME_SHIFT = 4
# Their labels take 80 MB of memory; images can stay on the disk.
MAX_EXAMPLES = 10_000_000
# Weights of 100 MB; with gradients, moments and the best ones so far training takes five times that.
MAX_PARAMETERS = 25_000_000
# Numbers that convolutions, pools, normalisations and activations make of an image; while a model is measured, a batch
# of them takes 2 GB. Seven times what accurate.yaml makes.
MAX_MAP_VALUES = 480_000
# Multiplications for an image: 10,000 images then take some minutes.
MAX_PRODUCTS = 1_000_000_000
# Dense layers, flattening and the outputs come on top of the maps.
MAX_LAYER_VALUES = MAX_MAP_VALUES + 20 * MAX_CLASSES

MAX_WEIGHT_BYTES = 4 * MAX_PARAMETERS
# Names, shapes and architecture beside the weights.
_HEADER_BYTES = 20_000_000
# A file of Keras's holds the weights, their two moments and their running means.
MAX_MODEL_BYTES = 4 * MAX_WEIGHT_BYTES + _HEADER_BYTES
# A checkpoint holds the best weights besides.
MAX_CHECKPOINT_BYTES = 5 * MAX_WEIGHT_BYTES + _HEADER_BYTES
# An export has the weights once.
MAX_EXPORT_BYTES = MAX_WEIGHT_BYTES + _HEADER_BYTES
# What a runtime keeps: what layers make of an image, and the weights, quantised or not.
MAX_RUNTIME_VALUES = 2 * MAX_PARAMETERS

# What a model answers to all examples of a data set of ten classes, or to a hundredth of them of a thousand.
MAX_PREDICTION_BYTES = 4 * 10 * MAX_EXAMPLES + 4 * MAX_EXAMPLES + 1_000_000

# A row of metrics.jsonl, of an epoch with its validation, has up to 300 bytes.
MAX_METRICS_BYTES = 400 * MAX_EPOCHS
# A report has two confusion matrices, each class with its scores, and, of an evaluation, each kind of harder images.
MAX_REPORT_BYTES = 2 * (12 * MAX_CLASSES**2 + 400 * MAX_CLASSES) + 1_000_000
# NumPy keeps each character in four bytes.
MAX_STATE_CHARACTERS = MAX_METRICS_BYTES + 1_000_000
MAX_TEXT_BYTES = 4 * MAX_STATE_CHARACTERS
