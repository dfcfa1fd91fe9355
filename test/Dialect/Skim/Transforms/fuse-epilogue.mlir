// RUN: skim-opt %s --pass-pipeline='builtin.module(func.func(skim-fuse-epilogue))' | FileCheck %s

// CHECK-LABEL: func @activation
func.func @activation(%x: !skim.ragged<4xf32>, %w: tensor<4x4xf32>) -> !skim.ragged<4xf32> {
  // CHECK: %[[Y:.+]] = skim.linear %{{.+}}, %{{.+}} {activation = #skim<activation tanh>}
  // CHECK-NOT: skim.activation
  // CHECK: return %[[Y]]
  %a = skim.linear %x, %w : !skim.ragged<4xf32>, tensor<4x4xf32> -> !skim.ragged<4xf32>
  %b = skim.activation tanh %a : !skim.ragged<4xf32>
  return %b : !skim.ragged<4xf32>
}

// CHECK-LABEL: func @residual
// CHECK-SAME: %[[X:[^:]+]]: !skim.ragged
func.func @residual(%x: !skim.ragged<4xf32>, %w: tensor<4x4xf32>) -> !skim.ragged<4xf32> {
  // CHECK: skim.linear %[[X]], %{{.+}} residual %[[X]] {activation = #skim<activation relu>}
  // CHECK-NOT: skim.add
  %a = skim.linear %x, %w {activation = #skim<activation relu>} : !skim.ragged<4xf32>, tensor<4x4xf32> -> !skim.ragged<4xf32>
  %b = skim.add %x, %a : !skim.ragged<4xf32>
  return %b : !skim.ragged<4xf32>
}

// The residual must be there before the layer that takes it.
// CHECK-LABEL: func @later_layer_takes_residual
func.func @later_layer_takes_residual(%x: !skim.ragged<4xf32>, %v: tensor<4x4xf32>, %w: tensor<4x4xf32>) -> !skim.ragged<4xf32> {
  // CHECK: %[[FIRST:.+]] = skim.linear %{{.+}}, %{{.+}} : !skim
  // CHECK: skim.linear %{{.+}}, %{{.+}} residual %[[FIRST]]
  %a = skim.linear %x, %v : !skim.ragged<4xf32>, tensor<4x4xf32> -> !skim.ragged<4xf32>
  %b = skim.linear %x, %w : !skim.ragged<4xf32>, tensor<4x4xf32> -> !skim.ragged<4xf32>
  %c = skim.add %b, %a : !skim.ragged<4xf32>
  return %c : !skim.ragged<4xf32>
}

// CHECK-LABEL: func @no_fuse_two_uses
func.func @no_fuse_two_uses(%x: !skim.ragged<4xf32>, %w: tensor<4x4xf32>) -> (!skim.ragged<4xf32>, !skim.ragged<4xf32>) {
  // CHECK: skim.linear
  // CHECK: skim.activation
  %a = skim.linear %x, %w : !skim.ragged<4xf32>, tensor<4x4xf32> -> !skim.ragged<4xf32>
  %b = skim.activation tanh %a : !skim.ragged<4xf32>
  return %a, %b : !skim.ragged<4xf32>, !skim.ragged<4xf32>
}

// An activation after a residual is not the one before it.
// CHECK-LABEL: func @no_fuse_after_residual
func.func @no_fuse_after_residual(%x: !skim.ragged<4xf32>, %w: tensor<4x4xf32>) -> !skim.ragged<4xf32> {
  // CHECK: skim.linear %{{.+}}, %{{.+}} residual
  // CHECK: skim.activation {{ *}}gelu_erf
  %a = skim.linear %x, %w : !skim.ragged<4xf32>, tensor<4x4xf32> -> !skim.ragged<4xf32>
  %b = skim.add %a, %x : !skim.ragged<4xf32>
  %c = skim.activation gelu_erf %b : !skim.ragged<4xf32>
  return %c : !skim.ragged<4xf32>
}
