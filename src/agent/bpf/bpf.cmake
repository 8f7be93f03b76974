# The agent's kernel programs: compiled by clang for BPF, stripped of DWARF (BTF stays), and carried in the library by images.cpp.
# Also the static archives that the agent stands on: it is one file without libraries, so that it runs on old and on bare servers.
find_program(PINFOLD_BPF_CLANG NAMES clang clang-14 REQUIRED)
find_program(PINFOLD_BPF_STRIP NAMES llvm-strip llvm-strip-14 REQUIRED)
foreach(archive bpf elf z sodium)
  find_library(PINFOLD_LIB${archive}_A lib${archive}.a REQUIRED)
endforeach()

set(bpf_folder ${CMAKE_CURRENT_LIST_DIR})
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(bpf_architecture arm64)
else()
  set(bpf_architecture x86)
endif()
foreach(program exec connect)
  set(bpf_object ${CMAKE_CURRENT_BINARY_DIR}/${program}.bpf.o)
  add_custom_command(OUTPUT ${bpf_object}
    COMMAND ${PINFOLD_BPF_CLANG} -target bpf -O2 -g -Wall -Werror -D__TARGET_ARCH_${bpf_architecture}
      -isystem /usr/include/${CMAKE_LIBRARY_ARCHITECTURE} -c ${bpf_folder}/${program}.bpf.c -o ${bpf_object}
    COMMAND ${PINFOLD_BPF_STRIP} -g ${bpf_object}
    DEPENDS ${bpf_folder}/${program}.bpf.c ${bpf_folder}/${program}_record.h ${bpf_folder}/kernel_types.h ${bpf_folder}/task.bpf.h
      ${bpf_folder}/exec_filter.bpf.h ${bpf_folder}/exec_maps.bpf.h
    COMMENT "Compiling the ${program} sensor for the kernel" VERBATIM)
  list(APPEND bpf_objects ${bpf_object})
endforeach()
add_custom_target(pinfold_bpf_object DEPENDS ${bpf_objects})
add_dependencies(pinfold_agent pinfold_bpf_object)
set_source_files_properties(agent/bpf/images.cpp PROPERTIES
  COMPILE_DEFINITIONS "PINFOLD_BPF_FOLDER=\"${CMAKE_CURRENT_BINARY_DIR}\"" OBJECT_DEPENDS "${bpf_objects}" SKIP_PRECOMPILE_HEADERS ON)

target_link_libraries(pinfold_agent PRIVATE ${PINFOLD_LIBbpf_A} ${PINFOLD_LIBelf_A} ${PINFOLD_LIBz_A})
# base names libsodium by its pkg-config target, and Debian's spdlog names the shared fmt; neither can go into one static file.
set_property(TARGET PkgConfig::sodium PROPERTY INTERFACE_LINK_LIBRARIES ${PINFOLD_LIBsodium_A})
set_property(TARGET spdlog::spdlog_header_only PROPERTY INTERFACE_LINK_LIBRARIES fmt::fmt-header-only Threads::Threads)
