//===- OnnxSpatialOps.td - windows, pools, resizing -------*- tablegen -*-===//
// Ops on `[batch, channels, spatial..]`, in the form of the newest operator
// set.
//===----------------------------------------------------------------------===//

#ifndef SKIM_DIALECT_ONNX_IR_ONNXSPATIALOPS_TD
#define SKIM_DIALECT_ONNX_IR_ONNXSPATIALOPS_TD

include "skim/Dialect/Onnx/IR/OnnxOpBase.td"

def Onnx_ConvOp : Onnx_Op<"Conv", [AllElementTypesMatch<["X", "W", "Y"]>]> {
  let summary = "Weigh a window around every position";
  let description = [{
    `Y[n, m, o..] = B[m] + sum over c, k.. of W[m, c, k..] *
    X[n, first + c, o * strides + k * dilations - begins..]`, where X is 0 beyond its
    ends. `pads` has the begins of all spatial dimensions, then their ends. Channels
    are in `group` groups: m reads those of its own, from `first` on. An absent `B`
    is 0.

    Constraints:
    - (C1) `X` has at least one spatial dimension and `W` the rank of `X`
    - (C2) there is a stride and a dilation of at least 1 for each spatial dimension
      and twice as many pads, none negative
    - (C3) `group` divides the channels of `Y`, and `X` has `group` times those of `W`
    - (C4) `B` has an element for each channel of `Y`

    ```mlir
    %result = onnx.Conv %X, %W, %B
        {dilations = array<i64: 1>, pads = array<i64: 1, 1>, strides = array<i64: 2>}
        : (tensor<?x3x9xf32>, tensor<4x3x3xf32>, tensor<4xf32>) -> tensor<?x4x5xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    Onnx_FloatTensor:$W,
    Onnx_Optional<Onnx_FloatTensor>:$B,
    DenseI64ArrayAttr:$dilations,
    DefaultValuedAttr<I64Attr, "1">:$group,
    DenseI64ArrayAttr:$pads,
    DenseI64ArrayAttr:$strides
  );
  let results = (outs Onnx_FloatTensor:$Y);
  let hasVerifier = 1;
}

def Onnx_FitsWindowOp : Onnx_Op<"FitsWindow", [AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Check that windows fit";
  let description = [{
    `Y = X`; an error of the run where a dimension of `axes` has less than its number
    of `spans`. No op of ONNX: `onnx-normalise` writes it where it takes an
    `onnx.Conv` of unknown sizes apart.

    Constraints:
    - (C1) `axes` lie in [-rank, rank) and have a span each

    ```mlir
    %result = onnx.FitsWindow %X {axes = array<i64: 1>, spans = array<i64: 4>}
        : (tensor<2x?x16xf32>) -> tensor<2x?x16xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DenseI64ArrayAttr:$axes,
    DenseI64ArrayAttr:$spans
  );
  let results = (outs Onnx_FloatTensor:$Y);
  let hasVerifier = 1;
}

def Onnx_MaxPoolOp : Onnx_Op<"MaxPool", [AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Largest element of a window around every position";
  let description = [{
    `Y[n, c, o..] = max over k.. of X[n, c, o * strides + k * dilations - begins..]`,
    elements beyond the ends of `X` left out. There are as many windows as fit into
    the padded input; with `ceil_mode = 1` also one that ends behind it, if it begins
    before the pads at the end.

    Constraints:
    - (C1) `X` has at least one spatial dimension
    - (C2) there is a window, a stride and a dilation of at least 1 for each spatial
      dimension and twice as many pads, none negative
    - (C3) pads are smaller than the window, dilations counted

    ```mlir
    %result = onnx.MaxPool %X
        {dilations = array<i64: 1>, kernel_shape = array<i64: 4>, pads = array<i64: 0, 0>,
         strides = array<i64: 4>} : (tensor<?x3x8xf32>) -> tensor<?x3x2xf32>
    ```
  }];
  let arguments = (ins
    Onnx_NumericTensor:$X,
    DefaultValuedAttr<I64Attr, "0">:$ceil_mode,
    DenseI64ArrayAttr:$dilations,
    DenseI64ArrayAttr:$kernel_shape,
    DenseI64ArrayAttr:$pads,
    DenseI64ArrayAttr:$strides
  );
  let results = (outs Onnx_NumericTensor:$Y);
  let hasVerifier = 1;
}

def Onnx_AveragePoolOp : Onnx_Op<"AveragePool", [AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Mean of a window around every position";
  let description = [{
    `Y[n, c, o..] = mean over k.. of X[n, c, o * strides + k * dilations - begins..]`
    of the elements within `X`; with `count_include_pad = 1` pads are elements too, of
    value 0. Windows are those of `onnx.MaxPool`; what a last one has behind the pads
    is never counted.

    Constraints:
    - (C1) `X` has at least one spatial dimension
    - (C2) there is a window, a stride and a dilation of at least 1 for each spatial
      dimension and twice as many pads, none negative
    - (C3) pads are smaller than the window, dilations counted

    ```mlir
    %result = onnx.AveragePool %X
        {dilations = array<i64: 1>, kernel_shape = array<i64: 2>, pads = array<i64: 0, 0>,
         strides = array<i64: 2>} : (tensor<?x3x8xf32>) -> tensor<?x3x4xf32>
    ```
  }];
  let arguments = (ins
    Onnx_FloatTensor:$X,
    DefaultValuedAttr<I64Attr, "0">:$ceil_mode,
    DefaultValuedAttr<I64Attr, "0">:$count_include_pad,
    DenseI64ArrayAttr:$dilations,
    DenseI64ArrayAttr:$kernel_shape,
    DenseI64ArrayAttr:$pads,
    DenseI64ArrayAttr:$strides
  );
  let results = (outs Onnx_FloatTensor:$Y);
  let hasVerifier = 1;
}

def Onnx_ResizeOp : Onnx_Op<"Resize", [AllElementTypesMatch<["X", "Y"]>]> {
  let summary = "Interpolate between elements";
  let description = [{
    Along each of `axes` (absent: all), one after the other, element o of the result
    is found at x of the operand:

        half_pixel            (o + 1/2) / scale - 1/2
        half_pixel_symmetric  the same, from the middle of both
        pytorch_half_pixel    the same as half_pixel; 0 where there is one element
        align_corners         o (size - 1) / (new size - 1)
        asymmetric            o / scale

    `nearest` takes the element next to x, as `nearest_mode` rounds; `linear` weighs
    two of them by `1 - |x - i|`, `cubic` four by Keys' polynomial with the
    coefficient `cubic_coeff_a`. Elements before the first are the first, those behind
    the last are the last; with `exclude_outside = 1` they are left out, and the other
    weights sum to 1. `antialias = 1` stretches the weights by the operand's size over
    the result's where that is more than 1, and divides them by their sum. The new
    sizes are `sizes`, or `floor(size * scales)`.

    Constraints:
    - (C1) one of `sizes` and `scales` is given, with an element for each of `axes`
    - (C2) constant scales are finite and greater than 0
    - (C3) modes are those listed here
    - (C4) elements are floats, unless the mode is `nearest`

    `onnx-normalise` makes gathers and products by matrices of weights of it; it has no
    lowering.

    ```mlir
    %result = onnx.Resize %X, %none, %sizes {axes = array<i64: 2>, mode = "linear"}
        : (tensor<?x3x4xf32>, none, tensor<1xi64>) -> tensor<?x3x?xf32>
    ```
  }];
  let arguments = (ins
    Onnx_Tensor:$X,
    Onnx_Optional<TensorOf<[F32]>>:$scales,
    Onnx_Optional<Onnx_I64Tensor>:$sizes,
    OptionalAttr<DenseI64ArrayAttr>:$axes,
    DefaultValuedAttr<I64Attr, "0">:$antialias,
    DefaultValuedStrAttr<StrAttr, "half_pixel">:$coordinate_transformation_mode,
    DefaultValuedAttr<F32Attr, "-0.75f">:$cubic_coeff_a,
    DefaultValuedAttr<I64Attr, "0">:$exclude_outside,
    DefaultValuedStrAttr<StrAttr, "nearest">:$mode,
    DefaultValuedStrAttr<StrAttr, "round_prefer_floor">:$nearest_mode
  );
  let results = (outs Onnx_Tensor:$Y);
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The scales where they are constant.
    std::optional<llvm::SmallVector<float>> getConstantScales();
    /// The axes, counted from 0, of an operand of this rank.
    llvm::SmallVector<int64_t> getAxesOf(int64_t rank);
  }];
}

#endif // SKIM_DIALECT_ONNX_IR_ONNXSPATIALOPS_TD
