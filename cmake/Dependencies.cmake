# The three libraries the project stands on, under the same names everywhere: deps::libuv, deps::cjson, deps::check.
# Linux distributions describe them to pkg-config; elsewhere (MinGW, vcpkg) they come as CMake packages. The client
# library links none of them.
# deps::NAME stands for whatever target the library's own package defines.
function(etwr_dependency name)
  foreach(target ${ARGN})
    if(TARGET ${target})
      add_library(deps::${name} INTERFACE IMPORTED GLOBAL)
      target_link_libraries(deps::${name} INTERFACE ${target})
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "${name} was found, but defines none of the targets ${ARGN}")
endfunction()

if(WIN32)
  find_package(libuv CONFIG REQUIRED) # the service's event loop
  find_package(cJSON CONFIG REQUIRED) # configuration and JSON lines
  if(ETWR_BUILD_TESTS)
    find_package(check CONFIG REQUIRED) # unit tests
  endif()
else()
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(libuv REQUIRED IMPORTED_TARGET libuv)
  pkg_check_modules(libcjson REQUIRED IMPORTED_TARGET libcjson)
  if(ETWR_BUILD_TESTS)
    pkg_check_modules(check REQUIRED IMPORTED_TARGET check)
  endif()
endif()

etwr_dependency(libuv PkgConfig::libuv libuv::uv_a uv_a libuv::uv)
etwr_dependency(cjson PkgConfig::libcjson cjson cJSON::cjson)
if(ETWR_BUILD_TESTS)
  etwr_dependency(check PkgConfig::check Check::check)
  if(MINGW)
    target_link_libraries(deps::check INTERFACE winpthread) # which its package does not say
    # To gcc the formats of Check's functions follow Microsoft's rules here; native compilers see them by C's.
    target_compile_options(deps::check INTERFACE
      $<$<C_COMPILER_ID:GNU>:-Wno-format -Wno-format-extra-args>)
  endif()
endif()

# Threads and the mathematical functions are libraries of their own on Unix only. (MinGW has a thread library that
# CMake would find and that nothing here uses.)
add_library(deps::threads INTERFACE IMPORTED GLOBAL)
add_library(deps::math INTERFACE IMPORTED GLOBAL)
if(UNIX)
  find_package(Threads REQUIRED)
  target_link_libraries(deps::threads INTERFACE Threads::Threads)
  target_link_libraries(deps::math INTERFACE m)
endif()
