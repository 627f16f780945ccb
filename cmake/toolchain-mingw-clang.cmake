# The same Windows programs made by clang, as a second opinion; headers, libraries and the linker are MinGW-w64's.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(ETWR_MINGW x86_64-w64-mingw32)

set(CMAKE_C_COMPILER clang)
set(CMAKE_C_COMPILER_TARGET ${ETWR_MINGW})
set(CMAKE_RC_COMPILER ${ETWR_MINGW}-windres)
# LLVM's own objcopy cannot hide names in Windows' object files.
find_program(CMAKE_OBJCOPY NAMES ${ETWR_MINGW}-objcopy REQUIRED)
# Debian names the folder of gcc's own libraries after the thread variant, where clang does not look.
find_program(ETWR_MINGW_GCC NAMES ${ETWR_MINGW}-gcc-win32 ${ETWR_MINGW}-gcc REQUIRED)
execute_process(COMMAND ${ETWR_MINGW_GCC} -print-libgcc-file-name
  OUTPUT_VARIABLE ETWR_MINGW_LIBGCC OUTPUT_STRIP_TRAILING_WHITESPACE)
cmake_path(GET ETWR_MINGW_LIBGCC PARENT_PATH ETWR_MINGW_LIBRARIES)
foreach(kind EXE SHARED MODULE)
  set(CMAKE_${kind}_LINKER_FLAGS_INIT "-L${ETWR_MINGW_LIBRARIES}")
endforeach()
include(${CMAKE_CURRENT_LIST_DIR}/mingw.cmake)
