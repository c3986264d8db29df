# What a fuzzing service takes of a fuzz target, side by side in one folder: NAME_fuzzer,
# NAME_fuzzer.options, NAME_fuzzer_seed_corpus.zip and, where the target has one, NAME_fuzzer.dict.
#
#   cmake --build BUILD --target fuzz_targets
#   cmake --install BUILD --component fuzz_targets --prefix FOLDER

add_custom_target(fuzz_targets)

# fiberproof_package_fuzzer(NAME SEEDS DICTIONARY): the target in whose folders of the corpus the seeds
# are, and a file or nothing.
function(fiberproof_package_fuzzer name seeded_as dictionary)
  set(fuzzer ${name}_fuzzer)
  set(seeds "${CMAKE_CURRENT_BINARY_DIR}/${fuzzer}_seed_corpus.zip")
  set(corpus "${PROJECT_SOURCE_DIR}/corpus")
  # Each time anew: the folders are small, and files come and go.
  add_custom_target(${fuzzer}_seed_corpus VERBATIM
    COMMAND "${CMAKE_COMMAND}" -D "ZIP=${seeds}"
      -D "FOLDERS=${corpus}/seeds/${seeded_as};${corpus}/reproducers/${seeded_as}"
      -P "${PROJECT_SOURCE_DIR}/.cmake/zip_seeds.cmake")
  add_dependencies(fuzz_targets ${fuzzer} ${fuzzer}_seed_corpus)

  set(package DESTINATION . COMPONENT fuzz_targets EXCLUDE_FROM_ALL)
  install(TARGETS ${fuzzer} RUNTIME ${package})
  install(FILES "${seeds}" ${package})
  install(FILES "${PROJECT_SOURCE_DIR}/fuzz/fuzzer.options" ${package} RENAME ${fuzzer}.options)
  if(dictionary)
    install(FILES "${dictionary}" ${package} RENAME ${fuzzer}.dict)
  endif()
endfunction()
