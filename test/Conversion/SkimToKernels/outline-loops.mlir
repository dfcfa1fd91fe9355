// RUN: skim-opt %s -split-input-file --outline-loops --canonicalize | FileCheck %s

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>

// Two of three loops are a task's index; equal loops share a kernel.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.+]]: memref<?x8x?xf32>, %[[Y:.+]]: memref<?x8x?xf32>, %[[FACTOR:.+]]: f32)
func.func @main(%x: memref<?x8x?xf32>, %y: memref<?x8x?xf32>, %factor: f32) {
  // CHECK-DAG: %[[BATCH:.+]] = memref.dim %[[X]], %c0
  // CHECK-DAG: %[[COLUMNS:.+]] = memref.dim %[[X]], %c2
  // CHECK: %[[TASKS:.+]] = arith.muli %[[BATCH]], %c8
  // CHECK: %[[MOST:.+]] = arith.divui %c16384, %{{.+}}
  // CHECK: %[[GRAIN:.+]] = arith.maxui %[[MOST]], %c1
  // CHECK: skim.dispatch other @loops(%[[X]], %[[Y]], %[[FACTOR]], %[[COLUMNS]], %[[BATCH]]) tasks %[[TASKS]] grain %[[GRAIN]] scratch %c0
  // CHECK: skim.dispatch other @loops(%[[Y]], %[[X]], %[[FACTOR]],
  // CHECK-NOT: linalg
  // CHECK-NOT: scf.for
  // CHECK: return
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : memref<?x8x?xf32>) outs(%y : memref<?x8x?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %p = arith.mulf %a, %factor : f32
    linalg.yield %p : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%y : memref<?x8x?xf32>) outs(%x : memref<?x8x?xf32>) {
  ^bb0(%a: f32, %b: f32):
    %p = arith.mulf %a, %factor : f32
    linalg.yield %p : f32
  }
  return
}
// CHECK: func.func private @loops(%[[FROM:.+]]: memref<?x8x?xf32>, %[[TO:.+]]: memref<?x8x?xf32>, %[[F:.+]]: f32, %[[C:.+]]: index, %{{.+}}: index, %[[BEGIN:.+]]: index, %[[END:.+]]: index, %{{.+}}: memref<?xi8>)
// CHECK: %[[FIRST_ROW:.+]] = arith.remui %[[BEGIN]], %c8
// CHECK: %[[FIRST_B:.+]] = arith.divui %[[BEGIN]], %c8
// CHECK: scf.for %{{.+}} = %[[BEGIN]] to %[[END]] {{.+}} iter_args(%[[B:.+]] = %[[FIRST_B]], %[[ROW:.+]] = %[[FIRST_ROW]])
// CHECK:   scf.for %[[I:.+]] = %c0 to %[[C]]
// CHECK:     %[[A:.+]] = memref.load %[[FROM]][%[[B]], %[[ROW]], %[[I]]]
// CHECK:     %[[P:.+]] = arith.mulf %[[A]], %[[F]]
// CHECK:     memref.store %[[P]], %[[TO]][%[[B]], %[[ROW]], %[[I]]]
// CHECK:   %[[NEXT:.+]] = arith.addi %[[ROW]], %c1
// CHECK:   %[[WRAPS:.+]] = arith.cmpi eq, %[[NEXT]], %c8
// CHECK:   %[[NEXT_ROW:.+]] = arith.select %[[WRAPS]], %c0, %[[NEXT]]
// CHECK:   %[[CARRY:.+]] = arith.select %[[WRAPS]], %c1, %c0
// CHECK:   %[[NEXT_B:.+]] = arith.addi %[[B]], %[[CARRY]]
// CHECK:   scf.yield %[[NEXT_B]], %[[NEXT_ROW]]
// CHECK-NOT: func.func private

// -----

#in = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#out = affine_map<(d0, d1, d2) -> (d0, d1)>
#all = affine_map<(d0, d1) -> (d1, d0)>
#one = affine_map<(d0, d1) -> (d1)>
#line = affine_map<(d0) -> (d0)>

