#include "stream/nats_session.hpp"

#include <fmt/format.h>

namespace pinfold::stream {
namespace {

constexpr int kConnectMs = 2000;
constexpr int kReconnectMs = 250;

}  // namespace

std::string describe(natsStatus status) {
  const char* more = nats_GetLastError(nullptr);
  return more == nullptr ? natsStatus_GetText(status) : fmt::format("{} ({})", natsStatus_GetText(status), more);
}

Owned<natsConnection> connect(const NatsOptions& options, std::string& error) {
  natsOptions* made = nullptr;
  natsStatus status = natsOptions_Create(&made);
  const Owned<natsOptions> how(made);
  std::vector<const char*> servers;
  for (const std::string& server : options.servers) {
    servers.push_back(server.c_str());
  }
  const auto then = [&status](auto&& step) { status = status == NATS_OK ? step() : status; };
  then([&] { return natsOptions_SetServers(made, servers.data(), static_cast<int>(servers.size())); });
  then([&] { return natsOptions_SetName(made, "pinfold"); });
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
  return status == NATS_OK;
}

}  // namespace pinfold::stream
