# kiln_jni_library(<name> <package-dir> <source>...)
# A library of hand-written C++ with JNI, placed where JavaCPP's loader looks for it: beside the
# classes of the Java package, whose directory is <package-dir>.
function(kiln_jni_library name package_dir)
  add_library(${name} SHARED ${ARGN})
  target_include_directories(${name} SYSTEM PRIVATE ${JNI_INCLUDE_DIRS})
  target_compile_options(${name} PRIVATE -Wall -Wextra -Werror)
  set_target_properties(${name} PROPERTIES
    LIBRARY_OUTPUT_DIRECTORY ${KILN_CLASSES}/${package_dir}/${JAVACPP_PLATFORM})
endfunction()
