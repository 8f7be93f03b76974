# The report API's test runs the real reader.
if(TARGET pinfold-reader)
  cmake_language(DEFER CALL add_dependencies engine_test pinfold-reader)
endif()
# What is old is made as the store's own suite makes it.
cmake_language(DEFER CALL target_sources engine_test PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/store/store_factory.cpp)
set(PINFOLD_TEST_LIBRARIES soci)
