"""The operators of a stranger's SavedModel that are run.

TensorFlow has others that read and write files, run Python, or never end: none of those is here. Loops (`While`), and
with them recurrent layers, are left out for the last reason, and random numbers because no answer needs them.
"""

from __future__ import annotations

CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
RESTORE = "RestoreV2"
_VARIABLES = """
    VarHandleOp ReadVariableOp AssignVariableOp VarIsInitializedOp DisableCopyOnRead VariableV2 Assign ResourceGather
"""
_NUMBERS = """
    Abs Add AddN AddV2 Ceil ClipByValue Cos Div DivNoNan Elu Equal Erf Exp Expm1 Floor FloorDiv FloorMod Greater
    GreaterEqual IsFinite IsNan LeakyRelu Less LessEqual Log Log1p LogSoftmax LogicalAnd LogicalNot LogicalOr Maximum
    Minimum Mod Mul MulNoNan Neg NotEqual Pow RealDiv Reciprocal Relu Relu6 Rint Round Rsqrt Select SelectV2 Selu
    Sigmoid Sign Sin Softmax Softplus Softsign Sqrt Square SquaredDifference Sub Tan Tanh Xdivy Xlogy
"""
_LAYERS = """
    AvgPool BatchMatMul BatchMatMulV2 BatchMatMulV3 BiasAdd BiasAddV1 Conv2D Conv2DBackpropInput
    DepthwiseConv2dNative Einsum FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 L2Loss LRN MatMul MaxPool MaxPoolV2
    ResizeBilinear ResizeNearestNeighbor
"""
_SUMS = "All Any ArgMax ArgMin Cumsum Max Mean Min Prod Sum TopKV2"
_SHAPES = """
    BatchToSpaceND BroadcastArgs BroadcastTo Cast Concat ConcatV2 Const DepthToSpace ExpandDims Fill Gather GatherNd
    GatherV2 Identity IdentityN MirrorPad NoOp OneHot OnesLike Pack Pad PadV2 Placeholder PlaceholderWithDefault
    PreventGradient Range Rank Reshape ReverseV2 Shape ShapeN Size Slice SpaceToBatchND SpaceToDepth Split SplitV
    Squeeze StopGradient StridedSlice Tile Transpose Unpack Where ZerosLike
"""
OPERATORS = CALLS | {RESTORE} | set(" ".join((_VARIABLES, _NUMBERS, _LAYERS, _SUMS, _SHAPES)).split())
