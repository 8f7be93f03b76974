# Third-party libraries, all from Debian 12 (tools/packages-build.txt). Found once, named once.
# fmt and spdlog are used header-only: Debian ships no static archives of them, and the host agent is linked statically.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
if(PINFOLD_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(oath REQUIRED IMPORTED_TARGET liboath)
pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(bpf REQUIRED IMPORTED_TARGET libbpf)
pkg_check_modules(pcap REQUIRED IMPORTED_TARGET libpcap)
pkg_check_modules(gmime REQUIRED IMPORTED_TARGET gmime-3.0)
pkg_check_modules(esmtp REQUIRED IMPORTED_TARGET libesmtp-1.0)
pkg_check_modules(mnl REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(zip REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(pugixml REQUIRED IMPORTED_TARGET pugixml)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)
# re2's pkg-config file asks for -std=c++11 and -pthread, which would win over the project's standard and spoil the precompiled header.
set_target_properties(PkgConfig::re2 PROPERTIES INTERFACE_COMPILE_OPTIONS "")
pkg_check_modules(opendkim REQUIRED IMPORTED_TARGET opendkim)
set_target_properties(PkgConfig::opendkim PROPERTIES INTERFACE_COMPILE_OPTIONS "")
pkg_check_modules(netsnmp REQUIRED IMPORTED_TARGET netsnmp)

# SOCI ships no pkg-config file.
add_library(soci INTERFACE)
target_include_directories(soci SYSTEM INTERFACE /usr/include/soci)
target_link_libraries(soci INTERFACE soci_core soci_sqlite3 SQLite::SQLite3)
if(PINFOLD_SANITIZE)
  # The library keeps some of its classes' type information to itself, and the check of virtual calls would ask for it.
  target_compile_options(soci INTERFACE -fno-sanitize=vptr)
endif()

# Boost.Asio and Beast 1.81, header-only.
add_library(boost_headers INTERFACE)
target_compile_definitions(boost_headers INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_USE_STD_STRING_VIEW)
target_link_libraries(boost_headers INTERFACE Threads::Threads)
