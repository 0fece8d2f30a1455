#include "storage/nats_link.hpp"

#include "messages/errors.hpp"

#include <nats/nats.h>

#include <charconv>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace igl {

namespace {

constexpr int64_t ping_interval_ms = 5000;

/// Where a callback of the library enters. Shut: nothing comes through any more.
struct gate {
  // Recursive: a callback may destroy its own subscription.
  std::recursive_mutex passing;
  bool open = true;
  nats_link::heard on_message;
  std::function<void(std::string)> on_closed;

  void shut() {
    std::lock_guard until_the_callback_returns{passing};
    open = false;
  }
};

/// The library is given numbers instead of pointers: its threads may call long after everything
/// here is gone, and then find nothing.
class gates {
public:
  void* add(std::shared_ptr<gate> x) {
    std::lock_guard guard{lock_};
    all_.emplace(++last_, std::move(x));
    return reinterpret_cast<void*>(last_);
  }
  void remove(void* number) {
    std::lock_guard guard{lock_};
    all_.erase(reinterpret_cast<uintptr_t>(number));
  }
  std::shared_ptr<gate> find(void* number) {
    std::lock_guard guard{lock_};
    auto i = all_.find(reinterpret_cast<uintptr_t>(number));
    return i == all_.end() ? nullptr : i->second;
  }
  /// Never destroyed: the library's threads may outlive static objects.
  static gates& instance() {
    static auto* all = new gates;
    return *all;
  }

private:
  std::mutex lock_;
  uintptr_t last_ = 0;
  std::unordered_map<uintptr_t, std::shared_ptr<gate>> all_;
};

std::string_view view(const char* x) {
  return x ? std::string_view{x} : std::string_view{};
}

std::string_view header(natsMsg* from, const char* name) {
  const char* value = nullptr;
  return natsMsgHeader_Get(from, name, &value) == NATS_OK ? view(value) : std::string_view{};
}

int number_in(std::string_view text) {
  auto x = 0;
  std::from_chars(text.data(), text.data() + text.size(), x);
  return x;
}

/// Messages that are done with. The library frees each on a thread of its own, which it wakes for
/// that; a busy process spent a third of its system calls so. Here some are given back at once.
class done_messages {
public:
  done_messages() = default;
  done_messages(const done_messages&) = delete;
  done_messages& operator=(const done_messages&) = delete;
  ~done_messages() { give_back(); }

  void add(natsMsg* x) {
    bytes_ += static_cast<size_t>(natsMsg_GetDataLength(x));
    all_.push_back(x);
    if (all_.size() >= most_messages || bytes_ >= most_bytes)
      give_back();
  }

private:
  static constexpr size_t most_messages = 64;
  static constexpr size_t most_bytes = 256 * 1024;

  void give_back() {
    for (auto* x : all_)
      natsMsg_Destroy(x);
    all_.clear();
    bytes_ = 0;
  }

  std::vector<natsMsg*> all_;
  size_t bytes_ = 0;
};

thread_local done_messages done_with;

nats_message read(natsMsg* from) {
  nats_message x;
  x.subject = view(natsMsg_GetSubject(from));
  x.reply = view(natsMsg_GetReply(from));
  x.data = {natsMsg_GetData(from), static_cast<size_t>(natsMsg_GetDataLength(from))};
  // Only what carries nothing else has a status; reading headers costs more than all the rest.
  if (x.data.empty()) {
    x.status = number_in(header(from, "Status"));
    x.explanation = header(from, "Description");
    x.left = static_cast<uint32_t>(number_in(header(from, "Nats-Pending-Messages")));
  }
  return x;
}

void on_message(natsConnection*, natsSubscription*, natsMsg* m, void* number) {
  if (auto x = gates::instance().find(number)) {
    std::lock_guard guard{x->passing};
    if (x->open)
      x->on_message(read(m));
  }
  done_with.add(m);
}

void on_closed(natsConnection* nc, void* number) {
  auto x = gates::instance().find(number);
  if (!x)
    return;
  const char* why = nullptr;
  natsConnection_GetLastError(nc, &why);
  std::lock_guard guard{x->passing};
  if (x->open)
    x->on_closed(why && *why ? why : "the server closed the connection");
}

/// The default handler prints; a broken connection is reported by `on_closed` anyway.
void on_error(natsConnection*, natsSubscription*, natsStatus, void*) {}

std::string without_credentials(std::string url) {
  if (auto i = url.find("://"); i != std::string::npos)
    url.erase(0, i + 3);
  if (auto i = url.rfind('@'); i != std::string::npos)
    url.erase(0, i + 1);
  return url;
}

caf::error failed(natsStatus s) {
  return make_problem(errc::unavailable, std::string{"NATS server: "} + natsStatus_GetText(s));
}

class link final : public nats_link, public std::enable_shared_from_this<link> {
public:
  explicit link(std::function<void(std::string)> hears_of_end) : gate_(std::make_shared<gate>()) {
    gate_->on_closed = std::move(hears_of_end);
    number_ = gates::instance().add(gate_);
  }
  ~link() override {
    gates::instance().remove(number_);
    gate_->shut();
    natsConnection_Close(gathering_);
    natsConnection_Close(prompt_);
    for (auto x : retired_)
      natsSubscription_Destroy(x);
    natsConnection_Destroy(gathering_);
    natsConnection_Destroy(prompt_);
  }

