# CMake toolchain file: C and C++ for wasm32-wasi, compiled by clang-19 and linked by parigot-ld.
#
#     cmake -S . -B build -DCMAKE_TOOLCHAIN_FILE=.../wasm32-wasi.cmake
#
# Needs Debian's clang-19, llvm-19, wasi-libc, libclang-rt-19-dev-wasm32; for C++ libc++-19-dev-wasm32 and
# libc++abi-19-dev-wasm32. Set PARIGOT_LD when parigot-ld is not on the PATH.
set(CMAKE_SYSTEM_NAME Generic)          # no shared libraries, no -rdynamic; CMake 3.25 does not know WASI by name
set(CMAKE_SYSTEM_PROCESSOR wasm32)

set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
set(CMAKE_AR llvm-ar-19 CACHE STRING "")
set(CMAKE_RANLIB llvm-ranlib-19 CACHE STRING "")

find_program(PARIGOT_LD parigot-ld REQUIRED)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PARIGOT_LD)
# wasi-libc keeps state in writable data: --policy=none links it as wasm-ld would.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=${PARIGOT_LD} -Wl,--policy=none")
set(CMAKE_CXX_FLAGS_INIT "-fno-exceptions")
set(CMAKE_EXECUTABLE_SUFFIX_C .wasm)
set(CMAKE_EXECUTABLE_SUFFIX_CXX .wasm)

# Headers and libraries of the host are not the target's.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
