//===- EncoderLayersTest.cpp - where layers begin and end -----------------===//
// Functions in the packed form; values are told by the names of their ops'
// locations.
//===----------------------------------------------------------------------===//

#include "skim/Dialect/Skim/Transforms/EncoderLayers.h"

#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace skim;

namespace {
/// Builds the text of a function on states of width 8, with weights %w, %b.
class Text {
public:
  std::string states = "!skim.ragged<8xf32>";

  Text &linear(const char *out, const char *in, const char *residual = "") {
    bool fused = *residual;
    return op(out, std::string("skim.linear ") + in + ", %w" +
                       (fused ? std::string(" residual ") + residual : "") +
                       " : " + states + ", tensor<8x8xf32>" +
                       (fused ? " residual " + states : "") + " -> " + states);
  }
  Text &add(const char *out, const char *a, const char *b) {
    return op(out, std::string("skim.add ") + a + ", " + b + " : " + states);
  }
  Text &norm(const char *out, const char *in) {
    return op(out, std::string("skim.norm ") + in +
                       ", %b {epsilon = 1.0e-5 : f32} : " + states +
                       ", tensor<8xf32>");
  }
  Text &attention(const char *out, const char *in, const char *attributes = "",
                  const char *rows = "%rows") {
    return op(out, std::string("skim.attention ") + in + ", " + in + ", " + in +
                       " rows " + rows +
                       " {heads = 2 : i64, scale = 0.5 : f32" + attributes +
                       "} : " + states + ", " + states + ", " + states +
                       " -> " + states);
  }
  Text &op(const char *out, const std::string &rest) {
    body += std::string("  ") + out + " = " + rest + " loc(\"" + (out + 1) +
            "\")\n";
    return *this;
  }
  Text &line(const std::string &text) {
    body += "  " + text + "\n";
    return *this;
  }
  std::string str() const {
    return "func.func @main(%x: !skim.ragged<8xf32> loc(\"x\"), %rows: "
           "!skim.rows, %w: tensor<8x8xf32>, %b: tensor<8xf32>) -> "
           "!skim.ragged<8xf32> {\n" +
           body + "}\n";
  }

private:
  std::string body;
};

/// A post-norm layer from %in, its values named with `suffix`.
void postNormLayer(Text &text, const std::string &in, const std::string &suffix,
                   bool fused = false) {
  auto name = [&](const char *base) { return "%" + (base + suffix); };
  text.linear(name("q").c_str(), in.c_str());
  text.attention(name("a").c_str(), name("q").c_str());
  if (fused) {
    text.linear(name("s").c_str(), name("a").c_str(), in.c_str());
  } else {
    text.linear(name("o").c_str(), name("a").c_str());
    text.add(name("s").c_str(), name("o").c_str(), in.c_str());
  }
  text.norm(name("n").c_str(), name("s").c_str());
  text.linear(name("f").c_str(), name("n").c_str());
  if (fused) {
    text.linear(name("t").c_str(), name("f").c_str(), name("n").c_str());
  } else {
    text.linear(name("g").c_str(), name("f").c_str());
    text.add(name("t").c_str(), name("g").c_str(), name("n").c_str());
  }
  text.norm(name("y").c_str(), name("t").c_str());
}

/// A pre-norm layer from %in to %y<suffix>.
void preNormLayer(Text &text, const std::string &in,
                  const std::string &suffix) {
  auto name = [&](const char *base) { return "%" + (base + suffix); };
  text.norm(name("n").c_str(), in.c_str());
  text.linear(name("q").c_str(), name("n").c_str());
  text.attention(name("a").c_str(), name("q").c_str());
  text.add(name("s").c_str(), name("a").c_str(), in.c_str());
  text.norm(name("m").c_str(), name("s").c_str());
  text.linear(name("f").c_str(), name("m").c_str());
  text.add(name("y").c_str(), name("f").c_str(), name("s").c_str());
}

/// "in>attention>out" of each layer, with spaces between; or the obstacle.
std::string find(const Text &text) {
  MLIRContext context;
  context.loadDialect<SkimDialect, func::FuncDialect>();
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(text.str(), &context);
  if (!module) {
    ADD_FAILURE() << text.str();
    return "";
  }
  EncoderLayers layers(*module->getOps<func::FuncOp>().begin());
  auto name = [](Value value) {
    auto loc = dyn_cast<NameLoc>(value.getLoc());
    return loc ? loc.getName().str() : std::string("?");
  };
  if (layers.getObstacle())
    return name(layers.getObstacle().getResult()) + " " +
           layers.getReason().str();
  std::string all;
  for (EncoderLayer layer : layers.getLayers())
    all += (all.empty() ? "" : " ") + name(layer.input) + ">" +
           name(layer.attention.getResult()) + ">" + name(layer.output);
  return all;
}
} // namespace

TEST(EncoderLayers, FindsPostNormLayers) {
  Text text;
  postNormLayer(text, "%x", "0");
  postNormLayer(text, "%y0", "1");
  text.line("return %y1 : !skim.ragged<8xf32>");
  EXPECT_EQ(find(text), "x>a0>y0 y0>a1>y1");
}

