#!/usr/bin/env bash
# Builds the fuzz targets as OSS-Fuzz and ClusterFuzzLite ask for them: with the compiler, the flags
# and the engine of the environment ($CXX, $CXXFLAGS, $LIB_FUZZING_ENGINE), from $SRC/fiberproof, with
# $WORK for what is made on the way. Leaves in $OUT, of each target, the program, its seeds, its
# dictionary and its options; which targets there are is CMake's to know.
#
# $CXXFLAGS bring the sanitizers and the coverage, so the build adds none of its own.
set -euo pipefail

cmake -S "$SRC/fiberproof" -B "$WORK/fiberproof" -G Ninja -DCMAKE_BUILD_TYPE= \
  -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_CXX_FLAGS="$CXXFLAGS" \
  -DFIBERPROOF_FUZZERS=ON -DFIBERPROOF_FUZZING_ENGINE="$LIB_FUZZING_ENGINE" \
  -DFIBERPROOF_FUZZ_SANITIZERS= -DFIBERPROOF_SANITIZERS= \
  -DFIBERPROOF_TESTS=OFF -DFIBERPROOF_VERIFY=OFF -DFIBERPROOF_BENCHMARKS=OFF \
  -DFIBERPROOF_BACKTRACE=OFF
cmake --build "$WORK/fiberproof" --target fuzz_targets
cmake --install "$WORK/fiberproof" --component fuzz_targets --prefix "$OUT"
