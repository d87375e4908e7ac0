# Bindings by JavaCPP: a preset class (Java) says which C headers become which Java classes, JavaCPP
# writes those classes and the C++ behind them.
#
# Needs KILN_JAVA_HOME (a JDK) and KILN_JAVACPP_JAR. Sets JAVACPP_PLATFORM, JavaCPP's own name for
# this machine: the folder in which its loader looks for libraries.

foreach(tool java javac)
  string(TOUPPER ${tool} variable)
  set(${variable} ${KILN_JAVA_HOME}/bin/${tool})
  if(NOT EXISTS ${${variable}})
    message(FATAL_ERROR "${${variable}} is missing: apt-get install openjdk-17-jdk-headless")
  endif()
endforeach()

# FindJNI wants AWT as well, which a headless JDK does not have.
file(GLOB jni_md ${KILN_JAVA_HOME}/include/*/jni_md.h)
cmake_path(GET jni_md PARENT_PATH jni_md_folder)
set(JNI_INCLUDE_DIRS ${KILN_JAVA_HOME}/include ${jni_md_folder})

set(JAVACPP ${JAVA} -cp ${KILN_JAVACPP_JAR} org.bytedeco.javacpp.tools.Builder)
execute_process(
  COMMAND ${JAVACPP} -print platform
  OUTPUT_VARIABLE JAVACPP_PLATFORM OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)

# Declares a library of generated C++, placed where JavaCPP's loader finds it for the Java package
# that `folder` names.
function(javacpp_library name folder)
  add_library(${name} SHARED ${ARGN})
  target_include_directories(${name} SYSTEM PRIVATE ${JNI_INCLUDE_DIRS})
  target_compile_options(${name} PRIVATE -w)
  set_target_properties(${name} PROPERTIES
    LIBRARY_OUTPUT_DIRECTORY ${KILN_CLASSES}/${folder}/${JAVACPP_PLATFORM})
endfunction()
