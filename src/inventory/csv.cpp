#include "inventory/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "inventory/csv_lines.hpp"
#include "inventory/csv_row.hpp"

namespace pinfold::inventory {
namespace {

/// Takes lines one by one and refuses what contradicts an earlier one.
class Builder {
public:
  [[nodiscard]] Expected<void, Fault> add(const Cells& cells, std::size_t line) {
    if (auto good = cells.check_text(); !good) {
      return good;
    }
    auto customer = parse_customer(cells);
    if (!customer) {
      return Unexpected(std::move(customer).error());
    }
    if (auto good = add_customer(std::move(customer).value(), line); !good) {
      return good;
    }
    auto server = parse_server(cells);
    if (!server) {
      return Unexpected(std::move(server).error());
    }
    return add_server(std::move(server).value(), line);
  }

  /// The line of a customer whose reseller is nobody here; nullopt: none.
  [[nodiscard]] std::optional<std::size_t> line_without_reseller() const {
    for (const Customer& customer : x_customers) {
      if (customer.reseller && !x_customer_at.contains(*customer.reseller)) {
        return x_customer_at.at(customer.id).second;
      }
    }
    return std::nullopt;
  }
  [[nodiscard]] Inventory build() && { return Inventory(std::move(x_customers), std::move(x_servers)); }

private:
  struct Claim {
    net::Prefix prefix;
    std::size_t line = 0;
  };

  [[nodiscard]] Expected<void, Fault> add_customer(Customer customer, std::size_t line) {
    const auto [known, is_new] = x_customer_at.try_emplace(customer.id, x_customers.size(), line);
    if (is_new) {
      x_customers.push_back(std::move(customer));
      return {};
    }
    const Customer& earlier = x_customers[known->second.first];
    if (earlier.name != customer.name) {
      return fault(Column::CustomerName, fmt::format("differs from line {}: the same customer there is \"{}\"", known->second.second, earlier.name));
    }
    if (earlier.contacts != customer.contacts) {
      const bool language_only = earlier.contacts.front().language != customer.contacts.front().language;
      return fault(language_only ? Column::Language : Column::Contacts,
                   fmt::format("differs from line {} for the same customer", known->second.second));
    }
    if (earlier != customer) {
      return fault(Column::Customer,
                   fmt::format("account, phone, reseller or notify differ from line {} for the same customer", known->second.second));
    }
    return {};
  }

  [[nodiscard]] Expected<void, Fault> add_server(Server server, std::size_t line) {
    if (x_servers.size() >= kMaxServers) {
      return fault(fmt::format("more than {} servers", kMaxServers));
    }
    if (const auto [known, is_new] = x_server_line.try_emplace(server.id, line); !is_new) {
      return fault(Column::Server, fmt::format("\"{}\" stands on line {} already", server.id.value, known->second));
    }
    for (const net::Prefix& prefix : server.addresses) {
      if (const Claim* other = overlapping(prefix)) {
        return fault(Column::Addresses, fmt::format("{} overlaps {} on line {}", to_string(prefix), to_string(other->prefix), other->line));
      }
      x_claims.emplace(prefix.address(), Claim{prefix, line});
    }
    if (server.mac) {
      if (const auto [known, is_new] = x_mac_line.try_emplace(*server.mac, line); !is_new) {
        return fault(Column::Mac, fmt::format("{} stands on line {} already", to_string(*server.mac), known->second));
      }
    }
    x_servers.push_back(std::move(server));
    return {};
  }

  /// The claims so far do not overlap each other, so only the neighbours on both sides can.
  [[nodiscard]] const Claim* overlapping(const net::Prefix& prefix) const {
    const auto behind = x_claims.upper_bound(prefix.address());
    if (behind != x_claims.begin() && std::prev(behind)->second.prefix.contains(prefix.address())) {
      return &std::prev(behind)->second;
    }
    return behind != x_claims.end() && prefix.contains(behind->first) ? &behind->second : nullptr;
  }

  std::vector<Customer> x_customers;
  std::vector<Server> x_servers;
  std::map<CustomerId, std::pair<std::size_t, std::size_t>> x_customer_at;  ///< index, line
  std::map<ServerId, std::size_t> x_server_line;
  std::map<net::MacAddress, std::size_t> x_mac_line;
  std::map<net::IpAddress, Claim> x_claims;
};

/// The header line: which column each cell is.
Expected<std::vector<std::size_t>, Fault> parse_header(const std::vector<std::string>& cells) {
  std::vector<std::size_t> columns;
  for (const std::string& cell : cells) {
    const auto found = std::find(kColumnNames.begin(), kColumnNames.end(), cell);
    if (found == kColumnNames.end()) {
      return Unexpected(Fault{printable(cell, kMaxCell), "unknown column"});
    }
    const auto column = static_cast<std::size_t>(found - kColumnNames.begin());
    if (std::find(columns.begin(), columns.end(), column) != columns.end()) {
      return Unexpected(Fault{cell, "the column stands in the header twice"});
    }
    columns.push_back(column);
  }
  for (std::size_t i = 0; i < kColumnNames.size(); ++i) {
    if (i < index_of(kFirstOptional) && std::find(columns.begin(), columns.end(), i) == columns.end()) {
      return fault(static_cast<Column>(i), "the header has no such column");
    }
  }
  return columns;
}

Expected<void, Fault> add_line(Builder& builder, const std::vector<std::size_t>& columns, CsvLine line) {
  if (line.cells.size() != columns.size()) {
    return fault(fmt::format("{} cells, but the header has {}", line.cells.size(), columns.size()));
  }
  const std::size_t number = line.number;
  return builder.add(Cells(columns, std::move(line.cells)), number);
}

}  // namespace

Expected<Inventory, ImportError> parse_csv(std::string_view text, std::string_view file_name) {
  const auto refuse = [&](std::size_t line, const Fault& f) { return Unexpected(ImportError{std::string(file_name), line, f.field, f.what}); };
  if (text.size() > kMaxCsvBytes) {
    return refuse(0, {"", fmt::format("larger than {} MiB", kMaxCsvBytes / 1024 / 1024)});
  }
  CsvLines lines(text);
  std::optional<std::vector<std::size_t>> columns;
  Builder builder;
  for (;;) {
    auto line = lines.next();
    if (!line) {
      return refuse(line.error().line, {"", line.error().what});
    }
    if (!*line) {
      break;
    }
    const std::size_t number = (*line)->number;
    if (!columns) {
      auto header = parse_header((*line)->cells);
      if (!header) {
        return refuse(number, header.error());
      }
      columns = std::move(header).value();
    } else if (const auto added = add_line(builder, *columns, *std::move(*line)); !added) {
      return refuse(number, added.error());
    }
  }
  if (!columns) {
    return refuse(1, {"", "the file is empty; its first line must name the columns"});
  }
  if (const auto line = builder.line_without_reseller()) {
    return refuse(*line, {"reseller", "no such customer in this file"});
  }
  return std::move(builder).build();
}

}  // namespace pinfold::inventory
