//===- KernelBuilder.cpp - short forms for writing kernels ----------------===//
// Each member makes the one or two ops that its name says.
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace skim;

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

Value KernelBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(*this, value);
}
Value KernelBuilder::add(Value a, Value b) {
  return createOrFold<arith::AddIOp>(a, b);
}
Value KernelBuilder::sub(Value a, Value b) {
  return createOrFold<arith::SubIOp>(a, b);
}
Value KernelBuilder::mul(Value a, Value b) {
  return createOrFold<arith::MulIOp>(a, b);
}
Value KernelBuilder::div(Value a, Value b) {
  return createOrFold<arith::DivUIOp>(a, b);
}
Value KernelBuilder::rem(Value a, Value b) {
  return createOrFold<arith::RemUIOp>(a, b);
}
Value KernelBuilder::min(Value a, Value b) {
  return createOrFold<arith::MinSIOp>(a, b);
}
Value KernelBuilder::max(Value a, Value b) {
  return createOrFold<arith::MaxSIOp>(a, b);
}
Value KernelBuilder::less(Value a, Value b) {
  return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt, a, b);
}
Value KernelBuilder::equal(Value a, Value b) {
  return createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, a, b);
}
Value KernelBuilder::select(Value condition, Value a, Value b) {
  return createOrFold<arith::SelectOp>(condition, a, b);
}
Value KernelBuilder::toIndex(Value integer) {
  return arith::IndexCastOp::create(*this, getIndexType(), integer);
}

//===----------------------------------------------------------------------===//
// Arithmetic on numbers
//===----------------------------------------------------------------------===//

Value KernelBuilder::constant(float value) {
  return arith::ConstantOp::create(*this, getF32FloatAttr(value));
}
Value KernelBuilder::splat(float value) {
  return arith::ConstantOp::create(*this,
                                   DenseElementsAttr::get(vectorType(), value));
}
Value KernelBuilder::splatBits(uint32_t bits) {
  APFloat value(APFloat::IEEEsingle(), APInt(32, bits));
  return arith::ConstantOp::create(*this,
                                   DenseElementsAttr::get(vectorType(), value));
}
Value KernelBuilder::splatInt(int32_t value) {
  return arith::ConstantOp::create(
      *this, DenseElementsAttr::get(intVectorType(), value));
}
Value KernelBuilder::bitsOf(Value floats) {
  return vector::BitCastOp::create(*this, intVectorType(), floats);
}
Value KernelBuilder::floatsOf(Value bits) {
  return vector::BitCastOp::create(*this, vectorType(), bits);
}
Value KernelBuilder::magnitudeBits(Value floats) {
  return arith::AndIOp::create(*this, bitsOf(floats), splatInt(0x7fffffff));
}
Value KernelBuilder::callIntrinsic(StringRef name, Type type,
                                   ValueRange arguments) {
  return LLVM::CallIntrinsicOp::create(*this, type, getStringAttr(name),
                                       arguments)
      .getResults();
}
Value KernelBuilder::broadcast(Value scalar) {
  return vector::BroadcastOp::create(
      *this, VectorType::get(target.vectorWidth, scalar.getType()), scalar);
}
Value KernelBuilder::addf(Value a, Value b) {
  return arith::AddFOp::create(*this, a, b);
}
Value KernelBuilder::subf(Value a, Value b) {
  return arith::SubFOp::create(*this, a, b);
}
Value KernelBuilder::mulf(Value a, Value b) {
  return arith::MulFOp::create(*this, a, b);
}
Value KernelBuilder::divf(Value a, Value b) {
  return arith::DivFOp::create(*this, a, b);
}
Value KernelBuilder::maxf(Value a, Value b) {
  Value larger = arith::CmpFOp::create(*this, arith::CmpFPredicate::OGT, a, b);
  return select(larger, a, b);
}
Value KernelBuilder::minf(Value a, Value b) {
  Value smaller = arith::CmpFOp::create(*this, arith::CmpFPredicate::OLT, a, b);
  return select(smaller, a, b);
}
Value KernelBuilder::fma(Value a, Value b, Value c) {
  if (!target.hasFMA)
    return addf(mulf(a, b), c);
  return vector::FMAOp::create(*this, a, b, c);
}

