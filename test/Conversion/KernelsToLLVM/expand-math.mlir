// RUN: skim-opt %s --expand-math='mcpu=x86-64-v3' | FileCheck %s --check-prefixes=CHECK,FMA
// RUN: skim-opt %s --expand-math='mcpu=x86-64' | FileCheck %s --check-prefixes=CHECK,NOFMA
// RUN: not skim-opt %s --expand-math='mcpu=nothing' 2>&1 | FileCheck %s --check-prefix=ERROR

// ERROR: error: --mcpu: unknown processor 'nothing'

// CHECK-LABEL: func.func @functions_become_arithmetic
// CHECK-SAME: (%[[X:.+]]: f32)
// FMA: math.fma
// NOFMA-NOT: math.fma
// CHECK-NOT: math.erf
// CHECK-NOT: math.exp
// CHECK-NOT: math.tanh
// CHECK: return
func.func @functions_become_arithmetic(%x: f32) -> (f32, f32, f32) {
  %erf = math.erf %x : f32
  %exp = math.exp %x : f32
  %tanh = math.tanh %x : f32
  return %erf, %exp, %tanh : f32, f32, f32
}

// CHECK-LABEL: func.func @other_types_and_functions_stay
// CHECK: math.exp %{{.+}} : f64
// CHECK: math.log %{{.+}} : f32
func.func @other_types_and_functions_stay(%x: f64, %y: f32) -> (f64, f32) {
  %exp = math.exp %x : f64
  %log = math.log %y : f32
  return %exp, %log : f64, f32
}

// CHECK-LABEL: func.func @powers
// CHECK-SAME: (%[[X:.+]]: f32, %[[Y:.+]]: f32)
// CHECK-DAG: %[[SQUARE:.+]] = arith.mulf %[[X]], %[[X]] : f32
// CHECK-DAG: %[[CUBE:.+]] = arith.mulf %{{.+}}, %{{.+}} : f32
// CHECK: %[[INVERSE:.+]] = arith.divf %{{.+}}, %{{.+}} : f32
// CHECK: math.powf %[[X]], %{{.+}} : f32
// CHECK: math.powf %[[X]], %[[Y]] : f32
// CHECK-NOT: math.powf
// CHECK: return
func.func @powers(%x: f32, %y: f32) -> (f32, f32, f32, f32) {
  %three = arith.constant 3.0 : f32
  %minus = arith.constant -2.0 : f32
  %broken = arith.constant 1.5 : f32
  %cube = math.powf %x, %three : f32
  %inverse = math.powf %x, %minus : f32
  %other = math.powf %x, %broken : f32
  %computed = math.powf %x, %y : f32
  return %cube, %inverse, %other, %computed : f32, f32, f32, f32
}
