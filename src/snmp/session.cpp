#include "snmp/session.hpp"

// The library's headers must come in this order.
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

namespace pinfold::snmp {

namespace {

using Kind = Error::Kind;
static_assert(sizeof(oid) == sizeof(unsigned long));
constexpr std::size_t kMinSecret = USM_LENGTH_P_MIN;

[[nodiscard]] std::mutex& library_lock() {
  static std::mutex lock;
  return lock;
}

/// Once a process, under the lock.
void start_library() {
  static const bool started = [] {
    for (const int option : {NETSNMP_DS_LIB_DONT_READ_CONFIGS, NETSNMP_DS_LIB_DONT_PERSIST_STATE, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD,
                             NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, NETSNMP_DS_LIB_DONT_LOAD_HOST_FILES, NETSNMP_DS_LIB_ALARM_DONT_USE_SIG}) {
      netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, option, 1);
    }
    netsnmp_setenv("MIBS", "", 1);
    netsnmp_setenv("MIBDIRS", "", 1);
    snmp_disable_log();  // everything worth saying comes back as an Error
    init_snmp("pinfold");
    return true;
  }();
  static_cast<void>(started);
}

struct PduDeleter {
  void operator()(netsnmp_pdu* pdu) const { snmp_free_pdu(pdu); }
};
using Pdu = std::unique_ptr<netsnmp_pdu, PduDeleter>;

/// Says that the request was not carried out, rather than that its answer was lost.
[[nodiscard]] Kind kind_of(int library_error) {
  switch (library_error) {
    case SNMPERR_BAD_SENDTO:
    case SNMPERR_NO_SOCKET: return Kind::Unreachable;
    case SNMPERR_TIMEOUT: return Kind::Timeout;
    case SNMPERR_UNKNOWN_USER_NAME:
    case SNMPERR_USM_UNKNOWNSECURITYNAME:
    case SNMPERR_AUTHENTICATION_FAILURE:
    case SNMPERR_USM_AUTHENTICATIONFAILURE:
    case SNMPERR_DECRYPTION_ERR:
    case SNMPERR_USM_DECRYPTIONERROR:
    case SNMPERR_UNSUPPORTED_SEC_LEVEL:
    case SNMPERR_USM_UNSUPPORTEDSECURITYLEVEL:
    case SNMPERR_UNKNOWN_ENG_ID: return Kind::Refused;
    default: return Kind::Malformed;
  }
}

[[nodiscard]] Kind kind_of_status(long status) {
  return status == SNMP_ERR_GENERR || status == SNMP_ERR_UNDOFAILED ? Kind::Malformed : Kind::Refused;
}

/// One exchange. Takes the request, as the library does.
[[nodiscard]] Expected<Pdu, Error> exchange(void* handle, netsnmp_pdu* request, const std::string& peer) {
  netsnmp_pdu* raw = nullptr;
  const int status = snmp_sess_synch_response(handle, request, &raw);
  Pdu answer(raw);
  if (status == STAT_TIMEOUT) {
    return Unexpected(Error{Kind::Timeout, fmt::format("{}: no answer", peer)});
  }
  if (status != STAT_SUCCESS || !answer) {
    int library_error = 0;
    char* text = nullptr;
    snmp_sess_error(handle, nullptr, &library_error, &text);
    const std::unique_ptr<char, decltype(&std::free)> owner(text, &std::free);
    return Unexpected(Error{kind_of(library_error), fmt::format("{}: {}", peer, text == nullptr ? "no usable answer" : text)});
  }
  if (answer->errstat != SNMP_ERR_NOERROR) {
    return Unexpected(Error{kind_of_status(answer->errstat), fmt::format("{}: {}", peer, snmp_errstring(static_cast<int>(answer->errstat)))});
  }
  return answer;
}

[[nodiscard]] Value value_of(const netsnmp_variable_list& variable) {
  switch (variable.type) {
    case ASN_INTEGER: return std::int64_t{*variable.val.integer};
    case ASN_COUNTER:
    case ASN_GAUGE:
    case ASN_TIMETICKS: return static_cast<std::int64_t>(static_cast<std::uint32_t>(*variable.val.integer));
    case ASN_COUNTER64: return static_cast<std::int64_t>((std::uint64_t{variable.val.counter64->high} << 32U) | variable.val.counter64->low);
    case ASN_OCTET_STR: return std::string(variable.val.string, variable.val.string + std::min(variable.val_len, kMaxOctets));  // bytes, not text
    default: return std::monostate{};
  }
}

[[nodiscard]] std::vector<Varbind> varbinds_of(const netsnmp_pdu& pdu) {
  std::vector<Varbind> all;
  for (const netsnmp_variable_list* v = pdu.variables; v != nullptr; v = v->next_variable) {
    all.push_back({Oid(v->name, v->name + v->name_length), value_of(*v)});
  }
  return all;
}

[[nodiscard]] bool is_below(const Oid& name, const Oid& root) {
  return name.size() > root.size() && std::equal(root.begin(), root.end(), name.begin());
}

[[nodiscard]] std::string peer_name(const Settings& settings) {
  const std::string address = net::to_string(settings.host);
  return settings.host.is_v4() ? fmt::format("udp:{}:{}", address, settings.port) : fmt::format("udp6:[{}]:{}", address, settings.port);
}

/// A user that an earlier session left in the library's table would be taken with its old keys.
void forget_user(const netsnmp_session& opened) {
  if (opened.securityName == nullptr) {  // v2c has no users
    return;
  }
  if (usmUser* known = usm_get_user(opened.securityEngineID, opened.securityEngineIDLen, opened.securityName); known != nullptr) {
    usm_remove_user(known);
    usm_free_user(known);
  }
}

}  // namespace

