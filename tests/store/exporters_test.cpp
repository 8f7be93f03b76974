// What is kept of flow exporters, in every kind of store.
#include "store/store_factory.hpp"

namespace pinfold::store {
namespace {

using records::ExporterRow;
using records::Transaction;

class Exporters : public StoreTest {
protected:
  void keep(const char* address, std::uint16_t port, std::vector<std::uint8_t> memory, WallTime when) {
    transact([&](Transaction& tx) { tx.exporters().keep({*net::IpAddress::parse(address), port, std::move(memory), when}); });
  }
  std::vector<ExporterRow> list() {
    return read([](Transaction& tx) { return tx.exporters().list(); });
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, Exporters, testing::ValuesIn(store_kinds()), [](const auto& kind) { return kind.param.name; });

TEST_P(Exporters, GivesBackTheBytesAfterARestart) {
  std::vector<std::uint8_t> all_bytes(256);
  for (std::size_t i = 0; i < all_bytes.size(); ++i) {
    all_bytes[i] = static_cast<std::uint8_t>(i);
  }
  keep("192.0.2.9", 0, all_bytes, at(5));
  keep("2001:db8::9", 2055, {1}, at(6));
  reopen();
  const auto rows = list();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(net::to_string(rows[0].address), "192.0.2.9");
  EXPECT_EQ(rows[0].memory, all_bytes);
  EXPECT_EQ(rows[0].kept, at(5));
  EXPECT_EQ(net::to_string(rows[1].address), "2001:db8::9");
  EXPECT_EQ(rows[1].port, 2055);
}

TEST_P(Exporters, TheLatestReplacesWhatWasKept) {
  keep("192.0.2.9", 0, {1}, at(5));
  keep("192.0.2.9", 0, {2, 3}, at(9));
  keep("192.0.2.9", 1, {4}, at(9));
  const auto rows = list();
  ASSERT_EQ(rows.size(), 2U) << "another port is another exporter";
  EXPECT_EQ(rows[0].memory, (std::vector<std::uint8_t>{2, 3}));
  EXPECT_EQ(rows[0].kept, at(9));
}

TEST_P(Exporters, NothingToRememberIsNoRow) {
  keep("192.0.2.9", 0, {1}, at(5));
  keep("192.0.2.9", 0, {}, at(6));
  EXPECT_TRUE(list().empty());
}

TEST_P(Exporters, ADamagedRowGivesNoBytesAndAllOthersStay) {
  keep("192.0.2.9", 0, {1}, at(5));
  keep("192.0.2.10", 0, {2}, at(5));
  x_fixture->sql("UPDATE exporters SET memory = 'xyz' WHERE address = '192.0.2.9'");
  const auto rows = list();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].memory, (std::vector<std::uint8_t>{2}));
  EXPECT_TRUE(rows[1].memory.empty());
  x_fixture->sql("UPDATE exporters SET address = 'nobody' WHERE address = '192.0.2.9'");
  EXPECT_THROW(list(), records::StoreError);
}

}  // namespace
}  // namespace pinfold::store
