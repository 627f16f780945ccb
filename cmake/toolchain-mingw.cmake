# 64-bit Windows programs made on Debian with MinGW-w64's gcc. Libraries are looked for in CMAKE_FIND_ROOT_PATH only,
# which install/windows/dependencies.sh fills. Programs are linked statically: they need System32's libraries alone.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(ETWR_MINGW x86_64-w64-mingw32)

# "win32" is the variant with Windows' own threads; "posix" would bring a thread library along.
find_program(ETWR_MINGW_GCC NAMES ${ETWR_MINGW}-gcc-win32 ${ETWR_MINGW}-gcc REQUIRED)
set(CMAKE_C_COMPILER ${ETWR_MINGW_GCC})
set(CMAKE_RC_COMPILER ${ETWR_MINGW}-windres)
include(${CMAKE_CURRENT_LIST_DIR}/mingw.cmake)
