# Builds db/migrations/*.sql into pinfold_store, so that a program always carries the schema that it was written for.
file(GLOB migrations CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/db/migrations/[0-9]*.sql)
list(SORT migrations)
set(rows "")
foreach(file ${migrations})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND rows "    {\"${name}\", R\"~~~(${text})~~~\"},\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/store/migration_scripts.cpp CONTENT [[
// Made by src/store/migrations.cmake from db/migrations.
#include "store/migrations.hpp"

namespace pinfold::store {
namespace {

constexpr MigrationScript kScripts[] = {
@rows@};

}  // namespace

std::span<const MigrationScript> migration_scripts() { return kScripts; }

}  // namespace pinfold::store
]] @ONLY)
target_sources(pinfold_store PRIVATE ${CMAKE_BINARY_DIR}/generated/store/migration_scripts.cpp)
