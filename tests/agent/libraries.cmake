set(PINFOLD_TEST_LIBRARIES pinfold_wire boost_headers)
# The namespaces' test runs the program itself.
cmake_language(DEFER CALL add_dependencies agent_test pinfold-agent)