  caf::error open(const std::string& url, const std::string& name,
                  std::chrono::milliseconds timeout) {
    auto s = connect(prompt_, url, name, timeout, haste::at_once);
    if (s == NATS_OK)
      s = connect(gathering_, url, name + ", gathered", timeout, haste::gathered);
    if (s != NATS_OK)
      return failed(s);
    char connected_to[512] = {};
    natsConnection_GetConnectedUrl(prompt_, connected_to, sizeof connected_to);
    address_ = without_credentials(connected_to);
    return {};
  }

  caf::expected<std::unique_ptr<subscription>> subscribe(const std::string& subject,
                                                         heard on_message) override;

  caf::error publish(haste how, const std::string& subject, const std::string& reply,
                     std::string_view payload, const std::string& message_id) override {
    auto on = how == haste::at_once ? prompt_ : gathering_;
    auto size = static_cast<int>(payload.size());
    auto to = reply.empty() ? nullptr : reply.c_str();
    natsStatus s;
    if (message_id.empty()) {
      s = to ? natsConnection_PublishRequest(on, subject.c_str(), to, payload.data(), size)
             : natsConnection_Publish(on, subject.c_str(), payload.data(), size);
    } else {
      natsMsg* m = nullptr;
      s = natsMsg_Create(&m, subject.c_str(), to, payload.data(), size);
      if (s == NATS_OK)
        s = natsMsgHeader_Set(m, "Nats-Msg-Id", message_id.c_str());
      if (s == NATS_OK)
        s = natsConnection_PublishMsg(on, m);
      if (m)
        done_with.add(m);
    }
    return s == NATS_OK ? caf::error{} : failed(s);
  }

  /// Destroys a subscription when the connection has ended. Before that, a message that is just
  /// coming in would be added to freed memory (nats.c up to 3.5.0, its issue 637).
  void retire(natsSubscription* x) {
    std::lock_guard guard{retiring_};
    retired_.push_back(x);
  }

  size_t largest_payload() const override {
    return static_cast<size_t>(natsConnection_GetMaxPayload(prompt_));
  }
  const std::string& address() const override { return address_; }

private:
  natsStatus connect(natsConnection*& out, const std::string& url, const std::string& name,
                     std::chrono::milliseconds timeout, haste how) const {
    natsOptions* raw = nullptr;
    auto s = natsOptions_Create(&raw);
    std::unique_ptr<natsOptions, void (*)(natsOptions*)> o{raw, natsOptions_Destroy};
    auto with = [&s](natsStatus next) {
      s = s == NATS_OK ? next : s;
    };
    with(natsOptions_SetURL(raw, url.c_str()));
    with(natsOptions_SetName(raw, name.c_str()));
    with(natsOptions_SetTimeout(raw, timeout.count()));
    with(natsOptions_SetAllowReconnect(raw, false));
    with(natsOptions_SetWriteDeadline(raw, timeout.count()));
    with(natsOptions_SetPingInterval(raw, ping_interval_ms));
    with(natsOptions_SetMaxPingsOut(raw, 2));
    with(natsOptions_SetSendAsap(raw, how == haste::at_once));
    with(natsOptions_SetErrorHandler(raw, on_error, nullptr));
    with(natsOptions_SetClosedCB(raw, igl::on_closed, number_));
    if (url.starts_with("tls://"))
      with(natsOptions_SetSecure(raw, true));
    return s == NATS_OK ? natsConnection_Connect(&out, raw) : s;
  }

  std::shared_ptr<gate> gate_;
  void* number_ = nullptr;
  natsConnection* prompt_ = nullptr;
  natsConnection* gathering_ = nullptr;
  std::mutex retiring_;
  std::vector<natsSubscription*> retired_;
  std::string address_;
};

class listening final : public nats_link::subscription {
public:
  listening(std::shared_ptr<link> on, nats_link::heard on_message)
      : link_(std::move(on)), gate_(std::make_shared<gate>()) {
    gate_->on_message = std::move(on_message);
    number_ = gates::instance().add(gate_);
  }
  ~listening() override {
    gates::instance().remove(number_);
    natsSubscription_Unsubscribe(subscription_);
    gate_->shut();
    link_->retire(subscription_);
  }

  natsStatus open(natsConnection* on, const std::string& subject) {
    auto s = natsConnection_Subscribe(&subscription_, on, subject.c_str(), on_message, number_);
    if (s == NATS_OK) // what comes is bounded by credit and by the publishes in flight
      s = natsSubscription_SetPendingLimits(subscription_, -1, -1);
    return s;
  }
  void drain() override { natsSubscription_Drain(subscription_); }

private:
  std::shared_ptr<link> link_;
  std::shared_ptr<gate> gate_;
  void* number_ = nullptr;
  natsSubscription* subscription_ = nullptr;
};

caf::expected<std::unique_ptr<nats_link::subscription>> link::subscribe(const std::string& subject,
                                                                        heard on_message) {
  auto x = std::make_unique<listening>(shared_from_this(), std::move(on_message));
  auto s = x->open(prompt_, subject);
  if (s != NATS_OK)
    return failed(s);
  return std::unique_ptr<subscription>{std::move(x)};
}

} // namespace

caf::expected<std::shared_ptr<nats_link>>
nats_link::open(const std::string& url, const std::string& name, std::chrono::milliseconds timeout,
                std::function<void(std::string)> on_closed) {
  auto x = std::make_shared<link>(std::move(on_closed));
  if (auto err = x->open(url, name, timeout))
    return err;
  return std::shared_ptr<nats_link>{std::move(x)};
}

std::string nats_link::fresh_inbox() {
  natsInbox* raw = nullptr;
  natsInbox_Create(&raw);
  std::string x = raw ? raw : "";
  natsInbox_Destroy(raw);
  return x;
}

} // namespace igl
