# Finds Halide in the Python package `halide`: headers and library are in it.
# Its own CMake files ask for a newer CMake than Debian 12 has. Without Halide
# the compiler has one emitter of kernels.
set(SKIM_HALIDE_VERSION 21)

if(Python3_EXECUTABLE)
  set(skim_python ${Python3_EXECUTABLE})
else()
  set(skim_python ${Python_EXECUTABLE})
endif()
if(skim_python AND NOT SKIM_HALIDE_ROOT)
  execute_process(
    COMMAND ${skim_python} -c "import importlib.util; print(importlib.util.find_spec('halide').submodule_search_locations[0])"
    OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(SKIM_HALIDE_ROOT "${found}" CACHE PATH "Folder with Halide's include and lib64")
endif()
set(header ${SKIM_HALIDE_ROOT}/include/HalideRuntime.h)
set(library ${SKIM_HALIDE_ROOT}/lib64/libHalide.so)
set(found OFF)
if(EXISTS ${header} AND EXISTS ${library})
  file(STRINGS ${header} major REGEX "define HALIDE_VERSION_MAJOR ")
  if(major MATCHES "MAJOR ${SKIM_HALIDE_VERSION}$")
    set(found ON)
  endif()
endif()
# A sanitizer's runtime does not go together with a library that lacks it.
if(SKIM_SANITIZE)
  option(SKIM_ENABLE_HALIDE "Build the emitter of kernels that uses Halide" OFF)
else()
  option(SKIM_ENABLE_HALIDE "Build the emitter of kernels that uses Halide" ${found})
endif()
if(SKIM_ENABLE_HALIDE)
  if(NOT found)
    message(FATAL_ERROR "SKIM_ENABLE_HALIDE: expected Halide ${SKIM_HALIDE_VERSION} in SKIM_HALIDE_ROOT (the Python package halide), got '${SKIM_HALIDE_ROOT}'")
  endif()
  add_library(Halide::Halide SHARED IMPORTED)
  set_target_properties(Halide::Halide PROPERTIES
    IMPORTED_LOCATION ${library}
    INTERFACE_INCLUDE_DIRECTORIES ${SKIM_HALIDE_ROOT}/include)
endif()
