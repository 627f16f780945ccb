# What building for Windows adds: the oldest Windows that is served (10), UTF-16 functions, the image flags, and no
# library beside the programs but System32's.
if(NOT WIN32)
  return()
endif()

target_compile_definitions(etwr_options INTERFACE
  UNICODE _UNICODE WIN32_LEAN_AND_MEAN NOMINMAX _WIN32_WINNT=0x0A00 WINVER=0x0A00)

if(MSVC)
  set(CMAKE_MSVC_RUNTIME_LIBRARY "MultiThreaded$<$<CONFIG:Debug>:Debug>")
  target_compile_definitions(etwr_options INTERFACE _CRT_SECURE_NO_WARNINGS)
  target_compile_options(etwr_options INTERFACE
    /utf-8 /W4 /GS /guard:cf $<$<C_COMPILER_ID:MSVC>:/std:c11 /experimental:c11atomics /Zc:preprocessor>)
  target_link_options(etwr_options INTERFACE /DYNAMICBASE /NXCOMPAT /HIGHENTROPYVA /guard:cf)
  if(ETWR_WERROR)
    target_compile_options(etwr_options INTERFACE /WX)
  endif()
  return()
endif()

# printf() as C99 has it: %zu and %llu, and return values that say the size needed.
target_compile_definitions(etwr_options INTERFACE __USE_MINGW_ANSI_STDIO=1)
# MinGW's isnan() and isinf() warn by their own expansion; the native build sees real ones of this kind.
target_compile_options(etwr_options INTERFACE $<$<C_COMPILER_ID:GNU>:-Wno-float-conversion>)
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(-D_FORTIFY_SOURCE=2)
endif()
add_link_options(-static -fstack-protector-strong LINKER:--dynamicbase LINKER:--nxcompat LINKER:--high-entropy-va)