std::string to_string(const Oid& oid) {
  std::string text;
  for (const unsigned long part : oid) {
    text += "." + std::to_string(part);
  }
  return text;
}

Oid below(Oid parent, std::initializer_list<unsigned long> tail) {
  parent.insert(parent.end(), tail);
  return parent;
}

Expected<Session, Error> Session::open(const Settings& settings) {
  const std::lock_guard lock(library_lock());
  start_library();
  return settings.community.empty() ? open_v3(settings) : open_v2c(settings);
}

Expected<Session, Error> Session::open_v2c(const Settings& settings) {
  std::string peer = peer_name(settings);
  std::vector<u_char> community(settings.community.begin(), settings.community.end());
  netsnmp_session wanted{};
  snmp_sess_init(&wanted);
  wanted.version = SNMP_VERSION_2c;
  wanted.peername = peer.data();
  wanted.community = community.data();
  wanted.community_len = community.size();
  wanted.timeout = static_cast<long>(settings.timeout.count());
  wanted.retries = static_cast<int>(settings.retries);
  void* handle = snmp_sess_open(&wanted);
  if (handle == nullptr) {
    return Unexpected(Error{Kind::Unreachable, fmt::format("{}: {}", peer, snmp_api_errstring(wanted.s_snmp_errno))});
  }
  return Session(handle, std::move(peer));
}

Expected<Session, Error> Session::open_v3(const Settings& settings) {
  std::string peer = peer_name(settings);
  std::string user = settings.user;
  auto auth = std::to_array(usmHMAC192SHA256AuthProtocol);
  auto priv = std::to_array(usmAESPrivProtocol);

  netsnmp_session wanted{};
  snmp_sess_init(&wanted);
  wanted.version = SNMP_VERSION_3;
  wanted.peername = peer.data();
  wanted.securityName = user.data();
  wanted.securityNameLen = user.size();
  wanted.securityLevel = SNMP_SEC_LEVEL_AUTHPRIV;
  wanted.timeout = static_cast<long>(settings.timeout.count());
  wanted.retries = static_cast<int>(settings.retries);
  wanted.securityAuthProto = auth.data();
  wanted.securityAuthProtoLen = auth.size();
  wanted.securityAuthKeyLen = USM_AUTH_KU_LEN;
  wanted.securityPrivProto = priv.data();
  wanted.securityPrivProtoLen = priv.size();
  wanted.securityPrivKeyLen = USM_PRIV_KU_LEN;
  const auto derive = [&](const std::string& secret, u_char* key, std::size_t* length) {
    if (secret.size() < kMinSecret) {  // asked here, because the library would print it
      return false;
    }
    std::vector<u_char> bytes(secret.begin(), secret.end());
    return generate_Ku(auth.data(), static_cast<u_int>(auth.size()), bytes.data(), bytes.size(), key, length) == SNMPERR_SUCCESS;
  };
  if (!derive(settings.auth_secret, wanted.securityAuthKey, &wanted.securityAuthKeyLen) ||
      !derive(settings.priv_secret, wanted.securityPrivKey, &wanted.securityPrivKeyLen)) {
    return Unexpected(Error{Kind::Refused, peer + ": the secrets must have at least 8 characters each"});
  }
  void* handle = snmp_sess_open(&wanted);
  if (handle == nullptr) {
    return Unexpected(Error{Kind::Unreachable, fmt::format("{}: {}", peer, snmp_api_errstring(wanted.s_snmp_errno))});
  }
  return Session(handle, std::move(peer));
}

