"""What is built from a stranger's .keras file: layers, operations, keys and words, named one by one.

A layer belongs here only if `work` bounds what it makes and multiplies, and if building it takes no memory for that.
"""

from __future__ import annotations

# Of each kind of model, where Keras has it.
MODEL_MODULES = {"Sequential": "keras", "Functional": "keras.src.models.functional"}
LAYERS = frozenset(
    str.split("""
        InputLayer Identity Rescaling Normalization Resizing Flatten Reshape Permute Dense Conv1D Conv2D
        Conv2DTranspose DepthwiseConv2D SeparableConv2D MaxPooling1D MaxPooling2D AveragePooling1D AveragePooling2D
        GlobalMaxPooling1D GlobalMaxPooling2D GlobalAveragePooling1D GlobalAveragePooling2D UpSampling2D
        BatchNormalization LayerNormalization GroupNormalization Dropout SpatialDropout1D SpatialDropout2D
        GaussianDropout GaussianNoise Activation ReLU LeakyReLU PReLU ELU Softmax ZeroPadding2D Cropping2D Add Subtract
        Multiply Average Maximum Minimum Concatenate SimpleRNN LSTM GRU Bidirectional Attention MultiHeadAttention
    """)
)
# Built as classes of ours, which hold back what Keras's own would take memory for.
LAYERS_OF_OURS = frozenset({"Normalization"})
# They change images in training alone, and are built as Identity.
AUGMENTATIONS = frozenset(
    str.split("""
        RandomRotation RandomTranslation RandomZoom RandomFlip RandomShear RandomContrast RandomBrightness RandomErasing
    """)
)
# They take a list of inputs, as a model does that has several; what others would make of one, `work` would not see.
JOINING = frozenset(str.split("Add Subtract Multiply Average Maximum Minimum Concatenate Attention"))
# They take a query, a value and a key.
ATTENTION = frozenset({"Attention", "MultiHeadAttention"})
# What `a + b` and `keras.ops.relu(a)` are in a Functional model, by the module that Keras writes for them. `reshape` is
# not among them: it can make many images of one, whose numbers `work` would not see.
OPERATIONS = {
    "keras.src.ops.numpy": frozenset(
        str.split("Add Subtract Multiply Divide TrueDivide Negative Maximum Minimum Tanh ExpandDims")
    ),
    "keras.src.ops.nn": frozenset(str.split("Relu Relu6 Elu Selu Gelu Silu Sigmoid Softmax LogSoftmax LeakyRelu")),
}
KEYS = frozenset(
    str.split("""
        alpha approximate center cropping depth_multiplier dilation_rate dims epsilon filters
        go_backwards groups height keepdims kernel_size key_dim max_value mean momentum negative_slope
        noise_shape num_heads offset output_padding padding pool_size rate reset_after return_sequences rms_scaling
        scale shared_axes size stddev strides target_shape threshold trainable units use_bias use_scale value_dim
        variance width
    """)
)
# Keys with these endings matter to training alone, or are of no consequence.
LEFT_OUT_ENDINGS = ("_initializer", "_regularizer", "_constraint", "dropout")
LEFT_OUT = frozenset(
    str.split("""
        autocast batch_input_shape batch_shape fill_mode fill_value implementation optional ragged renorm_momentum seed
        sparse synchronized unit_forget_bias unroll zero_output_for_mask
    """)
)
# Keys for which few words are known, or in which only some are bounded: the others of `interpolation` take memory for
# the product of two sizes.
WORDS = {
    "data_format": ("channels_last",),
    "interpolation": ("nearest", "bilinear"),
    "merge_mode": ("concat", "sum", "mul", "ave"),
    "score_mode": ("dot",),
}
ACTIVATIONS = frozenset(
    str.split("""
        linear relu relu6 elu selu gelu silu swish tanh sigmoid softmax softplus softsign leaky_relu hard_sigmoid
        hard_silu exponential mish log_softmax
    """)
)
DTYPES = frozenset({"uint8", "int32", "float16", "bfloat16", "float32", "mixed_float16", "mixed_bfloat16"})
