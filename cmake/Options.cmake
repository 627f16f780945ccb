# Language, warnings and sanitizers, the same for every target.
option(ETWR_BUILD_TESTS "Build the tests (needs Check)" ON)
option(ETWR_WERROR "Warnings are errors" OFF)
set(ETWR_SANITIZE "" CACHE STRING "Sanitizers for everything built here: address,undefined or thread")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

option(ETWR_COVERAGE "Count executed lines and branches with gcov (gcc)" OFF)
option(ETWR_FUZZ "Fuzz targets are libFuzzer programs (clang)" OFF)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)

add_library(etwr_options INTERFACE)
target_include_directories(etwr_options INTERFACE
  ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}
  ${PROJECT_SOURCE_DIR}/protocol/include ${PROJECT_SOURCE_DIR}/client/include)
target_compile_definitions(etwr_options INTERFACE
  ETWR_VERSION="${PROJECT_VERSION}"
  $<$<PLATFORM_ID:Linux>:_POSIX_C_SOURCE=200809L>)
include(${CMAKE_CURRENT_LIST_DIR}/Windows.cmake)

# Files that exist once a system end in _unix.c or _win.c.
set(ETWR_OS unix)
if(WIN32)
  set(ETWR_OS win)
endif()
if(CMAKE_C_COMPILER_ID MATCHES "GNU|Clang" AND NOT MSVC)
  target_compile_options(etwr_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    -fstack-protector-strong)
  if(ETWR_WERROR)
    target_compile_options(etwr_options INTERFACE -Werror)
  endif()
endif()

if(ETWR_SANITIZE)
  add_compile_options(-fsanitize=${ETWR_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ETWR_SANITIZE})
endif()
# Threads count atomically: a lost count would be a branch never seen.
if(ETWR_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
if(ETWR_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
