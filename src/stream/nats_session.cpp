#include "stream/nats_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

namespace pinfold::stream {
namespace {

constexpr int kConnectMs = 2000;
constexpr int kReconnectMs = 250;
constexpr int kWriteMs = 2000;

}  // namespace

std::string describe(natsStatus status) {
  const char* more = nats_GetLastError(nullptr);
  return more == nullptr ? natsStatus_GetText(status) : fmt::format("{} ({})", natsStatus_GetText(status), more);
}

std::string server_of(natsConnection* connection) {
  std::array<char, 256> url{};
  return connection != nullptr && natsConnection_GetConnectedUrl(connection, url.data(), url.size()) == NATS_OK ? url.data() : std::string{};
}

Owned<natsConnection> connect(const NatsOptions& options, const std::string& avoid, std::string& error) {
  natsOptions* made = nullptr;
  natsStatus status = natsOptions_Create(&made);
  const Owned<natsOptions> how(made);
  std::vector<const char*> servers;
  for (const std::string& server : options.servers) {
    servers.push_back(server.c_str());
  }
  std::shuffle(servers.begin(), servers.end(), std::random_device{});
  std::stable_partition(servers.begin(), servers.end(), [&](const char* server) { return server != avoid; });
  const auto then = [&status](auto&& step) { status = status == NATS_OK ? step() : status; };
  then([&] { return natsOptions_SetServers(made, servers.data(), static_cast<int>(servers.size())); });
  then([&] { return natsOptions_SetNoRandomize(made, true); });
  then([&] { return natsOptions_SetName(made, "pinfold"); });
  then([&] { return natsOptions_SetPingInterval(made, kPingMs); });
  then([&] { return natsOptions_SetMaxPingsOut(made, kMostPings); });
  then([&] { return natsOptions_SetWriteDeadline(made, kWriteMs); });
  then([&] { return natsOptions_SetTimeout(made, kConnectMs); });
  then([&] { return natsOptions_SetMaxReconnect(made, -1); });
  then([&] { return natsOptions_SetReconnectWait(made, kReconnectMs); });
  if (!options.credentials.empty()) {
    then([&] { return natsOptions_SetUserCredentialsFromFiles(made, options.credentials.c_str(), nullptr); });
  }
  if (!options.ca.empty()) {
    then([&] { return natsOptions_SetSecure(made, true); });
    then([&] { return natsOptions_LoadCATrustedCertificates(made, options.ca.c_str()); });
  }
  natsConnection* connection = nullptr;
  then([&] { return natsConnection_Connect(&connection, made); });
  if (status != NATS_OK) {
    error = describe(status);
  }
  return Owned<natsConnection>(connection);
}

bool has_leader(const jsStreamInfo* info) {
  return info != nullptr && (info->Cluster == nullptr || (info->Cluster->Leader != nullptr && *info->Cluster->Leader != '\0'));
}

bool ensure_stream(jsCtx* context, const NatsOptions& options, std::string& error) {
  jsErrCode code = jsErrCode{};
  jsStreamInfo* info = nullptr;
  natsStatus status = js_GetStreamInfo(&info, context, options.stream.c_str(), nullptr, &code);
  if (status == NATS_NOT_FOUND) {
    jsStreamConfig config;
    status = jsStreamConfig_Init(&config);
    const char* subject = "flow.*";
    config.Name = options.stream.c_str();
    config.Subjects = &subject;
    config.SubjectsLen = 1;
    config.Storage = js_FileStorage;
    config.Replicas = options.replicas;
    config.MaxAge = Nanos{options.keep}.count();
    config.Discard = js_DiscardOld;
    status = status == NATS_OK ? js_AddStream(&info, context, &config, nullptr, &code) : status;
  }
  const Owned<jsStreamInfo> owned(info);
  if (status != NATS_OK) {
    error = fmt::format("stream {}: {}", options.stream, describe(status));
  }
  if (status == NATS_OK && !has_leader(info)) {
    error = fmt::format("stream {}: has no leader", options.stream);
    return false;
  }
  return status == NATS_OK;
}

}  // namespace pinfold::stream
