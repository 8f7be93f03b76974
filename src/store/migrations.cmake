# Builds db/migrations/*.sql and db/history/*.sql into pinfold_store, so that a program always carries the schemas that it was written for.
set(functions "")
foreach(schema migration history)
  set(folder ${schema})
  if(schema STREQUAL "migration")
    set(folder migrations)
  endif()
  file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/db/${folder}/[0-9]*.sql)
  list(SORT scripts)
  set(rows "")
  foreach(file ${scripts})
    get_filename_component(name ${file} NAME_WE)
    file(READ ${file} text)
    string(APPEND rows "    {\"${name}\", R\"~~~(${text})~~~\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  endforeach()
  string(APPEND functions "
std::span<const MigrationScript> ${schema}_scripts() {
  static constexpr MigrationScript kScripts[] = {
${rows}  };
  return kScripts;
}
")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/store/migration_scripts.cpp CONTENT [[
// Made by src/store/migrations.cmake from db/migrations and db/history.
#include "store/migrations.hpp"

namespace pinfold::store {
@functions@
}  // namespace pinfold::store
]] @ONLY)
target_sources(pinfold_store PRIVATE ${CMAKE_BINARY_DIR}/generated/store/migration_scripts.cpp)
