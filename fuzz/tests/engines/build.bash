# For the tests beside this file: calls .clusterfuzzlite/build.sh as a fuzzing service does, with
# nothing but an environment, in folders below a temporary one that goes when the test ends.
set -euo pipefail
source_directory=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "FAILED: $*"
  exit 1
}

# build_targets COMPILER ENGINE SANITIZER FLAGS: sets and fills $OUT.
build_targets() {
  mkdir -p "$scratch/src" "$scratch/out" "$scratch/work"
  ln -s "$source_directory" "$scratch/src/fiberproof"
  export SRC=$scratch/src OUT=$scratch/out WORK=$scratch/work
  export CXX=$1 LIB_FUZZING_ENGINE=$2 SANITIZER=$3
  export CXXFLAGS="-O1 -fno-omit-frame-pointer -gline-tables-only $4"
  # One job, since CTest has others; and objects of the last time, where there is a cache.
  export CMAKE_BUILD_PARALLEL_LEVEL=1
  if command -v ccache > /dev/null; then
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$scratch CCACHE_NOHASHDIR=1
  fi
  "$source_directory/.clusterfuzzlite/build.sh" > "$scratch/build.log" 2>&1 || {
    tail -n 40 "$scratch/build.log"
    fail "build.sh"
  }
}

# extract_seeds FUZZER FOLDER: what the seed corpus of $OUT holds, into a new folder.
extract_seeds() {
  mkdir "$2"
  (cd "$2" && cmake -E tar xf "$OUT/$1_seed_corpus.zip") || fail "$1_seed_corpus.zip is no archive"
  [ -n "$(ls -A "$2")" ] || fail "$1_seed_corpus.zip is empty"
}
