"""Configuration of the lit tests: `ninja check-lit`, or one file with

.venv/bin/lit -v build/test --filter NAME
"""

import os

import lit.formats

config.name = "skim"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "models", "unit", "python"]
config.test_source_root = config.source_root
config.test_exec_root = config.binary_root

config.environment["PATH"] = os.pathsep.join([config.skim_tools, config.llvm_tools, config.environment.get("PATH", "")])
# A captured name lives from label to label.
config.environment["FILECHECK_OPTS"] = "-enable-var-scope"

if config.has_halide:
    config.available_features.add("halide")

config.substitutions.append(("%python", config.python))
config.substitutions.append(("%cc", config.c_compiler))
config.substitutions.append(("%models", os.path.join(config.source_root, "models")))
config.substitutions.append(("%skim_include", os.path.join(config.source_root, "../include")))
