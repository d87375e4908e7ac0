# Tools for JavaCPP bindings, from KILN_JAVA_HOME (a JDK) and KILN_JAVACPP_JAR.
#
#   JAVAC              Java compiler
#   JAVACPP            command line of JavaCPP's builder
#   JAVACPP_PLATFORM   JavaCPP's name for this machine, as in linux-x86_64
#   javacpp_library()  builds a library from generated C++

set(JAVAC ${KILN_JAVA_HOME}/bin/javac)
set(JAVACPP ${KILN_JAVA_HOME}/bin/java -cp ${KILN_JAVACPP_JAR} org.bytedeco.javacpp.tools.Builder)

# FindJNI also requires AWT, which a headless JDK does not have.
file(GLOB jni_md ${KILN_JAVA_HOME}/include/*/jni_md.h)
if(NOT jni_md)
  message(FATAL_ERROR "${KILN_JAVA_HOME} is not a JDK: apt-get install -y openjdk-17-jdk-headless")
endif()
cmake_path(GET jni_md PARENT_PATH jni_md_dir)
set(JNI_INCLUDE_DIRS ${KILN_JAVA_HOME}/include ${jni_md_dir})

execute_process(
  COMMAND ${JAVACPP} -print platform
  OUTPUT_VARIABLE JAVACPP_PLATFORM OUTPUT_STRIP_TRAILING_WHITESPACE
  COMMAND_ERROR_IS_FATAL ANY)

# javacpp_library(<name> <package-dir> <source>...)
# A library of generated C++, placed where JavaCPP's loader looks for it: beside the classes of the
# Java package, whose directory is <package-dir>.
function(javacpp_library name package_dir)
  add_library(${name} SHARED ${ARGN})
  target_include_directories(${name} SYSTEM PRIVATE ${JNI_INCLUDE_DIRS})
  target_compile_options(${name} PRIVATE -w)
  set_target_properties(${name} PROPERTIES
    LIBRARY_OUTPUT_DIRECTORY ${KILN_CLASSES}/${package_dir}/${JAVACPP_PLATFORM})
endfunction()
