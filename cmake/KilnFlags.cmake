# Flags of every native library of Kiln.

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# A library that travels in a jar must not remember where it was built.
set(CMAKE_SKIP_RPATH ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

# A symbol that no dependency has fails here, not when the JVM first calls it.
add_link_options(LINKER:-z,defs LINKER:--as-needed)