/// Halves `vector` until one lane is left: lanes i and i + half meet.
static Value foldLanes(KernelBuilder &b, Value vector,
                       function_ref<Value(Value, Value)> meet) {
  int64_t width = cast<VectorType>(vector.getType()).getDimSize(0);
  for (int64_t half = width / 2; half >= 1; half /= 2) {
    auto part = [&](int64_t first) -> Value {
      return vector::ExtractStridedSliceOp::create(
          b, vector, ArrayRef<int64_t>{first}, ArrayRef<int64_t>{half},
          ArrayRef<int64_t>{1});
    };
    vector = meet(part(0), part(half));
  }
  return vector::ExtractOp::create(b, vector, ArrayRef<int64_t>{0});
}
Value KernelBuilder::sumLanes(Value vector) {
  return foldLanes(*this, vector, [&](Value a, Value b) { return addf(a, b); });
}
Value KernelBuilder::maxLanes(Value vector) {
  return foldLanes(*this, vector, [&](Value a, Value b) { return maxf(a, b); });
}

/// Rows i and i + half are merged lane by lane; after log2 rounds every vector
/// has one lane of each row, in order.
Values KernelBuilder::transpose(Values rows) {
  int64_t lanes = rows.size(), half = lanes / 2;
  for (int64_t round = 1; round < lanes; round *= 2) {
    Values merged;
    for (int64_t i = 0; i != half; ++i)
      for (int64_t part = 0; part != 2; ++part) {
        SmallVector<int64_t> picks;
        for (int64_t lane = 0; lane != half; ++lane) {
          picks.push_back(part * half + lane);
          picks.push_back(lanes + part * half + lane);
        }
        merged.push_back(
            vector::ShuffleOp::create(*this, rows[i], rows[i + half], picks));
      }
    rows = merged;
  }
  return rows;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value KernelBuilder::load(Value memref, ValueRange indices) {
  return memref::LoadOp::create(*this, memref, indices);
}
Value KernelBuilder::loadVector(Value memref, ValueRange indices,
                                int64_t count) {
  if (count < 0 || count == target.vectorWidth)
    return vector::LoadOp::create(*this, vectorType(), memref, indices);
  return vector::MaskedLoadOp::create(*this, vectorType(), memref, indices,
                                      lanes(count), splat(0.0f));
}
Value KernelBuilder::gather(Value memref, Value places) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  VectorType type = VectorType::get(target.vectorWidth, element);
  Value none = arith::ConstantOp::create(*this, getZeroAttr(type));
  return vector::GatherOp::create(*this, type, memref, ValueRange{index(0)},
                                  places, lanes(target.vectorWidth), none);
}
void KernelBuilder::store(Value value, Value memref, ValueRange indices) {
  memref::StoreOp::create(*this, value, memref, indices);
}
void KernelBuilder::storeVector(Value value, Value memref, ValueRange indices,
                                int64_t count) {
  if (count < 0 || count == target.vectorWidth)
    vector::StoreOp::create(*this, value, memref, indices);
  else
    vector::MaskedStoreOp::create(*this, memref, indices, lanes(count), value);
}
void KernelBuilder::prefetch(Value memref, ValueRange indices, bool toL1) {
  memref::PrefetchOp::create(*this, memref, indices, /*isWrite=*/false,
                             /*localityHint=*/toL1 ? 3 : 2,
                             /*isDataCache=*/true);
}
void KernelBuilder::prefetchForStore(Value memref, ValueRange indices) {
  memref::PrefetchOp::create(*this, memref, indices, /*isWrite=*/true,
                             /*localityHint=*/3, /*isDataCache=*/true);
}
Value KernelBuilder::dim(Value memref, int64_t dimension) {
  return createOrFold<memref::DimOp>(memref, dimension);
}
Value KernelBuilder::lanes(int64_t count) {
  SmallVector<bool> bits(target.vectorWidth, false);
  std::fill_n(bits.begin(), count, true);
  auto type = VectorType::get(target.vectorWidth, getI1Type());
  return arith::ConstantOp::create(*this, DenseElementsAttr::get(type, bits));
}
Value KernelBuilder::view(Value scratch, Value offset, MemRefType type,
                          ValueRange sizes) {
  return memref::ViewOp::create(*this, type, scratch, offset, sizes);
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void KernelBuilder::loop(Value begin, Value end, Value step, Body body) {
  auto op = scf::ForOp::create(*this, begin, end, step);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(op.getBody());
  body(op.getInductionVar());
}
void KernelBuilder::loop(Value begin, Value end, int64_t step, Body body) {
  loop(begin, end, index(step), body);
}

Values KernelBuilder::reduce(Value begin, Value end, int64_t step,
                             ValueRange initial, ReducingBody body) {
  auto op = scf::ForOp::create(*this, begin, end, index(step), initial);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(op.getBody());
  Values carried = body(op.getInductionVar(), op.getRegionIterArgs());
  // Without carried values the loop came with its terminator.
  if (!initial.empty())
    scf::YieldOp::create(*this, carried);
  return Values(op.getResults());
}

void KernelBuilder::ifThen(Value condition, function_ref<void()> then,
                           function_ref<void()> otherwise) {
  auto op = scf::IfOp::create(*this, condition, bool(otherwise));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(op.thenBlock());
  then();
  if (!otherwise)
    return;
  setInsertionPointToStart(op.elseBlock());
  otherwise();
}

Values KernelBuilder::ifElse(Value condition, TypeRange types,
                             function_ref<Values()> then,
                             function_ref<Values()> otherwise) {
  auto op = scf::IfOp::create(*this, types, condition, /*withElse=*/true);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(op.thenBlock());
  scf::YieldOp::create(*this, then());
  setInsertionPointToStart(op.elseBlock());
  scf::YieldOp::create(*this, otherwise());
  return Values(op.getResults());
}

void KernelBuilder::switchOver(Value value, int64_t first, int64_t last,
                               function_ref<void(int64_t)> body) {
  SmallVector<int64_t> cases;
  for (int64_t c = first; c != last; ++c)
    cases.push_back(c);
  auto op = scf::IndexSwitchOp::create(*this, TypeRange(), value, cases,
                                       cases.size());
  OpBuilder::InsertionGuard guard(*this);
  for (int64_t c = first; c <= last; ++c) {
    Region &region =
        c == last ? op.getDefaultRegion() : op.getCaseRegions()[c - first];
    setInsertionPointToStart(&region.emplaceBlock());
    body(c);
    scf::YieldOp::create(*this);
  }
}

void KernelBuilder::forColumns(int64_t width,
                               function_ref<void(Value, int64_t)> body) {
  reduceColumns(width, {}, [&](Value column, int64_t count, ValueRange) {
    body(column, count);
    return Values();
  });
}

Values KernelBuilder::reduceColumns(
    int64_t width, ValueRange initial,
    function_ref<Values(Value, int64_t, ValueRange)> body) {
  int64_t lanes = target.vectorWidth, whole = width / lanes * lanes;
  Values carried(initial);
  if (whole != 0)
    carried = reduce(index(0), index(whole), lanes, carried,
                     [&](Value column, ValueRange values) {
                       return body(column, lanes, values);
                     });
  if (whole != width)
    carried = body(index(whole), width - whole, carried);
  return carried;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

func::FuncOp skim::startKernel(KernelBuilder &b, ModuleOp module,
                               StringRef name, ArrayRef<Type> types) {
  SmallVector<Type> all(types);
  all.push_back(b.getIndexType());
  all.push_back(b.getIndexType());
  all.push_back(MemRefType::get({ShapedType::kDynamic}, b.getI8Type()));
  b.setInsertionPointToEnd(module.getBody());
  auto function =
      func::FuncOp::create(b, name, b.getFunctionType(all, TypeRange()));
  function.setPrivate();
  b.setInsertionPointToStart(function.addEntryBlock());
  return function;
}

void skim::finishKernel(KernelBuilder &b, func::FuncOp function) {
  b.setInsertionPointToEnd(&function.getBody().front());
  func::ReturnOp::create(b);
}
