# What the audit and the YARA rules stand on, as archives (the agent is one static file), and the rules as data, compiled into the program.
foreach(archive yara jansson magic ssl crypto re2 bz2 lzma)
  find_library(PINFOLD_LIB${archive}_A lib${archive}.a REQUIRED)
endforeach()
target_link_libraries(pinfold_agent PRIVATE ${PINFOLD_LIByara_A} ${PINFOLD_LIBjansson_A} ${PINFOLD_LIBmagic_A} ${PINFOLD_LIBssl_A} ${PINFOLD_LIBcrypto_A}
  ${PINFOLD_LIBre2_A} ${PINFOLD_LIBbz2_A} ${PINFOLD_LIBlzma_A} ${PINFOLD_LIBz_A} Threads::Threads m)
file(GLOB yara_rules CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/rules/yara/*.yar)
pinfold_embed(pinfold_agent yara_rules MASKED ${yara_rules})
file(GLOB php_application_rules CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/rules/php-apps/*.rules ${CMAKE_SOURCE_DIR}/rules/php-apps/*.tsv)
pinfold_embed(pinfold_agent php_applications ${php_application_rules})
