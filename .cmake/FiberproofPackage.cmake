# What users install: the command with its corpus and contracts, the fuzz targets that it runs, and core for
# find_package(fiberproof) and pkg-config.
#
#   cmake --install BUILD --prefix FOLDER       all three; --component command, targets or core for one
#   cpack --config BUILD/CPackConfig.cmake      a package of Debian for each
#
# The folder can be moved: the command finds its files relative to itself.

include(CMakePackageConfigHelpers)
set(config_folder lib/cmake/fiberproof)

# core: fiberproof::core, with the flags that its users need, and without the warnings.
set_target_properties(fiberproof_core PROPERTIES EXPORT_NAME core)
install(TARGETS fiberproof_core fiberproof_plain_flags fiberproof_flags EXPORT fiberproof
  ARCHIVE DESTINATION lib COMPONENT core
  FILE_SET HEADERS DESTINATION include/fiberproof COMPONENT core)
install(EXPORT fiberproof FILE fiberproofTargets.cmake NAMESPACE fiberproof::
  DESTINATION ${config_folder} COMPONENT core)
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/fiberproofConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/fiberproofConfigVersion.cmake"
  .cmake/fiberproofConfig.cmake .cmake/fiberproof_prove.cmake
  DESTINATION ${config_folder} COMPONENT core)
configure_file(.cmake/fiberproof.pc.in fiberproof.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/fiberproof.pc" DESTINATION lib/pkgconfig COMPONENT core)

# command and targets
if(FIBERPROOF_VERIFY)
  install(TARGETS fiberproof RUNTIME DESTINATION bin COMPONENT command)
  install(DIRECTORY corpus/ DESTINATION share/fiberproof/corpus COMPONENT command
    PATTERN CMakeLists.txt EXCLUDE PATTERN tests EXCLUDE)
  install(DIRECTORY verify/contracts/ DESTINATION share/fiberproof/contracts COMPONENT command)
  install(FILES verify/report/results.schema.json DESTINATION share/fiberproof COMPONENT command)
  install(FILES README.md LICENSE CHANGELOG.md DESTINATION share/doc/fiberproof COMPONENT command)
endif()
if(FIBERPROOF_VERIFY AND FIBERPROOF_FUZZERS)
  get_property(fuzzers GLOBAL PROPERTY FIBERPROOF_FUZZ_TARGETS)
  list(TRANSFORM fuzzers REPLACE "=.*" "_fuzzer")
  install(TARGETS ${fuzzers} RUNTIME DESTINATION lib/fiberproof COMPONENT targets)
endif()

# A tree that is built without the command has no use for packages.
if(NOT FIBERPROOF_VERIFY)
  return()
endif()
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The founders of fiberproof")
set(CPACK_RESOURCE_FILE_LICENSE "${CMAKE_CURRENT_SOURCE_DIR}/LICENSE")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL command targets core)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
set(CPACK_DEBIAN_COMMAND_PACKAGE_NAME fiberproof)
set(CPACK_DEBIAN_COMMAND_PACKAGE_SUGGESTS fiberproof-targets)
set(CPACK_DEBIAN_TARGETS_PACKAGE_NAME fiberproof-targets)
set(CPACK_DEBIAN_TARGETS_PACKAGE_DEPENDS fiberproof)
set(CPACK_DEBIAN_CORE_PACKAGE_NAME fiberproof-dev)
set(CPACK_COMPONENT_COMMAND_DESCRIPTION "Proofs and fuzzing of stackful continuations: the command")
set(CPACK_COMPONENT_TARGETS_DESCRIPTION "The fuzz targets of fiberproof, under sanitizers")
set(CPACK_COMPONENT_CORE_DESCRIPTION "Continuations on native stacks as a C++ library: fiberproof::core")
include(CPack)
