# Finds what skim is built from and sets the flags that every target shares.

# MLIR and LLVM come as shared libraries; the version is pinned here only.
set(SKIM_LLVM_VERSION 22.1)
find_package(MLIR ${SKIM_LLVM_VERSION} REQUIRED CONFIG)
find_package(LLVM ${SKIM_LLVM_VERSION} REQUIRED CONFIG)
find_package(LLD ${SKIM_LLVM_VERSION} REQUIRED CONFIG HINTS ${LLVM_DIR}/../lld)
find_package(Protobuf REQUIRED)
find_package(Threads REQUIRED)

list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)
# AddLLVM resets the output folders of the tools that it makes.
set(MLIR_MAIN_INCLUDE_DIR ${PROJECT_SOURCE_DIR}/include)

# Repeated builds come from ccache where it is installed. The settings let it
# take precompiled headers: their time stamps are left out and not compared.
find_program(SKIM_CCACHE ccache)
if(SKIM_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(launcher ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${SKIM_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
endif()

add_compile_options(-Wall -Wextra -Wno-unused-parameter -fvisibility=hidden)
add_link_options(-fuse-ld=lld -Wl,--as-needed)
if(SKIM_SANITIZE)
  add_compile_options(-fsanitize=${SKIM_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${SKIM_SANITIZE})
endif()