TEST(EncoderLayers, FindsFusedLayers) {
  Text text;
  postNormLayer(text, "%x", "0", /*fused=*/true);
  postNormLayer(text, "%y0", "1", /*fused=*/true);
  text.line("return %y1 : !skim.ragged<8xf32>");
  EXPECT_EQ(find(text), "x>a0>y0 y0>a1>y1");
}

TEST(EncoderLayers, FindsPreNormLayersBeforeTheLastNorm) {
  Text text;
  preNormLayer(text, "%x", "0");
  preNormLayer(text, "%y0", "1");
  text.norm("%z", "%y1").line("return %z : !skim.ragged<8xf32>");
  EXPECT_EQ(find(text), "x>a0>y0 y0>a1>y1");
}

TEST(EncoderLayers, FindsASingleLayer) {
  Text post;
  postNormLayer(post, "%x", "0");
  post.line("return %y0 : !skim.ragged<8xf32>");
  EXPECT_EQ(find(post), "x>a0>y0");
  Text pre;
  preNormLayer(pre, "%x", "0");
  pre.norm("%z", "%y0").line("return %z : !skim.ragged<8xf32>");
  EXPECT_EQ(find(pre), "x>a0>y0");
}

TEST(EncoderLayers, LeavesHeadsOnTokensBehindTheLastLayer) {
  Text text;
  postNormLayer(text, "%x", "0");
  postNormLayer(text, "%y0", "1");
  text.linear("%h", "%y1").norm("%i", "%h").add("%j", "%i", "%y1");
  text.line("return %j : !skim.ragged<8xf32>");
  EXPECT_EQ(find(text), "x>a0>y0 y0>a1>y1");
}

TEST(EncoderLayers, BeginsBehindTheEmbeddings) {
  Text text;
  text.linear("%p", "%x").norm("%e", "%p");
  postNormLayer(text, "%e", "0");
  text.line("return %y0 : !skim.ragged<8xf32>");
  EXPECT_EQ(find(text), "e>a0>y0");
}

TEST(EncoderLayers, LooksThroughCutsAndExits) {
  Text text;
  text.linear("%q0", "%x").attention("%a0", "%q0");
  text.line("%i = skim.token_importance %q0, %q0 rows %rows {heads = 2 : i64, "
            "scale = 0.5 : f32} : !skim.ragged<8xf32>, !skim.ragged<8xf32> -> "
            "!skim.ragged<1xf32>");
  text.line("%k, %b0, %c0 = skim.prune %i rows %rows states(%a0, %x) "
            "{threshold = 0.1 : f32, protect = array<i64>, place = "
            "#skim<place before_ffn>, layer = 0 : i64} : !skim.ragged<1xf32>, "
            "(!skim.ragged<8xf32>, !skim.ragged<8xf32>) -> !skim.rows, "
            "(!skim.ragged<8xf32>, !skim.ragged<8xf32>)");
  text.add("%s0", "%b0", "%c0").norm("%n0", "%s0").linear("%f0", "%n0");
  text.add("%t0", "%f0", "%n0").norm("%y0", "%t0");
  text.line("%p = skim.pool first %y0 rows %k : !skim.ragged<8xf32> -> "
            "tensor<?x8xf32>");
  text.attention("%h", "%y0", ", skim.overhead", "%k");
  text.line("%z = skim.early_exit entropy %p rows %k states(%y0) {threshold = "
            "0.1 : f32, layer = 0 : i64, first} : tensor<?x8xf32>, !skim.rows, "
            "(!skim.ragged<8xf32>) -> tensor<?x8xf32> {");
  text.line("^bb0(%r: !skim.rows, %u: !skim.ragged<8xf32> loc(\"u\")):");
  text.linear("%q1", "%u").attention("%a1", "%q1", "", "%r");
  text.add("%s1", "%a1", "%u").norm("%n1", "%s1").linear("%f1", "%n1");
  text.add("%t1", "%f1", "%n1").norm("%y1", "%t1");
  text.line("%v = skim.pool first %y1 rows %r : !skim.ragged<8xf32> -> "
            "tensor<?x8xf32>");
  text.line("skim.yield %v : tensor<?x8xf32>");
  text.line("}").line("return %x : !skim.ragged<8xf32>");
  EXPECT_EQ(find(text), "x>a0>u u>a1>y1");
}

TEST(EncoderLayers, SaysWhichLayerHasNoEnd) {
  Text text;
  text.linear("%q", "%x").attention("%a", "%q").add("%s", "%a", "%x");
  text.line("return %s : !skim.ragged<8xf32>");
  EXPECT_EQ(find(text), "a is followed by 1 residual additions where 2 were "
                        "expected");
}

TEST(EncoderLayers, SaysWhichAttentionsStandSideBySide) {
  Text text;
  text.attention("%a", "%x").attention("%b0", "%x");
  text.add("%s", "%a", "%b0").line("return %s : !skim.ragged<8xf32>");
  EXPECT_EQ(find(text),
            "b0 stands beside the attention before it, not behind it");
}
