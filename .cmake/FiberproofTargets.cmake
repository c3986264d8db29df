# How the project's targets are built: one INTERFACE target for the flags, and two flavours of each
# library that fuzz targets run: plain, and instrumented for the fuzzing engine.

add_library(fiberproof_flags INTERFACE)
target_include_directories(fiberproof_flags INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>")
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(fiberproof_flags INTERFACE
    $<BUILD_INTERFACE:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion>
    $<BUILD_INTERFACE:$<$<BOOL:${FIBERPROOF_WERROR}>:-Werror>>)
endif()
target_compile_features(fiberproof_flags INTERFACE cxx_std_23)
target_compile_options(fiberproof_flags INTERFACE
  # The frame-pointer chain crosses stacks (spec T3), so every frame must be in it.
  -fno-omit-frame-pointer -fno-optimize-sibling-calls
  # A frame that is larger than the guard pages must not step over them (spec C8).
  -fstack-clash-protection
  # Set explicitly, since distributions differ: it adds ENDBR64 to the bytes that are proved.
  -fcf-protection=none)
# A call that is bound lazily is resolved on the stack that makes it, which takes the dynamic linker
# about 3 KiB with AVX-512: more than the headroom of a fresh continuation stack (spec L8).
target_link_options(fiberproof_flags INTERFACE -Wl,-z,now)

# The plain flavour, which has sanitizers of its own where they are asked for. The machine code does
# not take part.
add_library(fiberproof_plain_flags INTERFACE)
target_link_libraries(fiberproof_plain_flags INTERFACE fiberproof_flags)
if(FIBERPROOF_SANITIZERS)
  set(sanitizers "-fsanitize=${FIBERPROOF_SANITIZERS}" -fno-sanitize-recover=all)
  target_compile_options(fiberproof_plain_flags INTERFACE ${sanitizers})
  target_link_options(fiberproof_plain_flags INTERFACE ${sanitizers})
endif()
if(FIBERPROOF_SANITIZERS MATCHES "memory")
  # MemorySanitizer must see every write, so strings and fmt are compiled here, too.
  target_compile_definitions(fiberproof_plain_flags INTERFACE
    _GLIBCXX_EXTERN_TEMPLATE=0 FMT_HEADER_ONLY=1)
endif()

set(fuzz_sanitizers "")
set(fuzz_compile_options "")
if(FIBERPROOF_FUZZ_SANITIZERS)
  set(fuzz_sanitizers "-fsanitize=${FIBERPROOF_FUZZ_SANITIZERS}" -fno-sanitize-recover=all)
endif()
if(NOT FIBERPROOF_FUZZING_ENGINE)
  # Stack depth is off: on a foreign stack the feature is one constant, which guides nothing.
  set(fuzz_compile_options -fsanitize=fuzzer-no-link -fno-sanitize-coverage=stack-depth)
elseif(CMAKE_CXX_FLAGS MATCHES "fuzzer-no-link")
  set(fuzz_compile_options -fno-sanitize-coverage=stack-depth)
endif()
add_library(fiberproof_fuzz_flags INTERFACE)
target_link_libraries(fiberproof_fuzz_flags INTERFACE fiberproof_flags)
target_compile_options(fiberproof_fuzz_flags INTERFACE ${fuzz_sanitizers} ${fuzz_compile_options})
target_link_options(fiberproof_fuzz_flags INTERFACE ${fuzz_sanitizers})

# Undoes whatever instrumentation the flags ask for, also those of the environment.
set(FIBERPROOF_UNINSTRUMENTED_OPTIONS -fno-lto)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # -fno-sanitize=all takes back the coverage of libFuzzer, and no other: engines ask for theirs with
  # -fsanitize-coverage.
  list(APPEND FIBERPROOF_UNINSTRUMENTED_OPTIONS -fno-sanitize=all
    -fno-sanitize-coverage=func,bb,edge,indirect-calls,trace-cmp,trace-div,trace-gep,trace-loads
    -fno-sanitize-coverage=trace-stores,trace-pc,trace-pc-guard,inline-8bit-counters
    -fno-sanitize-coverage=inline-bool-flag,pc-table,stack-depth,control-flow
    -fno-profile-instr-generate -fno-coverage-mapping)
else()
  list(APPEND FIBERPROOF_UNINSTRUMENTED_OPTIONS -fno-sanitize=all -fno-profile-arcs
    -fno-test-coverage)
endif()

# Headers of the C++ library, fmt and GoogleTest, parsed once for each flavour: 31 % less CPU time over ten
# objects of six sources with clang 19 (41.0 to 28.4 s), and 16 % with -g1 in place of -g. core goes without, so
# that nothing comes between the subject and its compiler, and so does every build with g++, which
# therefore finds a source that does not include what it uses.
set(precompile_default OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND NOT FIBERPROOF_FUZZING_ENGINE AND
    NOT CMAKE_CXX_FLAGS MATCHES "-fcoverage-mapping")
  set(precompile_default ON)
endif()
option(FIBERPROOF_PRECOMPILE "Use precompiled headers" ${precompile_default})
set(FIBERPROOF_PRECOMPILED_HEADERS
  <fmt/format.h> <algorithm> <array> <cstdint> <cstring> <expected> <filesystem> <fstream> <functional>
  <iostream> <map> <memory> <optional> <set> <span> <sstream> <string> <string_view> <unordered_map>
  <utility> <variant> <vector>)

# precompiled_library(NAME FLAGS LINK… [HEADERS …]): what fiberproof_precompile() takes them from.
function(precompiled_library name flags)
  cmake_parse_arguments(arg "" "" "LINK;HEADERS" ${ARGN})
  if(NOT FIBERPROOF_PRECOMPILE)
    return()
  endif()
  add_library(${name} OBJECT "${PROJECT_SOURCE_DIR}/.cmake/precompiled.cpp")
  target_link_libraries(${name} PRIVATE ${flags} ${arg_LINK})
  target_precompile_headers(${name} PRIVATE ${FIBERPROOF_PRECOMPILED_HEADERS} ${arg_HEADERS})
  # Else the file is another each time it is made, and nothing that includes it is in a cache.
  target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
endfunction()

# fiberproof_precompile(TARGET NAME)
function(fiberproof_precompile target name)
  if(FIBERPROOF_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${name})
  endif()
endfunction()

precompiled_library(fiberproof_precompiled fiberproof_plain_flags LINK ${FIBERPROOF_FMT})
if(FIBERPROOF_FUZZERS)
  precompiled_library(fiberproof_precompiled_fuzz fiberproof_fuzz_flags LINK ${FIBERPROOF_FMT})
endif()
if(FIBERPROOF_TESTS)
  precompiled_library(fiberproof_precompiled_tests fiberproof_plain_flags
    LINK ${FIBERPROOF_FMT} GTest::gtest HEADERS <gtest/gtest.h>)
  if(FIBERPROOF_PRECOMPILE)
    # Programs are compiled with -fPIE, where libraries are with -fPIC, and a header must have the same.
    set_target_properties(fiberproof_precompiled_tests PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(fiberproof_precompiled_tests PRIVATE -fPIE)
  endif()
endif()

# fiberproof_library(NAME [BOTH_FLAVOURS] SOURCES … HEADERS … LINK … [FLAVOURED …])
#
# A static library NAME with its headers as a verified file set. With BOTH_FLAVOURS a second library
# NAME_fuzz is made of the same sources where fuzz targets are built. LINK names what both flavours
# use; libraries under FLAVOURED exist in both flavours too.
function(fiberproof_library name)
  cmake_parse_arguments(arg "BOTH_FLAVOURS" "" "SOURCES;HEADERS;LINK;FLAVOURED" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}"
    FILES ${arg_HEADERS})
  target_link_libraries(${name} PUBLIC fiberproof_plain_flags ${arg_LINK} ${arg_FLAVOURED})
  file(RELATIVE_PATH folder "${PROJECT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}")
  if(NOT folder MATCHES "^core")
    fiberproof_precompile(${name} fiberproof_precompiled)
  endif()
  if(arg_BOTH_FLAVOURS AND FIBERPROOF_FUZZERS)
    add_library(${name}_fuzz STATIC ${arg_SOURCES})
    list(TRANSFORM arg_FLAVOURED APPEND _fuzz)
    target_link_libraries(${name}_fuzz PUBLIC fiberproof_fuzz_flags ${arg_LINK} ${arg_FLAVOURED})
    if(NOT folder MATCHES "^core")
      fiberproof_precompile(${name}_fuzz fiberproof_precompiled_fuzz)
    endif()
  endif()
endfunction()

# fiberproof_fuzz_target(NAME [UNPACKAGED] [SEEDS target] [DICTIONARY file]
#   SOURCES … REPLAY … FLAVOURED …)
#
# One target in two programs: NAME_replay runs files and is always built, so that targets never rot;
# NAME_fuzzer is driven by the fuzzing engine. REPLAY is what the first one has for an engine;
# FLAVOURED are libraries with both flavours. Unless it is UNPACKAGED, the target is part of
# what FuzzerPackage.cmake packs, with the words of DICTIONARY, and in the global property
# FIBERPROOF_FUZZ_TARGETS, as NAME=SEEDS. Its seeds are those of the target SEEDS, or its own.
function(fiberproof_fuzz_target name)
  cmake_parse_arguments(arg "UNPACKAGED" "SEEDS;DICTIONARY" "SOURCES;REPLAY;FLAVOURED" ${ARGN})
  add_executable(${name}_replay ${arg_SOURCES} ${arg_REPLAY})
  target_link_libraries(${name}_replay PRIVATE ${arg_FLAVOURED})
  if(FIBERPROOF_FUZZERS)
    add_executable(${name}_fuzzer ${arg_SOURCES})
    list(TRANSFORM arg_FLAVOURED APPEND _fuzz)
    target_link_libraries(${name}_fuzzer PRIVATE ${arg_FLAVOURED})
    if(FIBERPROOF_FUZZING_ENGINE)
      separate_arguments(engine UNIX_COMMAND "${FIBERPROOF_FUZZING_ENGINE}")
      target_link_libraries(${name}_fuzzer PRIVATE ${engine})
    else()
      target_link_options(${name}_fuzzer PRIVATE -fsanitize=fuzzer)
    endif()
  endif()
  if(NOT arg_UNPACKAGED)
    if(NOT arg_SEEDS)
      set(arg_SEEDS ${name})
    endif()
    set_property(GLOBAL APPEND PROPERTY FIBERPROOF_FUZZ_TARGETS "${name}=${arg_SEEDS}")
    if(FIBERPROOF_FUZZERS)
      fiberproof_package_fuzzer(${name} ${arg_SEEDS} "${arg_DICTIONARY}")
    endif()
  endif()
endfunction()

# fiberproof_left_out(NAME REASON): in place of tests that this machine cannot have, one that CTest
# counts as skipped, so that a summary says what it does not cover.
function(fiberproof_left_out name reason)
  message(STATUS "${name} is left out: ${reason}")
  set_property(GLOBAL APPEND PROPERTY FIBERPROOF_LEFT_OUT "${name}: ${reason}")
  add_test(NAME ${name} COMMAND "${CMAKE_COMMAND}" -E echo "left out: ${reason}")
  set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION "left out: ")
