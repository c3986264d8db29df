# cmake -D ZIP=FILE -D FOLDERS=FOLDER;… -P zip_seeds.cmake: all files of the folders, without the
# folders, in one archive. A folder may be missing; that there is no file at all is an error, and so
# are two of the same name. The same files make the same archive.
set(stage "${ZIP}.files")
file(REMOVE_RECURSE "${stage}")
file(MAKE_DIRECTORY "${stage}")
foreach(folder IN LISTS FOLDERS)
  file(GLOB_RECURSE files "${folder}/*")
  foreach(file IN LISTS files)
    get_filename_component(name "${file}" NAME)
    if(EXISTS "${stage}/${name}")
      message(FATAL_ERROR "${file}: a seed of this name is in the archive already")
    endif()
    file(COPY "${file}" DESTINATION "${stage}")
  endforeach()
endforeach()

file(GLOB names RELATIVE "${stage}" "${stage}/*")
if(NOT names)
  message(FATAL_ERROR "no seed in ${FOLDERS}")
endif()
file(REMOVE "${ZIP}")
execute_process(
  COMMAND "${CMAKE_COMMAND}" -E tar cf "${ZIP}" --format=zip "--mtime=1980-01-01 00:00:00" --
    ${names}
  WORKING_DIRECTORY "${stage}" COMMAND_ERROR_IS_FATAL ANY)
