"""The layers of a stranger's OpenVINO model that are run.

Loops, conditions, states, random numbers, detection and plug-ins of others' own are left out.
"""

from __future__ import annotations

LAYERS = frozenset(
    str.split("""
        Abs Add AvgPool BatchNormInference BatchToSpace Broadcast Ceiling Clamp Concat Const Convert ConvertLike
        Convolution ConvolutionBackpropData Cos CumSum DepthToSpace Divide Einsum Elu Equal Erf Exp FakeQuantize Floor
        FloorMod Gather GatherElements GatherND Gelu Greater GreaterEqual GroupConvolution
        GroupConvolutionBackpropData GroupNormalization HardSigmoid HSigmoid HSwish Interpolate Less LessEqual Log
        LogicalAnd LogicalNot LogicalOr LogSoftmax LRN MatMul Maximum MaxPool Minimum Mish Mod Multiply MVN Negative
        NormalizeL2 NotEqual OneHot Pad Parameter Power PRelu Range ReduceL1 ReduceL2 ReduceMax ReduceMean ReduceMin
        ReduceProd ReduceSum ReLU Reshape Result ReverseSequence Round ScaledDotProductAttention Select Selu ShapeOf
        Sigmoid Sign Sin Slice SoftMax SoftPlus SoftSign SpaceToBatch SpaceToDepth Split Sqrt SquaredDifference
        Squeeze StridedSlice Subtract Swish Tan Tanh Tile TopK Transpose Unsqueeze VariadicSplit
    """)
)
# Bits of each number of a constant.
TYPES = {
    **dict.fromkeys(("i4", "u4"), 4),
    **dict.fromkeys(("i8", "u8", "boolean"), 8),
    **dict.fromkeys(("f16", "bf16", "i16", "u16"), 16),
    **dict.fromkeys(("f32", "i32", "u32"), 32),
    **dict.fromkeys(("f64", "i64", "u64"), 64),
}
