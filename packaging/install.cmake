# What an installation consists of, and the Debian packages made of it (`make package`). Two components: the desk, and the agent alone.
include(GNUInstallDirs)
set(units lib/systemd/system)
install(TARGETS pinfold pinfold-reader RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT pinfold)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/templates DESTINATION ${CMAKE_INSTALL_DATADIR}/pinfold COMPONENT pinfold)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/rules DESTINATION ${CMAKE_INSTALL_DATADIR}/pinfold COMPONENT pinfold)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/packaging/examples ${CMAKE_SOURCE_DIR}/packaging/monitoring DESTINATION share/doc/pinfold COMPONENT pinfold)
install(FILES ${CMAKE_SOURCE_DIR}/packaging/systemd/mirror.conf ${CMAKE_SOURCE_DIR}/packaging/systemd/bridge.conf
  DESTINATION share/doc/pinfold/systemd COMPONENT pinfold)
install(FILES ${CMAKE_SOURCE_DIR}/packaging/systemd/pinfold.service DESTINATION ${units} COMPONENT pinfold)
# The same for one part of a desk: pinfold@collector, pinfold@detector, pinfold@desk (docs/manual/scale.md).
file(READ ${CMAKE_SOURCE_DIR}/packaging/systemd/pinfold.service unit)
string(REPLACE "systemctl enable --now pinfold`" "systemctl enable --now pinfold@collector`" unit "${unit}")
string(REPLACE "Description=Pinfold abuse desk" "Description=Pinfold abuse desk, its %i" unit "${unit}")
string(REPLACE "ExecStart=/usr/bin/pinfold serve" "ExecStart=/usr/bin/pinfold serve --role %i" unit "${unit}")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/units/pinfold@.service CONTENT "${unit}" @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/units/pinfold@.service DESTINATION ${units} COMPONENT pinfold)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/doc/pinfold RENAME copyright COMPONENT pinfold)
install(TARGETS pinfold-agent RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT pinfold-agent)
install(FILES ${CMAKE_SOURCE_DIR}/packaging/systemd/pinfold-agent.service DESTINATION ${units} COMPONENT pinfold-agent)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/doc/pinfold-agent RENAME copyright COMPONENT pinfold-agent)

# The manual page and the completions are what the program says of itself.
set(words ${CMAKE_BINARY_DIR}/words)
add_custom_command(OUTPUT ${words}/pinfold.1 ${words}/pinfold.bash ${words}/_pinfold ${words}/pinfold.fish
  COMMAND ${CMAKE_COMMAND} -E make_directory ${words}
  COMMAND sh -c "$<TARGET_FILE:pinfold> manual >pinfold.1 && $<TARGET_FILE:pinfold> completion bash >pinfold.bash"
  COMMAND sh -c "$<TARGET_FILE:pinfold> completion zsh >_pinfold && $<TARGET_FILE:pinfold> completion fish >pinfold.fish"
  WORKING_DIRECTORY ${words} DEPENDS pinfold VERBATIM)
add_custom_target(pinfold-words ALL DEPENDS ${words}/pinfold.1)
install(FILES ${words}/pinfold.1 DESTINATION share/man/man1 COMPONENT pinfold)
install(FILES ${words}/pinfold.bash DESTINATION share/bash-completion/completions RENAME pinfold COMPONENT pinfold)
install(FILES ${words}/_pinfold DESTINATION share/zsh/vendor-completions COMPONENT pinfold)
install(FILES ${words}/pinfold.fish DESTINATION share/fish/vendor_completions.d COMPONENT pinfold)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_CONTACT "The Pinfold developers <developers@pinfold.example>")
set(CPACK_COMPONENTS_ALL pinfold pinfold-agent)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PINFOLD_PACKAGE_NAME pinfold)
set(CPACK_DEBIAN_PINFOLD_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PINFOLD_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PINFOLD_DESCRIPTION "abuse desk for hosting networks")
set(CPACK_DEBIAN_PINFOLD_PACKAGE_CONTROL_STRICT_PERMISSION ON)
file(GLOB scripts ${CMAKE_SOURCE_DIR}/packaging/debian/pinfold/*)
set(CPACK_DEBIAN_PINFOLD_PACKAGE_CONTROL_EXTRA ${scripts})
set(CPACK_DEBIAN_PINFOLD-AGENT_PACKAGE_NAME pinfold-agent)
set(CPACK_DEBIAN_PINFOLD-AGENT_DESCRIPTION "host agent of the Pinfold abuse desk (one static file)")
include(CPack)
