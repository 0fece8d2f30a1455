#include "storage/jetstream_consumer.hpp"

#include <algorithm>
#include <utility>

namespace igl {

namespace {

constexpr auto pull_expires = std::chrono::milliseconds{30000};
constexpr size_t least_remembered = 256;

auto now() {
  return pull_window::clock::now();
}

} // namespace

jetstream_consumer::jetstream_consumer(options how)
    : how_(std::move(how)),
      window_({how_.credit, how_.ack_wait, pull_expires, 2 * how_.heartbeat}) {}

void jetstream_consumer::attach(std::shared_ptr<nats_link> to,
                                const jetstream_api::stream_state& state) {
  detach();
  auto inbox = nats_link::fresh_inbox();
  std::unique_ptr<nats_link::subscription> listening;
  if (std::lock_guard g{lock_}; !paused_) {
    auto weak = weak_from_this();
    auto x = to->subscribe(inbox + ".*", [weak](const nats_message& m) {
      if (auto self = weak.lock())
        self->on_message(m);
    });
    if (!x)
      return; // the connection broke already; the next one will come
    listening = std::move(*x);
  }
  guard held{lock_};
  recognise(state);
  link_ = to;
  inbox_ = inbox;
  subscription_ = std::move(listening);
  troubled_ = false;
  for (auto& x : settled_)
    send(x, "+ACK");
  pull(held);
}

void jetstream_consumer::renew(const jetstream_api::stream_state& state) {
  guard held{lock_};
  if (!troubled_ && created_ == state.created)
    return;
  recognise(state);
  window_.forget_requests();
  troubled_ = false;
  pull(held);
}

void jetstream_consumer::detach() {
  guard held{lock_};
  window_.forget_requests();
  auto listening = std::move(subscription_);
  auto link = std::move(link_);
  held.unlock(); // ending a subscription waits for its callback
}

bool jetstream_consumer::attached() const {
  guard held{lock_};
  return link_ != nullptr;
}

void jetstream_consumer::tick() {
  guard held{lock_};
  window_.tick(now());
  pull(held);
}

void jetstream_consumer::acknowledge(const std::string& acknowledgement) {
  guard held{lock_};
  window_.settled(acknowledgement);
  send(acknowledgement, "+ACK");
  // To be said again on the next connection: nobody confirms it, and the job would come again only
  // after ack_wait.
  settled_.push_back(acknowledgement);
  if (settled_.size() > std::max<size_t>(least_remembered, 2 * how_.credit))
    settled_.pop_front();
  pull(held);
}

void jetstream_consumer::keep_alive(const std::string& acknowledgement) {
  guard held{lock_};
  window_.kept_alive(acknowledgement, now());
  send(acknowledgement, "+WPI");
}

void jetstream_consumer::pause() {
  guard held{lock_};
  paused_ = true;
  if (subscription_)
    subscription_->drain(); // what is under way comes to on_job and goes back from there
}

void jetstream_consumer::close() {
  guard held{lock_};
  paused_ = true;
  auto listening = std::move(subscription_);
  held.unlock();
}

void jetstream_consumer::on_message(const nats_message& x) {
  if (x.status == 0 && !x.reply.empty())
    on_job(x);
  else
    on_status(x);
}

void jetstream_consumer::on_job(const nats_message& x) {
  guard held{lock_};
  auto job = job_arrived{std::string{x.data}, tagged(x.reply)};
  highest_ = std::max(highest_, jetstream_api::sequence_of(x.reply));
  if (paused_ || window_.arrived(job.acknowledgement, now()) == pull_window::arrival::refused) {
    send(job.acknowledgement, "-NAK");
    return;
  }
  held.unlock();
  how_.on_job(std::move(job));
}

void jetstream_consumer::on_status(const nats_message& x) {
  guard held{lock_};
  window_.heard(now());
  if (x.status == 100)
    return;
  if (x.status == 408) { // the request expired
    window_.ended(x.left);
    pull(held);
    return;
  }
  // 503 no responders, 409 "Consumer Deleted", "Leadership Change", …: all requests are void.
  window_.forget_requests();
  auto gone = x.status == 503 || x.explanation.find("Deleted") != std::string_view::npos;
  if (!gone || std::exchange(troubled_, true))
    return; // `tick` asks again
  held.unlock();
  how_.on_trouble();
}

void jetstream_consumer::pull(guard&) {
  if (!link_ || paused_ || troubled_)
    return;
  auto batch = window_.next(now());
  if (batch == 0)
    return;
  auto err =
      link_->publish(haste::at_once, how_.names.pull(), inbox_ + "." + std::to_string(++last_pull_),
                     jetstream_api::pull_request(batch, pull_expires, how_.heartbeat));
  if (err)
    window_.forget_requests();
}

void jetstream_consumer::send(const std::string& acknowledgement, const char* verdict) {
  auto subject = untagged(acknowledgement);
  if (link_ && !subject.empty())
    link_->publish(haste::gathered, std::string{subject}, {}, verdict);
}

// A stream that was lost and created anew, or that a crash set back, gives the same numbers to
// other jobs. Acknowledging by an old number would then remove a job that nobody has done.
void jetstream_consumer::recognise(const jetstream_api::stream_state& state) {
  if (!created_.empty() && (created_ != state.created || state.last < highest_))
    ++incarnation_;
  if (created_ != state.created || state.last < highest_)
    highest_ = 0;
  created_ = state.created;
}

std::string jetstream_consumer::tagged(std::string_view reply) const {
  return std::to_string(incarnation_) + " " + std::string{reply};
}

std::string_view jetstream_consumer::untagged(const std::string& acknowledgement) const {
  auto tag = std::to_string(incarnation_) + " ";
  auto x = std::string_view{acknowledgement};
  return x.starts_with(tag) ? x.substr(tag.size()) : std::string_view{};
}

} // namespace igl
