/**
 * ETWR_API marks what libetwrelay exports. Programs need to define nothing to use the shared or the
 * static library.
 */
#ifndef ETWRELAY_EXPORT_H
#define ETWRELAY_EXPORT_H

#if defined(ETWR_BUILDING_DLL) && defined(_WIN32)
#define ETWR_API __declspec(dllexport)
#elif defined(__GNUC__)
#define ETWR_API __attribute__((visibility("default")))
#else
#define ETWR_API
#endif

#endif
