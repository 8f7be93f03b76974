set(PINFOLD_TEST_LIBRARIES PkgConfig::opendkim OpenSSL::Crypto)
# reader_test starts the real program.
if(TARGET pinfold-reader)
  cmake_language(DEFER CALL add_dependencies mail_test pinfold-reader)
endif()
