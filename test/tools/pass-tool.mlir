// The pass tool runs MLIR's passes and knows skim's dialect.
// RUN: skim-opt %s --canonicalize | FileCheck %s
// RUN: not skim-opt %s --no-such-pass 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: Unknown command line argument '--no-such-pass'

// CHECK-LABEL: func.func @folds
// CHECK: %[[SUM:.+]] = arith.constant 5 : i32
// CHECK-NEXT: return %[[SUM]]
func.func @folds() -> i32 {
  %a = arith.constant 2 : i32
  %b = arith.constant 3 : i32
  %sum = arith.addi %a, %b : i32
  return %sum : i32
}

// CHECK-LABEL: func.func private @takes_rows(!skim.rows)
func.func private @takes_rows(!skim.rows)
