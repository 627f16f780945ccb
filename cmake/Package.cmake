# Debian packages: `cpack -G DEB` in a build folder makes three. What each holds is said by the COMPONENT of the
# install() calls.
#   etwrelay         the service with its units, and the tool
#   libetwrelay1     the shared library
#   libetwrelay-dev  headers, static library, pkg-config file and CMake package
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME etwrelay)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_VENDOR "The etwrelay authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "local relay of TraceLogging events")
set(CPACK_PACKAGE_CONTACT "The etwrelay authors <etwrelay@localhost>")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
# Prefix and staging folder are told apart: the units name the one and lie in the other.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_COMPONENTS_ALL service library development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_SERVICE_PACKAGE_NAME etwrelay)
set(CPACK_DEBIAN_SERVICE_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_SERVICE_PACKAGE_DEPENDS "init-system-helpers (>= 1.54)")
set(CPACK_COMPONENT_SERVICE_DESCRIPTION
"The service takes events from many local processes over a socket, checks
each one, stamps who sent it, and writes .etl files and JSON lines. With
the tool `etwrelay` that sends events, reads trace files and asks the
service how it stands.")
set(ETWR_DEBIAN ${PROJECT_SOURCE_DIR}/install/linux/debian)
set(CPACK_DEBIAN_SERVICE_PACKAGE_CONTROL_EXTRA
  "${ETWR_DEBIAN}/postinst;${ETWR_DEBIAN}/prerm;${ETWR_DEBIAN}/postrm;${ETWR_DEBIAN}/conffiles")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libetwrelay1)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION
"The shared client library: a program sends TraceLogging events through
etwrelayd, which never blocks or breaks it.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libetwrelay-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libetwrelay1 (= ${PROJECT_VERSION})")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
"For building programs that send events: headers, the static library, and
what pkg-config and CMake need to find them.")

foreach(component service library development)
  string(TOUPPER ${component} upper)
  string(TOLOWER ${CPACK_DEBIAN_${upper}_PACKAGE_NAME} package)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE RENAME copyright
    DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/${package} COMPONENT ${component})
endforeach()
include(CPack)
