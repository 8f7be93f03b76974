/// The acceptable use policy's versions in time: published now, in force from a day on; customers are told what differs, once each.
/// Used by: `pinfold aup`, notices ("Our terms"). Threads: any. Clock: the caller's.
/// Bounds:  the setting `aup/N/from` a version; one letter a version and address (its key in the outbox makes it so).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "inventory/inventory.hpp"
#include "records/store.hpp"

namespace pinfold::engine {

/// A version is in force from its own day on; without one, from its publication.
[[nodiscard]] WallTime in_force_from(records::Transaction& tx, const records::AupVersion& version);
/// The version that holds at that time; nullopt: none has been published, or none is in force yet.
[[nodiscard]] std::optional<records::AupVersion> terms_at(records::Transaction& tx, WallTime now);
/// The new version's number.
unsigned publish_terms(records::Transaction& tx, std::string_view markdown, WallTime from, WallTime now);

/// What differs from the version before it, without what is the same.
[[nodiscard]] std::vector<std::string> changes_of(records::Transaction& tx, unsigned version);

/// A letter to the first contact of every customer (a reseller's customers through the reseller, as notices go). How many were queued now;
/// who was told of this version already is not told again.
std::size_t tell_customers(records::Transaction& tx, const inventory::Inventory& all, unsigned version, const std::string& link, WallTime now);

struct TermsReach {
  std::size_t told = 0;      ///< letters that our mail server took
  std::size_t waiting = 0;   ///< still queued
  std::size_t failed = 0;    ///< refused, or bounced at once
  std::size_t untold = 0;    ///< customers to whom no letter was ever queued
  std::size_t accepted = 0;  ///< customers on record as having accepted
};
[[nodiscard]] TermsReach reach_of_terms(records::Transaction& tx, const inventory::Inventory& all, unsigned version);

}  // namespace pinfold::engine
