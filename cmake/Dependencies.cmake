# The three libraries the project stands on. The client library links none of them.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libuv REQUIRED IMPORTED_TARGET libuv)   # the service's event loop
pkg_check_modules(libcjson REQUIRED IMPORTED_TARGET libcjson) # configuration and JSON lines
if(ETWR_BUILD_TESTS)
  pkg_check_modules(check REQUIRED IMPORTED_TARGET check) # unit tests
endif()
