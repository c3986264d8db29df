# How the project's targets are built: one INTERFACE target for the flags, and two flavours of each
# library that fuzz targets run: plain, and instrumented for the fuzzing engine.

add_library(fiberproof_flags INTERFACE)
target_include_directories(fiberproof_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(fiberproof_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  $<$<BOOL:${FIBERPROOF_WERROR}>:-Werror>
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
  if(arg_BOTH_FLAVOURS AND FIBERPROOF_FUZZERS)
    add_library(${name}_fuzz STATIC ${arg_SOURCES})
    list(TRANSFORM arg_FLAVOURED APPEND _fuzz)
    target_link_libraries(${name}_fuzz PUBLIC fiberproof_fuzz_flags ${arg_LINK} ${arg_FLAVOURED})
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
  add_test(NAME ${name} COMMAND "${CMAKE_COMMAND}" -E echo "left out: ${reason}")
  set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION "left out: ")
endfunction()

# fiberproof_test(NAME SOURCES … LINK … [TIMEOUT seconds]): a GoogleTest binary whose cases are
# CTest cases.
function(fiberproof_test name)
  if(NOT FIBERPROOF_TESTS)
    return()
  endif()
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LINK" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gtest_main)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${arg_TIMEOUT})
endfunction()
