# cmake -DOBJDUMP=... -DSHARED=... -P check_size.cmake: the client library's code is under 64 KiB.
execute_process(COMMAND ${OBJDUMP} -h ${SHARED} OUTPUT_VARIABLE sections
  COMMAND_ERROR_IS_FATAL ANY)
if(NOT sections MATCHES " [.]text +([0-9a-f]+)")
  message(FATAL_ERROR "${SHARED} has no .text")
endif()
math(EXPR bytes "0x${CMAKE_MATCH_1}")
message(STATUS "${bytes} bytes of code")
if(bytes GREATER_EQUAL 65536)
  message(FATAL_ERROR "${SHARED}: ${bytes} bytes of code, 65536 are too many")
endif()
