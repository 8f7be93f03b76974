#include "flow/capture.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "flow/export_bytes.hpp"
#include "flow/export_files.hpp"
#include "flow/link_layer.hpp"

namespace pinfold::flow {
namespace {

using test::ExportBytes;

/// A folder of its own for each test, gone afterwards.
class Capture : public testing::Test {
protected:
  Capture() {
    x_folder = std::filesystem::temp_directory_path() /
               ("pinfold-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + "-" + std::to_string(::getpid()));
    std::filesystem::create_directory(x_folder);
  }
  ~Capture() override {
    std::error_code ignored;
    std::filesystem::remove_all(x_folder, ignored);
  }

  [[nodiscard]] std::filesystem::path write(const char* name, const ExportBytes& bytes) const {
    std::ofstream out(x_folder / name, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.bytes().data()), static_cast<std::streamsize>(bytes.size()));
    return x_folder / name;
  }

private:
  std::filesystem::path x_folder;
};

constexpr std::uint32_t kEthernet = 1;
constexpr std::uint32_t kRawIp = 101;
constexpr std::uint32_t kLinuxCooked = 113;

/// A pcap file in big-endian order with microseconds.
ExportBytes pcap(std::uint32_t link_type) { return ExportBytes{}.u32(0xA1B2C3D4).u16(2).u16(4).u32s({0, 0, 65535, link_type}); }
void add_packet(ExportBytes& file, const ExportBytes& packet, std::uint32_t micros = 250'000) {
  file.u32s({test::kExportSeconds, micros, static_cast<std::uint32_t>(packet.size()), static_cast<std::uint32_t>(packet.size() + 10)}).append(packet);
}
ExportBytes udp_packet(const ExportBytes& payload, std::uint16_t fragment = 0) {
  ExportBytes packet;
  packet.u16(0x4500).u16(28 + payload.size()).u16(1).u16(fragment).u16(0x4011).u16(0).u32(0xC0000201).u32(0xC6336401);
  return packet.u16(50000).u16(2055).u16(8 + payload.size()).u16(0).append(payload);
}
ExportBytes framed(const ExportBytes& packet) { return ExportBytes{}.u64(0x0200'0000'0002'0200).u32(1).u16(0x0800).append(packet); }
ExportBytes export_datagram() { return test::ipfix(ExportBytes{}.set(2, ExportBytes{}.u16s({256, 1, 8, 4})).set(256, ExportBytes{}.u32(1))); }

TEST_F(Capture, GivesTheUdpDatagramsOfACaptureWithTheirSource) {
  for (const auto& [link_type, prefix] : {std::pair{kEthernet, std::size_t{0}}, {kRawIp, std::size_t{0}}, {kLinuxCooked, std::size_t{16}}}) {
    ExportBytes file = pcap(link_type);
    const ExportBytes packet = udp_packet(export_datagram());
    add_packet(file, link_type == kEthernet ? framed(packet) : ExportBytes{}.zeros(prefix).append(packet));
    std::vector<std::vector<std::uint8_t>> payloads;
    const auto path = write("exports.pcap", file);
    const auto summary = read_datagrams(path, [&](const Datagram& datagram) {
      EXPECT_EQ(net::to_string(*datagram.source), "192.0.2.1");
      EXPECT_EQ(datagram.source_port, 50000);
      EXPECT_EQ(to_string(*datagram.received), "2023-11-14T22:13:20.250Z");
      payloads.emplace_back(datagram.payload.begin(), datagram.payload.end());
    });
    ASSERT_TRUE(summary) << summary.error().message;
    ASSERT_EQ(payloads.size(), 1U) << link_type;
    EXPECT_EQ(payloads[0], export_datagram().bytes());
    EXPECT_EQ(file_kind(path).value(), FileKind::Exports);
  }
}

/// What stands before the IP packet of 192.0.2.1, by link type.
TEST_F(Capture, FramesOfManyLinksAreRead) {
  struct Row {
    const char* name;
    std::uint32_t link_type;
    ExportBytes head;
  };
  const ExportBytes cooked = ExportBytes{}.u16s({0, 1, 6}).u64(0x0200'0000'0001'0000);
  const ExportBytes cooked_2_end = ExportBytes{}.u16(0).u32(3).u16(1).u8(0).u8(6).u64(0x0200'0000'0001'0000);
  const Row rows[] = {
      {"loopback of BSD", 0, ExportBytes{}.u32(2)},
      {"PPP", 9, ExportBytes{}.u16(0xFF03).u16(0x0021)},
      {"PPP over a serial line", 50, ExportBytes{}.u16(0xFF03).u16(0x0021)},
      {"PPPoE", 51, ExportBytes{}.u16(0x1100).u16(1).u16(2).u16(0x0021)},
      {"Cisco's HDLC", 104, ExportBytes{}.u16(0x0F00).u16(0x0800)},
      {"Linux cooked", 113, ExportBytes{}.append(cooked).u16(0x0800)},
      {"Linux cooked, with a VLAN tag", 113, ExportBytes{}.append(cooked).u16(0x8100).u16(7).u16(0x0800)},
      {"Linux cooked, second version", 276, ExportBytes{}.u16(0x0800).append(cooked_2_end)},
      {"OpenBSD's packet filter", 117, ExportBytes{}.u8(61).zeros(63)},
      {"MPLS", 219, ExportBytes{}.u32(0x0001'0140)},
      {"IPv4 and nothing else", 228, ExportBytes{}},
      {"netfilter's log", 239, ExportBytes{}.u8(2).u8(0).u16(0).u16(8).u16(1).u32(0)},
  };
  for (const Row& row : rows) {
    ExportBytes packet = udp_packet(export_datagram());
    ExportBytes head = row.head;
    if (row.link_type == 51) {  // the length that PPPoE claims
      head = ExportBytes{}.u16(0x1100).u16(1).u16(2 + packet.size()).u16(0x0021);
    }
    if (row.link_type == 239) {  // the attribute that is the packet; in the file's byte order
      head.u16(packet.size() + 4).u16(9);
    }
    ExportBytes file = pcap(row.link_type);
    add_packet(file, head.append(packet));
    int given = 0;
    const auto summary = read_datagrams(write("link.pcap", file), [&](const Datagram& datagram) {
      ++given;
      EXPECT_EQ(net::to_string(*datagram.source), "192.0.2.1") << row.name;
      EXPECT_EQ(datagram.payload.size(), export_datagram().size()) << row.name;
    });
    ASSERT_TRUE(summary) << row.name << ": " << summary.error().message;
    EXPECT_EQ(given, 1) << row.name;
    LinkLayer link(static_cast<int>(row.link_type));
    for (std::size_t cut = 0; cut < head.size(); ++cut) {  // cut short it gives less, and nothing is read that is not there
      const std::vector<std::uint8_t> part(head.bytes().begin(), head.bytes().begin() + static_cast<std::ptrdiff_t>(cut));
      EXPECT_LT(link.parse(part).payload.size(), export_datagram().size()) << row.name;
    }
  }
}

ExportBytes swapped_32(std::initializer_list<std::uint32_t> values) {
  ExportBytes bytes;
  for (const std::uint32_t value : values) {
    bytes.u32(__builtin_bswap32(value));
  }
  return bytes;
}

TEST_F(Capture, EveryFormOfPcapIsRead) {
  const ExportBytes packet = framed(udp_packet(export_datagram()));
  const auto size = static_cast<std::uint32_t>(packet.size());
  const auto little_16 = [](std::uint16_t value) { return __builtin_bswap16(value); };
  const auto classic = [&](std::uint32_t magic, bool little, std::uint32_t fraction) {
    if (!little) {
      return ExportBytes{}.u32(magic).u16(2).u16(4).u32s({0, 0, 65535, 1}).u32s({test::kExportSeconds, fraction, size, size}).append(packet);
    }
    return ExportBytes{}
        .append(swapped_32({magic}))
        .u16(little_16(2))
        .u16(little_16(4))
        .append(swapped_32({0, 0, 65535, 1}))
        .append(swapped_32({test::kExportSeconds, fraction, size, size}))
        .append(packet);
  };
  const std::uint32_t padding = (4 - size % 4) % 4;
  const std::uint64_t micros = std::uint64_t{test::kExportSeconds} * 1'000'000 + 250'000;
  const ExportBytes next_generation = ExportBytes{}
                                          .u32s({0x0A0D0D0A, 28, 0x1A2B3C4D})
                                          .u16(1)
                                          .u16(0)
                                          .u64(~std::uint64_t{0})
                                          .u32(28)
                                          .u32s({1, 20})
                                          .u16(1)
                                          .u16(0)
                                          .u32s({65535, 20})
                                          .u32s({6, 32 + size + padding, 0})
                                          .u64(micros)
                                          .u32s({size, size})
                                          .append(packet)
                                          .zeros(padding)
                                          .u32(32 + size + padding);
  const std::pair<const char*, ExportBytes> files[] = {{"microseconds, big-endian", classic(0xA1B2C3D4, false, 250'000)},
                                                       {"microseconds, little-endian", classic(0xA1B2C3D4, true, 250'000)},
                                                       {"nanoseconds, big-endian", classic(0xA1B23C4D, false, 250'000'000)},
                                                       {"nanoseconds, little-endian", classic(0xA1B23C4D, true, 250'000'000)},
                                                       {"pcapng", next_generation}};
  for (const auto& [name, file] : files) {
    int given = 0;
    const auto summary = read_datagrams(write("form.pcap", file), [&, name = name](const Datagram& datagram) {
      ++given;
      EXPECT_EQ(to_string(*datagram.received), "2023-11-14T22:13:20.250Z") << name;
      EXPECT_EQ(datagram.payload.size(), export_datagram().size()) << name;
    });
    ASSERT_TRUE(summary) << name << ": " << summary.error().message;
    EXPECT_EQ(given, 1) << name;
  }
}

/// Blocks of a pcapng file in big-endian order.
ExportBytes block(std::uint32_t type, const ExportBytes& body) {
  const std::size_t padding = (4 - body.size() % 4) % 4;
  const auto length = static_cast<std::uint32_t>(12 + body.size() + padding);
  return ExportBytes{}.u32(type).u32(length).append(body).zeros(padding).u32(length);
}
ExportBytes section() { return block(0x0A0D0D0A, ExportBytes{}.u32(0x1A2B3C4D).u16(1).u16(0).u64(~std::uint64_t{0})); }
ExportBytes interface(std::uint16_t link_type, const ExportBytes& options = {}) {
  return block(1, ExportBytes{}.u16(link_type).u16(0).u32(65535).append(options));
}
ExportBytes enhanced(std::uint32_t on, std::uint64_t ticks, const ExportBytes& packet) {
  const auto size = static_cast<std::uint32_t>(packet.size());
  return block(6, ExportBytes{}.u32(on).u64(ticks).u32(size).u32(size).append(packet));
}

TEST_F(Capture, InterfacesOfAPcapngFileHaveEachTheirOwnLinkAndClock) {
  const ExportBytes packet = udp_packet(export_datagram());
  const std::uint64_t seconds = test::kExportSeconds;
  const ExportBytes nanos = ExportBytes{}.u16(9).u16(1).u8(9).zeros(3).u16(0).u16(0);
  const ExportBytes quarters = ExportBytes{}.u16(9).u16(1).u8(0x82).zeros(3);
  const ExportBytes an_hour_off = ExportBytes{}.u16(14).u16(8).u64(3600);
  const ExportBytes file = section()
                               .append(interface(kEthernet))
                               .append(interface(kRawIp, nanos))
                               .append(interface(kLinuxCooked, quarters))
                               .append(interface(kRawIp, an_hour_off))
                               .append(interface(147))  // nobody's: left out
                               .append(block(0x0BAD, ExportBytes{}.u32(1)))
                               .append(enhanced(0, seconds * 1'000'000 + 250'000, framed(packet)))
                               .append(enhanced(1, seconds * 1'000'000'000 + 250'000'999, packet))
                               .append(enhanced(2, seconds * 4 + 1, ExportBytes{}.zeros(14).u16(0x0800).append(packet)))
                               .append(enhanced(3, (seconds - 3600) * 1'000'000 + 250'000, packet))
                               .append(enhanced(4, 0, packet));
  int given = 0;
  const auto path = write("mixed.pcapng", file);
  const auto summary = read_datagrams(path, [&](const Datagram& datagram) {
    ++given;
    EXPECT_EQ(to_string(*datagram.received), "2023-11-14T22:13:20.250Z") << given;
    EXPECT_EQ(datagram.payload.size(), export_datagram().size());
  });
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(given, 4);
  EXPECT_EQ(summary->packets, 5U);
  EXPECT_EQ(file_kind(path).value(), FileKind::Exports);
}

/// Interfaces belong to their section, and sections may change the order of bytes.
TEST_F(Capture, SectionsOfAPcapngFileFollowOneAnother) {
  const ExportBytes packet = udp_packet(export_datagram());
  const auto size = static_cast<std::uint32_t>(packet.size());
  const std::uint32_t padding = (4 - size % 4) % 4;
  const std::uint32_t length = 16 + size + padding;
  const ExportBytes little = ExportBytes{}
                                 .append(swapped_32({0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0xFFFFFFFF, 0xFFFFFFFF, 28}))
                                 .append(swapped_32({1, 20, kRawIp, 0, 20}))
                                 .append(swapped_32({3, length, size}))
                                 .append(packet)
                                 .zeros(padding)
                                 .append(swapped_32({length}));
  const ExportBytes big = section().append(interface(kEthernet)).append(block(3, ExportBytes{}.u32(size + 14).append(framed(packet))));
  int given = 0;
  const auto summary = read_datagrams(write("sections.pcapng", ExportBytes{}.append(big).append(little).append(big)), [&](const Datagram& datagram) {
    ++given;
    EXPECT_EQ(datagram.payload.size(), export_datagram().size());
  });
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(given, 3);
}

TEST_F(Capture, APcapngFileThatIsWrongSaysWhereAndGivesWhatWasBefore) {
  const ExportBytes packet = udp_packet(export_datagram());
  const ExportBytes good = section().append(interface(kRawIp)).append(enhanced(0, 0, packet));
  const std::string at = "block at byte " + std::to_string(good.size()) + ": ";
  struct Row {
    const char* name;
    ExportBytes more;
    const char* why;
  };
  const Row rows[] = {{"an interface that was not described", enhanced(1, 0, packet), "a packet that cannot be read"},
                      {"a packet longer than its block", block(6, ExportBytes{}.u32(0).u64(0).u32(999).u32(999)), "a packet that cannot be read"},
                      {"half a block", ExportBytes{}.u32(6).u32(100), "cut short"},
                      {"a length of nothing", ExportBytes{}.u32(6).u32(0).u32(0), "a length that cannot be"},
                      {"a length of gigabytes", ExportBytes{}.u32(6).u32(0xFFFF'FFFC).u32(0), "a length that cannot be"},
                      {"two lengths", ExportBytes{}.u32(5).u32(12).u32(16), "its two lengths differ"},
                      {"a section in no order", ExportBytes{}.u32(0x0A0D0D0A).u32(28).u32(1).zeros(16), "no byte order that is known"}};
  for (const Row& row : rows) {
    int given = 0;
    const auto summary = read_datagrams(write("wrong.pcapng", ExportBytes{}.append(good).append(row.more)), [&](const Datagram&) { ++given; });
    ASSERT_FALSE(summary) << row.name;
    EXPECT_NE(summary.error().message.find(at + row.why), std::string::npos) << row.name << ": " << summary.error().message;
    EXPECT_EQ(given, 1) << row.name;
  }
  const auto none = read_datagrams(write("link.pcapng", section().append(interface(147)).append(enhanced(0, 0, packet))), [](const Datagram&) {});
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("link type 147 is not supported"), std::string::npos);
}

TEST_F(Capture, LaterFragmentsAreCountedAndLeftOut) {
  ExportBytes file = pcap(kEthernet);
  add_packet(file, framed(udp_packet(export_datagram(), 185)));
  int given = 0;
  const auto summary = read_datagrams(write("exports.pcap", file), [&](const Datagram&) { ++given; });
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->fragments, 1U);
  EXPECT_EQ(given, 0);
}

TEST_F(Capture, AnythingElseIsOneRawDatagram) {
  std::size_t bytes = 0;
  const auto path = write("export.dat", export_datagram());
  const auto summary = read_datagrams(path, [&](const Datagram& datagram) {
    EXPECT_FALSE(datagram.source);
    bytes += datagram.payload.size();
  });
  ASSERT_TRUE(summary);
  EXPECT_EQ(bytes, export_datagram().size());
  EXPECT_EQ(file_kind(path).value(), FileKind::Exports);
  EXPECT_FALSE(read_packets(path, [](const FlowRecord&) {}));
}

TEST_F(Capture, AFileOfIpfixMessagesIsReadMessageByMessage) {
  const ExportBytes two = ExportBytes{}.append(export_datagram()).append(export_datagram());
  std::vector<std::size_t> sizes;
  const auto keep = [&](const Datagram& datagram) { sizes.push_back(datagram.payload.size()); };
  const auto summary = read_datagrams(write("two.ipfix", two), keep);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->packets, 2U);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{export_datagram().size(), export_datagram().size()}));
  sizes.clear();
  ASSERT_TRUE(read_datagrams(write("two.dat", two), keep));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2 * export_datagram().size()})) << "named as one datagram, it is one";
  sizes.clear();
  const auto cut = read_datagrams(write("cut.ipfix", ExportBytes{}.append(two).u16(10).u16(500).zeros(30)), keep);
  ASSERT_FALSE(cut);
  EXPECT_NE(cut.error().message.find("after 2"), std::string::npos) << cut.error().message;
  EXPECT_EQ(sizes.size(), 2U) << "what was whole was given";
  EXPECT_FALSE(read_datagrams(write("other.ipfix", ExportBytes{}.append(two).text("something else")), keep));
}

TEST_F(Capture, CompressedFilesAreRefusedWithAWord) {
  const auto zipped = read_datagrams(write("exports.pcap.gz", ExportBytes{}.u16(0x1F8B).zeros(100)), [](const Datagram&) {});
  ASSERT_FALSE(zipped);
  EXPECT_NE(zipped.error().message.find("compressed"), std::string::npos);
}

TEST_F(Capture, SeveralFilesAreOneStreamInWhichTemplatesStayKnown) {
  const auto template_file = write("template.dat", test::ipfix(ExportBytes{}.set(2, ExportBytes{}.u16s({256, 1, 8, 4}))));
  const auto data_file = write("data.dat", test::ipfix(ExportBytes{}.set(256, ExportBytes{}.u32s({1, 2}))));
  const auto lost_file = write("lost.dat", test::ipfix(ExportBytes{}.set(300, ExportBytes{}.u32(1))));
  const auto bad_file = write("bad.dat", ExportBytes{}.text("GET / HTTP/1.0"));
  for (const auto& files : {std::vector{template_file, data_file}, std::vector{data_file, template_file}}) {
    ExportFiles exports;
    std::size_t flows = 0;
    for (const auto& file : files) {
      ASSERT_TRUE(exports.read(file, [&](const FlowRecord&, const auto& exporter) {
        ++flows;
        EXPECT_FALSE(exporter);
      }));
    }
    EXPECT_EQ(flows, 2U);
    EXPECT_EQ(exports.summary().sets_without_template, 0U);
    ASSERT_TRUE(exports.read(lost_file, [](const auto&...) {}));
    ASSERT_TRUE(exports.read(bad_file, [](const auto&...) {}));
    EXPECT_EQ(exports.summary().sets_without_template, 1U);
    EXPECT_EQ(exports.summary().refused, 1U);
    EXPECT_NE(exports.summary().first_refused.find("bad.dat: byte 0"), std::string::npos) << exports.summary().first_refused;
    EXPECT_EQ(exports.summary().datagrams, 4U);
  }
}

TEST_F(Capture, PacketsBecomeFlowsOfOnePacket) {
  ExportBytes file = pcap(kEthernet);
  add_packet(file, framed(udp_packet(ExportBytes{}.u32(0x01020304))));
  const auto path = write("packets.pcap", file);
  std::vector<FlowRecord> flows;
  ASSERT_TRUE(read_packets(path, [&](const FlowRecord& flow) { flows.push_back(flow); }));
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0].version, ExportVersion::Packet);
  EXPECT_EQ(flows[0].packets.value, 1U);
  EXPECT_EQ(flows[0].bytes.value, 14U + 28 + 4 + 10) << "on the wire, not in the file";
  EXPECT_EQ(test::time_text(flows[0].first), "2023-11-14T22:13:20.250Z");
  EXPECT_EQ(flows[0].first, flows[0].last);
  EXPECT_EQ(flows[0].dst_port, 2055);
  EXPECT_EQ(file_kind(path).value(), FileKind::Packets) << "UDP, but no export";
}

TEST_F(Capture, ErrorsNameTheFile) {
  const auto missing = read_datagrams("/nonexistent/file.pcap", [](const Datagram&) {});
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("/nonexistent/file.pcap"), std::string::npos);
  EXPECT_FALSE(read_datagrams(write("empty.dat", {}), [](const Datagram&) {}));
  EXPECT_FALSE(read_datagrams(write("big.dat", ExportBytes{}.u16(9).zeros(kMaxRawFile)), [](const Datagram&) {}));
  EXPECT_FALSE(read_datagrams(write("wifi.pcap", pcap(105)), [](const Datagram&) {}));
}

TEST_F(Capture, ABrokenEndGivesWhatWasBeforeItAndThenTheError) {
  ExportBytes file = pcap(kEthernet);
  add_packet(file, framed(udp_packet(export_datagram())));
  file.u32s({1, 2, 500, 500}).u32(0);
  int given = 0;
  EXPECT_FALSE(read_datagrams(write("cut.pcap", file), [&](const Datagram&) { ++given; }));
  EXPECT_EQ(given, 1);
}

}  // namespace
}  // namespace pinfold::flow
