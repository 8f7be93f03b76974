# The report API's test runs the real reader.
if(TARGET pinfold-reader)
  cmake_language(DEFER CALL add_dependencies engine_test pinfold-reader)
endif()