endfunction()

# fiberproof_test(NAME [SLOW] SOURCES … LINK … [TIMEOUT seconds]): a GoogleTest binary whose cases are
# CTest cases. SLOW ones have that label: .ci/run runs them, and .ci/test does not.
function(fiberproof_test name)
  if(NOT FIBERPROOF_TESTS)
    return()
  endif()
  cmake_parse_arguments(arg "SLOW" "TIMEOUT" "SOURCES;LINK" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  set(labels "")
  if(arg_SLOW)
    set(labels LABELS slow)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gtest_main)
  fiberproof_precompile(${name} fiberproof_precompiled_tests)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${arg_TIMEOUT} ${labels})
endfunction()

# executables_below(VARIABLE FOLDER): the targets of this folder, and of those in it, that are programs.
function(executables_below variable folder)
  get_property(targets DIRECTORY "${folder}" PROPERTY BUILDSYSTEM_TARGETS)
  set(found "")
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "EXECUTABLE")
      list(APPEND found ${target})
    endif()
  endforeach()
  get_property(folders DIRECTORY "${folder}" PROPERTY SUBDIRECTORIES)
  foreach(inner IN LISTS folders)
    executables_below(more "${inner}")
    list(APPEND found ${more})
  endforeach()
  set(${variable} "${found}" PARENT_SCOPE)
endfunction()

# fiberproof_collect_executables(): `tests_of_core`, `tests_of_fuzz` and `tests_of_verify` build what the
# tests with that label run. executables.txt names every program of the build, and left_out.txt what
# this machine cannot have; .ci/run fails where a program is missing, or something was left out.
function(fiberproof_collect_executables)
  set(all "")
  foreach(folder IN ITEMS core fuzz verify)
    if(IS_DIRECTORY "${PROJECT_BINARY_DIR}/${folder}" AND (FIBERPROOF_VERIFY OR NOT folder STREQUAL verify))
      executables_below(programs "${PROJECT_SOURCE_DIR}/${folder}")
      add_custom_target(tests_of_${folder} DEPENDS ${programs})
      list(APPEND all ${programs})
    endif()
  endforeach()
  list(JOIN all "\n" all)
  get_property(left_out GLOBAL PROPERTY FIBERPROOF_LEFT_OUT)
  list(JOIN left_out "\n" left_out)
  file(WRITE "${PROJECT_BINARY_DIR}/executables.txt" "${all}\n")
  file(WRITE "${PROJECT_BINARY_DIR}/left_out.txt" "${left_out}\n")
endfunction()