// What sums inside may be cut outside. An outer loop that sums, a single loop and
// a few iterations stay.
// CHECK-LABEL: func.func @main
func.func @main(%x: memref<?x?x?xf32>, %sums: memref<?x?xf32>, %wide: memref<?x?xf32>, %row: memref<?xf32>, %few: memref<9x9xf32>) {
  // CHECK: skim.dispatch other @loops(
  linalg.generic {indexing_maps = [#in, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x : memref<?x?x?xf32>) outs(%sums : memref<?x?xf32>) {
  ^bb0(%a: f32, %s: f32):
    %t = arith.addf %s, %a : f32
    linalg.yield %t : f32
  }
  // CHECK: linalg.generic
  // CHECK-SAME: ["reduction", "parallel"]
  linalg.generic {indexing_maps = [#all, #one], iterator_types = ["reduction", "parallel"]}
      ins(%wide : memref<?x?xf32>) outs(%row : memref<?xf32>) {
  ^bb0(%a: f32, %s: f32):
    %t = arith.addf %s, %a : f32
    linalg.yield %t : f32
  }
  // CHECK: linalg.generic
  // CHECK-SAME: ["parallel"]
  linalg.generic {indexing_maps = [#line, #line], iterator_types = ["parallel"]}
      ins(%row : memref<?xf32>) outs(%row : memref<?xf32>) {
  ^bb0(%a: f32, %s: f32):
    %n = arith.negf %a : f32
    linalg.yield %n : f32
  }
  // CHECK: linalg.fill
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%few : memref<9x9xf32>)
  return
}

// -----

#same = affine_map<(d0, d1, d2) -> (d0, d1, d2)>

// Loops of one iteration behind another are no inner loops: that one is.
// CHECK-LABEL: func.func @main
// CHECK: skim.dispatch other @loops(
// CHECK: func.func private @loops(%[[X:[^:]+]]: memref<?x?x1xf32>
// CHECK: scf.for {{.+}} iter_args(%[[I:[^ ]+]] =
// CHECK: scf.for %[[J:.+]] =
// CHECK: memref.load %[[X]][%[[I]], %[[J]], %c0]
func.func @main(%x: memref<?x?x1xf32>) {
  linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : memref<?x?x1xf32>) outs(%x : memref<?x?x1xf32>) {
  ^bb0(%a: f32, %s: f32):
    %n = arith.negf %a : f32
    linalg.yield %n : f32
  }
  return
}

// -----

#to = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#across = affine_map<(d0, d1, d2) -> (d0, d2, d1)>

// Columns that are read as rows: a task has a block of 16 rows, and takes 16 columns of all of them at a time.
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[X:.+]]: memref<?x40x?xf32>, %[[Y:.+]]: memref<?x?x40xf32>
// CHECK: %[[BATCH:.+]] = memref.dim %[[X]], %c0
// CHECK: %[[BLOCKS:.+]] = arith.ceildivui %{{.+}}, %c16
// CHECK: %[[TASKS:.+]] = arith.muli %[[BATCH]], %[[BLOCKS]]
// CHECK: skim.dispatch other @loops({{.+}}) tasks %[[TASKS]] grain %c25
// CHECK: func.func private @loops(%[[FROM:.+]]: memref<?x40x?xf32>, %[[TO:.+]]: memref<?x?x40xf32>,
// CHECK: scf.for {{.+}} iter_args(%[[B:.+]] = %{{.+}}, %[[BLOCK:.+]] = %{{.+}})
// CHECK:   %[[FIRST:.+]] = arith.muli %[[BLOCK]], %c16
// CHECK:   scf.for %[[COLUMN:.+]] = %c0 to %c40 step %c16
// CHECK:     scf.for %[[I:.+]] = %[[FIRST]] to %{{.+}} step %c1
// CHECK:       %[[BEHIND:.+]] = arith.addi %[[COLUMN]], %c16
// CHECK:       %[[END:.+]] = arith.minui %[[BEHIND]], %c40
// CHECK:       scf.for %[[J:.+]] = %[[COLUMN]] to %[[END]] step %c1
// CHECK:         %[[A:.+]] = memref.load %[[FROM]][%[[B]], %[[J]], %[[I]]]
// CHECK:         memref.store %[[A]], %[[TO]][%[[B]], %[[I]], %[[J]]]
func.func @main(%x: memref<?x40x?xf32>, %y: memref<?x?x40xf32>) {
  linalg.generic {indexing_maps = [#across, #to], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : memref<?x40x?xf32>) outs(%y : memref<?x?x40xf32>) {
  ^bb0(%a: f32, %s: f32):
    linalg.yield %a : f32
  }
  return
}

// -----

#to = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// What all iterations of the innermost loop read, and check, is read once before it; where it has none there is no task.
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[X:.+]]: memref<?x?xf32>, %[[I:.+]]: memref<?xindex>, %[[Y:.+]]: memref<?x?xf32>
// CHECK: %[[ROWS:.+]] = memref.dim %[[I]], %c0
// CHECK: %[[COLUMNS:.+]] = memref.dim %[[Y]], %c1
// CHECK: %[[NONE:.+]] = arith.cmpi eq, %[[COLUMNS]], %c0
// CHECK: %[[TASKS:.+]] = arith.select %[[NONE]], %c0, %[[ROWS]]
// CHECK: skim.dispatch other @loops({{.+}}) tasks %[[TASKS]]
// CHECK: func.func private @loops(%[[IN:.+]]: memref<?xindex>, %{{.+}}: memref<?x?xf32>, %[[FROM:.+]]: memref<?x?xf32>,
// CHECK: scf.for {{.+}} iter_args(%[[R:.+]] = %{{.+}})
// CHECK:   %[[PLACE:.+]] = memref.load %[[IN]][%[[R]]]
// CHECK:   scf.if
// CHECK:     skim.report "{0} is out of range"(%[[PLACE]])
// CHECK:   scf.for %[[C:.+]] = %c0 to
// CHECK-NOT: memref.load %[[IN]]
// CHECK:     memref.load %[[FROM]][%[[PLACE]], %[[C]]]
func.func @main(%x: memref<?x?xf32>, %i: memref<?xindex>, %y: memref<?x?xf32>) {
  %limit = arith.constant 9 : index
  linalg.generic {indexing_maps = [#row, #to], iterator_types = ["parallel", "parallel"]}
      ins(%i : memref<?xindex>) outs(%y : memref<?x?xf32>) {
  ^bb0(%place: index, %s: f32):
    %wrong = arith.cmpi uge, %place, %limit : index
    scf.if %wrong {
      skim.report "{0} is out of range"(%place)
    }
    %column = linalg.index 1 : index
    %a = memref.load %x[%place, %column] : memref<?x?xf32>
    linalg.yield %a : f32
  }
  return
}

// -----

#to = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// A buffer that the loop stores to is read where it was.
// CHECK-LABEL: func.func @main
// CHECK: func.func private @loops(
// CHECK:   scf.for {{.+}} iter_args(
// CHECK:     scf.for
// CHECK:       memref.load
// CHECK:       memref.load
// CHECK:       memref.store
func.func @main(%x: memref<?x?xf32>) {
  %zero = arith.constant 0 : index
  linalg.generic {indexing_maps = [#to], iterator_types = ["parallel", "parallel"]}
      outs(%x : memref<?x?xf32>) {
  ^bb0(%s: f32):
    %row = linalg.index 0 : index
    %first = memref.load %x[%row, %zero] : memref<?x?xf32>
    %sum = arith.addf %s, %first : f32
    linalg.yield %sum : f32
  }
  return
}

// -----

#to = affine_map<(d0, d1) -> (d0, d1)>

// Sums along an axis before the last: 64 neighbours in turns, in a buffer; what is left over goes alike.
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[X:.+]]: memref<?x?x164xf32>, %[[Y:.+]]: memref<?x164xf32>
// CHECK: skim.dispatch other @loops({{.+}}) tasks %{{.+}} grain %c99
// CHECK: func.func private @loops(
// CHECK: %[[SUMS:.+]] = memref.alloca() : memref<64xf32>
// CHECK: scf.for {{.+}} iter_args(%[[B:.+]] = %{{.+}})
// CHECK:   scf.for %[[FIRST:.+]] = %c0 to %c128 step %c64
// CHECK:     scf.for %[[I:.+]] = %c0 to %c64 step %c1
// CHECK:       memref.store %{{.+}}, %[[SUMS]][%[[I]]]
// CHECK:     scf.for %[[K:.+]] = %c0 to %{{.+}} step %c1
// CHECK:       scf.for %[[LANE:.+]] = %c0 to %c64 step %c1
// CHECK:         %[[D:.+]] = arith.addi %[[FIRST]], %[[LANE]]
// CHECK:         %[[SUM:.+]] = memref.load %[[SUMS]][%[[LANE]]]
// CHECK:         %[[A:.+]] = memref.load %{{.+}}[%[[B]], %[[K]], %[[D]]]
// CHECK:         %[[NEXT:.+]] = arith.addf %[[SUM]], %[[A]]
// CHECK:         memref.store %[[NEXT]], %[[SUMS]][%[[LANE]]]
// CHECK:     scf.for
// CHECK:       memref.store %{{.+}}, %{{.+}}[%[[B]], %{{.+}}] : memref<?x164xf32>
// CHECK:   scf.for %{{.+}} = %c0 to %c36 step %c1
func.func @main(%x: memref<?x?x164xf32>, %y: memref<?x164xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %none = arith.constant 0.0 : f32
  %length = memref.dim %x, %one : memref<?x?x164xf32>
  linalg.generic {indexing_maps = [#to], iterator_types = ["parallel", "parallel"]} outs(%y : memref<?x164xf32>) {
  ^bb0(%s: f32):
    %b = linalg.index 0 : index
    %d = linalg.index 1 : index
    %sum = scf.for %k = %zero to %length step %one iter_args(%carried = %none) -> (f32) {
      %a = memref.load %x[%b, %k, %d] : memref<?x?x164xf32>
      %next = arith.addf %carried, %a : f32
      scf.yield %next : f32
    }
    linalg.yield %sum : f32
  }
  return
}

// -----

#to = affine_map<(d0, d1) -> (d0, d1)>

// Sums of rows: eight in registers at once, then one by one. Of the largest numbers LLVM makes vectors itself.
// CHECK-LABEL: func.func @main
// CHECK: func.func private @loops(
// CHECK-NOT: memref.alloca
// CHECK: scf.for %{{.+}} = %c0 to %{{.+}} step %c8
// CHECK:   %[[SUMS:.+]]:8 = scf.for %[[K:.+]] = %c0 to %c100 step %c1 iter_args(%[[SUM:[^ ]+]] = %{{.+}}, {{.+}}) -> (f32, f32, f32, f32, f32, f32, f32, f32)
// CHECK:     %[[A:.+]] = memref.load %{{.+}}[%{{.+}}, %{{.+}}, %[[K]]]
// CHECK:     arith.addf %[[SUM]], %[[A]]
// CHECK-COUNT-7: arith.addf
// CHECK:     scf.yield
// CHECK:   memref.store %[[SUMS]]#0
// CHECK:   memref.store %[[SUMS]]#7
// CHECK: scf.for
// CHECK:   %[[LAST:.+]] = scf.for {{.+}} -> (f32)
// CHECK:   memref.store %[[LAST]]
// CHECK: func.func private @loops_1(
// CHECK-NOT: scf.for {{.+}} -> (f32, f32
// CHECK: arith.maximumf
func.func @main(%x: memref<?x?x100xf32>, %y: memref<?x?xf32>, %z: memref<?x?xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %length = arith.constant 100 : index
  %none = arith.constant 0.0 : f32
  linalg.generic {indexing_maps = [#to], iterator_types = ["parallel", "parallel"]} outs(%y : memref<?x?xf32>) {
  ^bb0(%s: f32):
    %b = linalg.index 0 : index
    %r = linalg.index 1 : index
    %sum = scf.for %k = %zero to %length step %one iter_args(%carried = %none) -> (f32) {
      %a = memref.load %x[%b, %r, %k] : memref<?x?x100xf32>
      %next = arith.addf %carried, %a : f32
      scf.yield %next : f32
    }
    linalg.yield %sum : f32
  }
  linalg.generic {indexing_maps = [#to], iterator_types = ["parallel", "parallel"]} outs(%z : memref<?x?xf32>) {
  ^bb0(%s: f32):
    %b = linalg.index 0 : index
    %r = linalg.index 1 : index
    %most = scf.for %k = %zero to %length step %one iter_args(%carried = %none) -> (f32) {
      %a = memref.load %x[%b, %r, %k] : memref<?x?x100xf32>
      %next = arith.maximumf %carried, %a : f32
      scf.yield %next : f32
    }
    linalg.yield %most : f32
  }
  return
}

// -----

#to = affine_map<(d0, d1) -> (d0, d1)>

// One loop around another, the second of one iteration: tasks are 64 of it. Few results of long sums are not little work.
// CHECK-LABEL: func.func @main
// CHECK: skim.dispatch other @loops({{.+}}) tasks %c2 grain
// CHECK-NOT: scf.for
// CHECK: func.func private @loops(
// CHECK: scf.for {{.+}} iter_args(%[[BLOCK:.+]] = %{{.+}}) -> (index)
// CHECK:   %[[FIRST:.+]] = arith.muli %[[BLOCK]], %c64
// CHECK:   %[[LEFT:.+]] = arith.subi %c100, %[[FIRST]]
// CHECK:   %[[COUNT:.+]] = arith.minui %[[LEFT]], %c64
// CHECK:   %[[REST:.+]] = arith.remui %[[COUNT]], %c8
// CHECK:   %[[WHOLE:.+]] = arith.subi %[[COUNT]], %[[REST]]
// CHECK:   scf.for %{{.+}} = %c0 to %[[WHOLE]] step %c8
// CHECK:     scf.for {{.+}} -> (f32, f32, f32, f32, f32, f32, f32, f32)
// CHECK:   scf.for %{{.+}} = %[[WHOLE]] to %[[COUNT]] step %c1
// CHECK:     scf.for {{.+}} -> (f32)
func.func @main(%x: memref<100x5000xf32>, %y: memref<100x1xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %length = arith.constant 5000 : index
  %none = arith.constant 0.0 : f32
  linalg.generic {indexing_maps = [#to], iterator_types = ["parallel", "parallel"]} outs(%y : memref<100x1xf32>) {
  ^bb0(%s: f32):
    %r = linalg.index 0 : index
    %sum = scf.for %k = %zero to %length step %one iter_args(%carried = %none) -> (f32) {
      %a = memref.load %x[%r, %k] : memref<100x5000xf32>
      %next = arith.addf %carried, %a : f32
      scf.yield %next : f32
    }
    linalg.yield %sum : f32
  }
  return
}