Session::Session(Session&& other) noexcept
    : x_handle(std::exchange(other.x_handle, nullptr)), x_peer(std::move(other.x_peer)), x_fell_silent(other.x_fell_silent) {}

Session& Session::operator=(Session&& other) noexcept {
  if (this != &other) {
    close();
    x_handle = std::exchange(other.x_handle, nullptr);
    x_peer = std::move(other.x_peer);
    x_fell_silent = other.x_fell_silent;
  }
  return *this;
}

Session::~Session() { close(); }

void Session::close() noexcept {
  if (x_handle != nullptr) {
    const std::lock_guard lock(library_lock());
    forget_user(*snmp_sess_session(x_handle));
    snmp_sess_close(x_handle);
    x_handle = nullptr;
  }
}

Unexpected<Error> Session::unread(const Error& error) {
  x_fell_silent = x_fell_silent || error.kind != Kind::Refused;
  return Unexpected(error);
}

Expected<std::vector<Varbind>, Error> Session::get(const std::vector<Oid>& names) {
  const std::lock_guard lock(library_lock());
  netsnmp_pdu* request = snmp_pdu_create(SNMP_MSG_GET);
  for (const Oid& name : names) {
    snmp_add_null_var(request, name.data(), name.size());
  }
  auto answer = exchange(x_handle, request, x_peer);
  if (!answer) {
    return unread(answer.error());
  }
  std::vector<Varbind> all = varbinds_of(**answer);
  if (!std::equal(all.begin(), all.end(), names.begin(), names.end(), [](const Varbind& got, const Oid& asked) { return got.name == asked; })) {
    return Unexpected(Error{Kind::Malformed, x_peer + ": the answer is about other objects than were asked for"});
  }
  return all;
}

Expected<std::vector<Varbind>, Error> Session::walk(const Oid& root, std::size_t max_rows) {
  std::vector<Varbind> rows;
  Oid at = root;
  while (true) {
    const std::lock_guard lock(library_lock());
    netsnmp_pdu* request = snmp_pdu_create(SNMP_MSG_GETBULK);
    request->non_repeaters = 0;
    request->max_repetitions = kMaxRepetitions;
    snmp_add_null_var(request, at.data(), at.size());
    auto answer = exchange(x_handle, request, x_peer);
    if (!answer) {
      return unread(answer.error());
    }
    const std::vector<Varbind> part = varbinds_of(**answer);
    if (part.empty()) {
      return rows;
    }
    for (const Varbind& row : part) {
      const bool at_end = std::holds_alternative<std::monostate>(row.value) && row.name == at;  // endOfMibView repeats the name
      if (at_end || !is_below(row.name, root)) {
        return rows;
      }
      if (!(at < row.name)) {
        return Unexpected(Error{Kind::Malformed, fmt::format("{}: the walk of {} does not advance", x_peer, to_string(root))});
      }
      if (rows.size() == max_rows) {
        return Unexpected(Error{Kind::Malformed, fmt::format("{}: {} has more than {} rows", x_peer, to_string(root), max_rows)});
      }
      rows.push_back(row);
      at = row.name;
    }
  }
}

Expected<void, Error> Session::set(const std::vector<Assignment>& assignments) {
  const std::lock_guard lock(library_lock());
  netsnmp_pdu* request = snmp_pdu_create(SNMP_MSG_SET);
  for (const Assignment& one : assignments) {
    const long number = static_cast<long>(one.value);
    snmp_pdu_add_variable(request, one.name.data(), one.name.size(), one.is_unsigned ? ASN_UNSIGNED : ASN_INTEGER, &number, sizeof number);
  }
  netsnmp_session* session = snmp_sess_session(x_handle);
  const int retries = std::exchange(session->retries, 0);  // a set that is not answered is read, never sent again
  auto answer = exchange(x_handle, request, x_peer);
  session->retries = retries;
  if (!answer) {
    return Unexpected(answer.error());
  }
  return {};
}

}  // namespace pinfold::snmp
