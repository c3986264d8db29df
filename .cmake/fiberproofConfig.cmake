# find_package(fiberproof): fiberproof::core, and fiberproof_prove() where the command is installed, too.
include("${CMAKE_CURRENT_LIST_DIR}/fiberproofTargets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/fiberproof_prove.cmake")
