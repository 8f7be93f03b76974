# pinfold_library(NAME DEPENDS folder... [PRIVATE target...] [PUBLIC target...])
#   The library of src/NAME: every .cpp below it. DEPENDS are the folders of its row in the layer table (docs/architecture.md), which
#   tools/check-layers reads from here and holds the #includes to.
# pinfold_test(NAME)  one GoogleTest program of all tests/NAME/*.cpp; further libraries are named in tests/NAME/libraries.cmake, and in
#   PINFOLD_TEST_SERVERS there what must run meanwhile (postgres: tests/support/postgres, started and stopped by ctest).
# pinfold_fuzz(NAME LIBRARY)  the fuzz target fuzz/NAME.cpp, whose corpus is fuzz/corpus/NAME.

add_library(pinfold_options INTERFACE)
target_include_directories(pinfold_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(pinfold_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Werror -fstack-protector-strong $<$<CXX_COMPILER_ID:Clang>:-Wno-unused-private-field>)
# lld is fastest, but knows nothing of what GCC leaves for link time.
target_link_options(pinfold_options INTERFACE -fuse-ld=$<IF:$<BOOL:${PINFOLD_LTO}>,bfd,lld> -Wl,-z,relro,-z,now)
target_compile_definitions(pinfold_options INTERFACE SPDLOG_FMT_EXTERNAL)
if(NOT PINFOLD_SANITIZE)
  target_compile_definitions(pinfold_options INTERFACE $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()
if(PINFOLD_SANITIZE)
  add_compile_options(-fsanitize=${PINFOLD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PINFOLD_SANITIZE})
endif()
if(PINFOLD_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Standard headers that nearly every file wants, compiled once. Files must still include what they use: the tidy build has no such header.
add_library(pinfold_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/pch.cpp)
target_link_libraries(pinfold_pch PRIVATE pinfold_options)
set(PINFOLD_PCH OFF)
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR PINFOLD_SANITIZE)
  set(PINFOLD_PCH ON)
  target_precompile_headers(pinfold_pch PRIVATE <algorithm> <array> <chrono> <functional> <map> <memory> <optional> <span> <string> <string_view>
    <unordered_map> <utility> <variant> <vector>)
endif()
function(pinfold_use_pch target)
  if(PINFOLD_PCH)
    target_precompile_headers(${target} REUSE_FROM pinfold_pch)
  endif()
endfunction()

# What each flow record goes through; a thirtieth of its cost is calls from file to file (docs/decisions/0065-senders-first.md).
set(PINFOLD_HOT base net flow detect collect)

function(pinfold_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;PUBLIC;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  list(TRANSFORM ARG_DEPENDS PREPEND pinfold_)
  if(sources)
    add_library(pinfold_${name} STATIC ${sources})
    target_link_libraries(pinfold_${name} PUBLIC pinfold_options ${ARG_DEPENDS} ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
    if(PINFOLD_LTO AND name IN_LIST PINFOLD_HOT)
      set_target_properties(pinfold_${name} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)  # the shared header has been compiled without
    else()
      pinfold_use_pch(pinfold_${name})
    endif()
  else()  # headers only
    add_library(pinfold_${name} INTERFACE)
    target_link_libraries(pinfold_${name} INTERFACE pinfold_options ${ARG_DEPENDS} ${ARG_PUBLIC})
  endif()
endfunction()

function(pinfold_test name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${name}/*.cpp)
  set(PINFOLD_TEST_LIBRARIES "")
  set(PINFOLD_TEST_SERVERS "")
  include(${CMAKE_SOURCE_DIR}/tests/${name}/libraries.cmake OPTIONAL)
  add_executable(${name}_test ${sources})
  target_include_directories(${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(${name}_test PRIVATE PINFOLD_SOURCE_DIR="${CMAKE_SOURCE_DIR}" PINFOLD_BINARY_DIR="${CMAKE_BINARY_DIR}")
  target_link_libraries(${name}_test PRIVATE pinfold_${name} ${PINFOLD_TEST_LIBRARIES} GTest::gmock_main)
  set(servers "")
  if(PINFOLD_TEST_SERVERS)
    set(servers FIXTURES_REQUIRED ${PINFOLD_TEST_SERVERS})
  endif()
  # One variable: gtest_discover_tests cannot carry a list in a property.
  gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST
    PROPERTIES TIMEOUT 300 ENVIRONMENT PINFOLD_LAB_ROOT=${CMAKE_SOURCE_DIR}/build/lab/root ${servers})
endfunction()

# The same source is a libFuzzer program in the build with the address sanitizer and, with the tests, a replay of its corpus.
add_custom_target(fuzz_targets)
function(pinfold_fuzz name library)
  if(PINFOLD_FUZZ)
    add_executable(fuzz_${name} ${CMAKE_SOURCE_DIR}/fuzz/${name}.cpp)
    target_link_libraries(fuzz_${name} PRIVATE pinfold_${library})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzz_targets fuzz_${name})
  endif()
  if(PINFOLD_TESTS)
    add_executable(replay_${name} ${CMAKE_SOURCE_DIR}/fuzz/${name}.cpp ${CMAKE_SOURCE_DIR}/fuzz/replay_main.cpp)
    target_link_libraries(replay_${name} PRIVATE pinfold_${library})
    add_test(NAME fuzz.${name}.corpus COMMAND replay_${name} ${CMAKE_SOURCE_DIR}/fuzz/corpus/${name})
  endif()
endfunction()
