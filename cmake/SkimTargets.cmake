# skim_add_mlir_library(NAME SOURCES... [DEPENDS targets...] [LINK libs...])
#
# A static library of the compiler: no RTTI and no exceptions as in LLVM, one
# precompiled header shared by all of them (an MLIR header set takes 20 s to
# parse here, its precompiled form a tenth of a second).
function(skim_add_mlir_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  skim_mlir_flags(${name})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  if(NOT name STREQUAL "SkimPrecompiled")
    target_link_libraries(${name} PUBLIC SkimPrecompiled)
    target_precompile_headers(${name} REUSE_FROM SkimPrecompiled)
  endif()
endfunction()

# Flags and include paths of code that includes MLIR headers.
function(skim_mlir_flags name)
  target_include_directories(${name} PUBLIC
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include)
  target_include_directories(${name} SYSTEM PUBLIC ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
  target_compile_options(${name} PRIVATE -fno-rtti -fno-exceptions)
endfunction()

# skim_add_runtime_library(NAME SOURCES...): code that runs beside a compiled
# model. Plain C++17, no LLVM, no exceptions, no RTTI.
function(skim_add_runtime_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/include)
  target_compile_options(${name} PRIVATE -fno-rtti -fno-exceptions)
  target_link_libraries(${name} PUBLIC Threads::Threads ${CMAKE_DL_LIBS} ${ARG_LINK})
endfunction()

# skim_tablegen(TARGET TD_FILE [generator output]...)
function(skim_tablegen target td)
  set(LLVM_TARGET_DEFINITIONS ${td})
  set(rest ${ARGN})
  while(rest)
    list(POP_FRONT rest output)
    list(POP_FRONT rest generator)
    separate_arguments(generator)
    mlir_tablegen(${output} ${generator}
      EXTRA_INCLUDES ${PROJECT_SOURCE_DIR}/include ${MLIR_INCLUDE_DIRS})
  endwhile()
  add_public_tablegen_target(${target})
endfunction()
