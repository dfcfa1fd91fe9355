//===- Forms.h - activations as Halide expressions --------------*- C++ -*-===//
// The forms of VectorForms.h in the arithmetic of Arithmetic.h.
//===----------------------------------------------------------------------===//

#ifndef SKIM_LIB_CODEGEN_HALIDE_PIPELINES_FORMS_H
#define SKIM_LIB_CODEGEN_HALIDE_PIPELINES_FORMS_H

#include "Arithmetic.h"
#include <stdexcept>

namespace skim::halide {

/// The activation of this name, as the Activation attribute spells it.
inline Halide::Expr activate(Arithmetic &a, const std::string &name,
                             Halide::Expr x) {
  using Form = Halide::Expr (*)(Arithmetic &, Halide::Expr);
  static const std::pair<const char *, Form> known[] = {
      {"none", [](Arithmetic &, Halide::Expr x) { return x; }},
      {"relu", forms::relu<Arithmetic>},
      {"gelu_erf", forms::geluErf<Arithmetic>},
      {"gelu_tanh", forms::geluTanh<Arithmetic>},
      {"tanh", forms::tanh<Arithmetic>},
      {"sigmoid", forms::sigmoid<Arithmetic>},
      {"silu", forms::silu<Arithmetic>},
      {"gelu_quick", forms::geluQuick<Arithmetic>}};
  for (auto &[spelling, form] : known)
    if (name == spelling)
      return form(a, x);
  throw std::invalid_argument("no activation '" + name + "'");
}

} // namespace skim::halide

#endif // SKIM_LIB_CODEGEN_HALIDE_PIPELINES_FORMS_H
