//===- SymDim.cpp - integers known up to named dimensions -----------------===//
// Normal form, arithmetic, exact division and bounds of SymDim.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Onnx/Transforms/SymDim.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace skim::onnx;
using llvm::ArrayRef;
using Kind = SymAtom::Kind;

/// ONNX integers wrap around; so do the coefficients.
static int64_t wrapAdd(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) +
                              static_cast<uint64_t>(b));
}
static int64_t wrapMul(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) *
                              static_cast<uint64_t>(b));
}

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

SymDim::SymDim(int64_t value) {
  if (value != 0)
    terms.push_back({value, {}});
}

SymDim SymDim::fromAtom(Atom atom) {
  SymDim dim;
  dim.terms.push_back({1, {std::move(atom)}});
  return dim;
}

SymDim SymDim::symbol(llvm::StringRef name) {
  return fromAtom(
      std::make_shared<SymAtom>(SymAtom{Kind::Symbol, 0, name.str(), {}}));
}

SymDim SymDim::index(unsigned axis) {
  return fromAtom(std::make_shared<SymAtom>(
      SymAtom{Kind::Index, axis, "$" + std::to_string(axis), {}}));
}

static llvm::StringRef functionName(Kind kind) {
  switch (kind) {
  case Kind::Min:
    return "min";
  case Kind::Max:
    return "max";
  case Kind::FloorDiv:
    return "floordiv";
  case Kind::Mod:
    return "mod";
  case Kind::Broadcast:
    return "broadcast";
  default:
    llvm_unreachable("not a function");
  }
}

SymDim SymDim::function(Kind kind, std::vector<SymDim> args) {
  SymAtom atom{kind, 0, functionName(kind).str() + "(", std::move(args)};
  for (auto [i, arg] : llvm::enumerate(atom.args))
    atom.key += (i ? ", " : "") + arg.str();
  atom.key += ")";
  return fromAtom(std::make_shared<SymAtom>(std::move(atom)));
}

/// The arguments of nested uses of a commutative, associative function, each
/// once, in the order of how they print.
static std::vector<SymDim>
flatten(Kind kind, ArrayRef<SymDim> args,
        llvm::function_ref<const SymAtom *(const SymDim &)> asAtom) {
  std::vector<SymDim> flat;
  for (const SymDim &arg : args) {
    const SymAtom *atom = asAtom(arg);
    if (atom && atom->kind == kind)
      llvm::append_range(flat, atom->args);
    else
      flat.push_back(arg);
  }
  llvm::sort(
      flat, [](const SymDim &a, const SymDim &b) { return a.str() < b.str(); });
  flat.erase(std::unique(flat.begin(), flat.end()), flat.end());
  return flat;
}

/// Drops every argument that another one always beats.
static void dropDominated(std::vector<SymDim> &args, bool smallestWins) {
  for (size_t i = 0; i < args.size();) {
    bool beaten = llvm::any_of(llvm::enumerate(args), [&](auto other) {
      if (other.index() == i)
        return false;
      return smallestWins ? isKnownLessEqual(other.value(), args[i])
                          : isKnownLessEqual(args[i], other.value());
    });
    if (beaten)
      args.erase(args.begin() + i);
    else
      ++i;
  }
}

SymDim SymDim::min(const SymDim &a, const SymDim &b) {
  auto args = flatten(Kind::Min, {a, b},
                      [](const SymDim &d) { return d.singleAtom(); });
  dropDominated(args, /*smallestWins=*/true);
  return args.size() == 1 ? args[0] : function(Kind::Min, std::move(args));
}

SymDim SymDim::max(const SymDim &a, const SymDim &b) {
  auto args = flatten(Kind::Max, {a, b},
                      [](const SymDim &d) { return d.singleAtom(); });
  dropDominated(args, /*smallestWins=*/false);
  return args.size() == 1 ? args[0] : function(Kind::Max, std::move(args));
}

/// `a` as `quotient * b + rest`, term by term: of `h - 16` by 16 the quotient
/// is -1 and the rest h.
static std::pair<SymDim, SymDim> splitMultiples(const SymDim &a,
                                                const SymDim &b) {
  SymDim quotient, rest;
  auto divisor = b.constant();
  for (const SymDim &term : a.splitTerms()) {
    auto number = term.constant();
    if (auto whole = term.divideExactly(b)) {
      quotient = quotient + *whole;
    } else if (number && divisor && *divisor > 0) {
      int64_t whole = llvm::divideFloorSigned(*number, *divisor);
      quotient = quotient + whole;
      rest = rest + (*number - whole * *divisor);
    } else {
      rest = rest + term;
    }
  }
  return {quotient, rest};
}

SymDim SymDim::floorDiv(const SymDim &a, const SymDim &b) {
  auto x = a.constant(), y = b.constant();
  if (x && y && *y != 0 && !(*y == -1 && *x == INT64_MIN))
    return llvm::divideFloorSigned(*x, *y);
  if (auto quotient = a.divideExactly(b))
    return *quotient;
  auto [quotient, rest] = splitMultiples(a, b);
  return rest == a ? function(Kind::FloorDiv, {a, b})
                   : quotient + floorDiv(rest, b);
}

SymDim SymDim::mod(const SymDim &a, const SymDim &b) {
  auto x = a.constant(), y = b.constant();
  if (x && y && *y != 0 && *y != -1)
    return *x - llvm::divideFloorSigned(*x, *y) * *y;
  if (a.divideExactly(b))
    return 0;
  SymDim rest = splitMultiples(a, b).second;
  return rest == a ? function(Kind::Mod, {a, b}) : mod(rest, b);
}

/// True when `a` is min(b, c, ...) and none of the others can be 1: then `a` is
/// 1 only where `b` is, and the two broadcast to `b`.
static bool isClampOf(const SymAtom *a, const SymDim &b) {
  if (!a || a->kind != Kind::Min || !llvm::is_contained(a->args, b))
    return false;
  return llvm::all_of(a->args, [&](const SymDim &arg) {
    return arg == b || isKnownLessEqual(2, arg);
  });
}

SymDim SymDim::broadcast(const SymDim &a, const SymDim &b) {
  if (a == b || b.isConstant(1))
    return a;
  if (a.isConstant(1))
    return b;
  if (a.constant())
    return a;
  if (b.constant())
    return b;
  if (isClampOf(a.singleAtom(), b))
    return b;
  if (isClampOf(b.singleAtom(), a))
    return a;
  auto args = flatten(Kind::Broadcast, {a, b},
                      [](const SymDim &d) { return d.singleAtom(); });
  return args.size() == 1 ? args[0]
                          : function(Kind::Broadcast, std::move(args));
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

int SymDim::compare(ArrayRef<Atom> a, ArrayRef<Atom> b) {
  if (a.size() != b.size())
    return a.size() > b.size() ? -1 : 1; // Higher degrees first.
  for (auto [x, y] : llvm::zip(a, b))
    if (int order = x->key.compare(y->key))
      return order;
  return 0;
}

void SymDim::add(Term term) {
  if (term.coefficient == 0)
    return;
  auto at = llvm::find_if(
      terms, [&](const Term &t) { return compare(t.atoms, term.atoms) >= 0; });
  if (at == terms.end() || compare(at->atoms, term.atoms) != 0) {
    terms.insert(at, std::move(term));
    return;
  }
  at->coefficient = wrapAdd(at->coefficient, term.coefficient);
  if (at->coefficient == 0)
    terms.erase(at);
}

SymDim SymDim::operator+(const SymDim &other) const {
  SymDim sum = *this;
  for (const Term &term : other.terms)
    sum.add(term);
  return sum;
}

SymDim SymDim::operator-(const SymDim &other) const {
  return *this + SymDim(-1) * other;
}

SymDim SymDim::operator*(const SymDim &other) const {
  SymDim result;
  for (const Term &a : terms) {
    for (const Term &b : other.terms) {
      Term term{wrapMul(a.coefficient, b.coefficient), a.atoms};
      llvm::append_range(term.atoms, b.atoms);
      llvm::sort(term.atoms,
                 [](const Atom &x, const Atom &y) { return x->key < y->key; });
      result.add(std::move(term));
    }
  }
  return result;
}

bool SymDim::operator==(const SymDim &other) const {
  return terms.size() == other.terms.size() &&
         llvm::all_of(llvm::zip(terms, other.terms), [](auto pair) {
           auto &[a, b] = pair;
           return a.coefficient == b.coefficient &&
                  compare(a.atoms, b.atoms) == 0;
         });
}

std::optional<SymDim> SymDim::divideExactly(const SymDim &by) const {
  if (by.isZero())
    return std::nullopt;
  // Long division by the leading term; every step removes the leading term of
  // what is left, so it ends.
  SymDim quotient, rest = *this;
  const Term &divisor = by.terms.front();
  while (!rest.isZero()) {
    const Term &lead = rest.terms.front();
    if (divisor.coefficient == -1 && lead.coefficient == INT64_MIN)
      return std::nullopt;
    if (lead.coefficient % divisor.coefficient != 0)
      return std::nullopt;
    Term step{lead.coefficient / divisor.coefficient, lead.atoms};
    for (const Atom &atom : divisor.atoms) {
      auto at = llvm::find_if(
          step.atoms, [&](const Atom &a) { return a->key == atom->key; });
      if (at == step.atoms.end())
        return std::nullopt;
      step.atoms.erase(at);
    }
    SymDim part;
    part.terms.push_back(std::move(step));
    SymDim left = rest - part * by;
    if (!left.isZero() &&
        compare(left.terms.front().atoms, rest.terms.front().atoms) <= 0)
      return std::nullopt;
    rest = std::move(left);
    quotient = quotient + part;
  }
  return quotient;
}

//===----------------------------------------------------------------------===//
// Queries
//===----------------------------------------------------------------------===//

std::optional<int64_t> SymDim::constant() const {
  if (terms.empty())
    return 0;
  if (terms.size() == 1 && terms[0].atoms.empty())
    return terms[0].coefficient;
  return std::nullopt;
}

bool SymDim::isConstant(int64_t value) const {
  auto c = constant();
  return c && *c == value;
}

const SymAtom *SymDim::singleAtom() const {
  if (terms.size() != 1 || terms[0].coefficient != 1 ||
      terms[0].atoms.size() != 1)
    return nullptr;
  return terms[0].atoms[0].get();
}

llvm::StringRef SymDim::symbolName() const {
  const SymAtom *atom = singleAtom();
  return atom && atom->kind == Kind::Symbol ? llvm::StringRef(atom->key)
                                            : llvm::StringRef();
}

std::optional<unsigned> SymDim::indexAxis() const {
  const SymAtom *atom = singleAtom();
  if (!atom || atom->kind != Kind::Index)
    return std::nullopt;
  return atom->axis;
}

bool SymDim::usesIndex() const {
  return llvm::any_of(terms, [](const Term &term) {
    return llvm::any_of(term.atoms, [](const Atom &atom) {
      return atom->kind == Kind::Index ||
             llvm::any_of(atom->args,
                          [](const SymDim &arg) { return arg.usesIndex(); });
    });
  });
}

std::optional<std::pair<SymDim, SymDim>>
SymDim::splitByIndex(unsigned axis) const {
  std::string key = "$" + std::to_string(axis);
  SymDim rest, factor;
  for (Term term : terms) {
    auto isAxis = [&](const Atom &atom) { return atom->key == key; };
    if (llvm::count_if(term.atoms, isAxis) > 1)
      return std::nullopt;
    for (const Atom &atom : term.atoms)
      for (const SymDim &arg : atom->args)
        if (arg.usesIndex())
          return std::nullopt;
    auto at = llvm::find_if(term.atoms, isAxis);
    if (at == term.atoms.end()) {
      rest.add(std::move(term));
      continue;
    }
    term.atoms.erase(at);
    factor.add(std::move(term));
  }
  return std::make_pair(rest, factor);
}

std::vector<SymDim> SymDim::splitTerms() const {
  std::vector<SymDim> parts(terms.size());
  for (auto [part, term] : llvm::zip(parts, terms))
    part.terms.push_back(term);
  return parts;
}

std::pair<int64_t, std::vector<SymDim>> SymDim::splitFactors() const {
  assert(terms.size() <= 1 && "expected one term");
  std::vector<SymDim> factors;
  if (terms.empty())
    return {0, factors};
  for (const Atom &atom : terms[0].atoms)
    factors.push_back(fromAtom(atom));
  return {terms[0].coefficient, factors};
}

/// Builds a function anew, so that it simplifies.
static SymDim apply(Kind kind, const SymDim &a, const SymDim &b) {
  switch (kind) {
  case Kind::Min:
    return SymDim::min(a, b);
  case Kind::Max:
    return SymDim::max(a, b);
  case Kind::FloorDiv:
    return SymDim::floorDiv(a, b);
  case Kind::Mod:
    return SymDim::mod(a, b);
  case Kind::Broadcast:
    return SymDim::broadcast(a, b);
  default:
    llvm_unreachable("not a function");
  }
}

SymDim SymDim::substitute(Substitution substitution) const {
  SymDim result;
  for (const Term &term : terms) {
    SymDim value = term.coefficient;
    for (const Atom &atom : term.atoms) {
      if (auto replacement = substitution(*atom)) {
        value = value * *replacement;
        continue;
      }
      if (atom->args.empty()) {
        value = value * fromAtom(atom);
        continue;
      }
      SymDim folded = atom->args[0].substitute(substitution);
      for (const SymDim &arg : llvm::drop_begin(atom->args))
        folded = apply(atom->kind, folded, arg.substitute(substitution));
      value = value * folded;
    }
    result = result + value;
  }
  return result;
}

void SymDim::walk(llvm::function_ref<void(const SymAtom &)> visit) const {
  for (const Term &term : terms)
    for (const Atom &atom : term.atoms) {
      visit(*atom);
      for (const SymDim &arg : atom->args)
        arg.walk(visit);
    }
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

void SymDim::print(llvm::raw_ostream &os) const {
  if (terms.empty())
    os << 0;
  for (auto [i, term] : llvm::enumerate(terms)) {
    int64_t c = term.coefficient;
    if (i)
      os << (c < 0 ? " - " : " + ");
    else if (c < 0 && !term.atoms.empty())
      os << '-';
    bool printed = term.atoms.empty() || (c != 1 && c != -1);
    if (term.atoms.empty() && !i)
      os << c;
    else if (printed)
      os << (c < 0 ? 0 - static_cast<uint64_t>(c) : static_cast<uint64_t>(c));
    for (const Atom &atom : term.atoms) {
      if (printed)
        os << '*';
      os << atom->key;
      printed = true;
    }
  }
}

std::string SymDim::str() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  print(os);
  return text;
}

std::string skim::onnx::toString(ArrayRef<SymDim> dims) {
  std::string text = "[";
  for (auto [i, dim] : llvm::enumerate(dims))
    text += (i ? ", " : "") + dim.str();
  return text + "]";
}

SymDim skim::onnx::product(ArrayRef<SymDim> dims) {
  SymDim result = 1;
  for (const SymDim &dim : dims)
    result = result * dim;
  return result;
}
