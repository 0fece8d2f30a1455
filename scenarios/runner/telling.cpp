#include "scenarios/runner/telling.hpp"

#include <algorithm>
#include <vector>

namespace igl::scenario {

namespace {

std::string padded(std::string text, size_t width) {
  if (text.size() < width)
    text.append(width - text.size(), ' ');
  return text;
}

/// Who settled without a job: an API, or whoever looks at the outside.
std::string author_of(const hop& x) {
  if (!x.what.lanes.empty())
    return "subscriber-desk";
  const bool node = x.at.is == process::kind::node;
  for (auto& event : x.what.events)
    switch (event.what) {
    case event_kind::message_posted:
      return "message-api";
    case event_kind::document_stored:
      return "document-api";
    case event_kind::subscribed:
    case event_kind::unsubscribed:
      return "subscriptions-api";
    case event_kind::channel_message_posted:
      return "channel-api";
    case event_kind::channel_message_changed:
      return "medium-observer";
    default:
      break;
    }
  if (!x.what.cursors.empty())
    return node ? "channel-observer" : "medium-observer";
  for (auto& job : x.what.opens)
    if (job.on == stream::channel_notifications)
      return "message-reception-api";
    else if (job.on == stream::subscription_requests)
      return "subscriptions-api";
  return "message-updater";
}

/// What the job is about, as its id says.
std::string subject_of(const job_ticket& ticket) {
  auto slash = ticket.id.find('/');
  auto rest = ticket.id.substr(slash == std::string::npos ? 0 : slash + 1);
  return rest.substr(0, rest.find('/'));
}

void add(std::string& to, const std::string& what) {
  to += (to.empty() ? "" : "; ") + what;
}

std::string streams_of(const hop& x) {
  std::vector<std::string> all;
  auto remember = [&](stream which) {
    auto name = to_string(which);
    if (std::find(all.begin(), all.end(), name) == all.end())
      all.push_back(name);
  };
  for (auto& job : x.what.opens)
    remember(job.on);
  const auto bit = uint32_t{1} << static_cast<unsigned>(stream::notifications);
  if (!x.what.tells.empty() && (x.result.stirred & bit) != 0)
    remember(stream::notifications);
  std::string text;
  for (auto& name : all)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

} // namespace

stream stream_of(const job_ticket& ticket) {
  // An id begins with the name of its order.
  auto order = std::string_view{ticket.id}.substr(0, ticket.id.find('/'));
  for (auto& entry : stream_catalogue())
    if (entry.order == order)
      return entry.id;
  return stream::inbox;
}

std::string told_by(const std::string& who, const std::string& what) {
  return padded(who, 4) + ' ' + what;
}

std::string told_of(const hop& x) {
  // Whoever asked these two has their answer.
  auto author = x.what.job ? std::string{} : author_of(x);
  if (author == "message-api" || author == "document-api")
    return {};
  std::string text;
  std::string last;
  for (auto& event : x.what.events) {
    // One subject, said once.
    add(text, (event.about == last ? "" : event.about + ": ") + sentence_of(event));
    last = event.about;
  }
  if (auto& job = x.what.job) {
    if (job->end == job_end::again)
      add(text, subject_of(job->ticket) + ": attempt " + std::to_string(job->ticket.attempt) +
                    " failed, again later: " + job->error);
    if (job->end == job_end::dead)
      add(text, subject_of(job->ticket) + ": given up, a dead letter now: " + job->error);
    if (job->end == job_end::postponed)
      add(text, subject_of(job->ticket) + ": later");
  }
  auto next = streams_of(x);
  if (text.empty() && next.empty())
    return {};
  if (!next.empty())
    text += (text.empty() ? "to " : ", to ") + next;
  auto& job = x.what.job;
  auto from = job ? stream_of(job->ticket) : stream::inbox;
  auto where =
      job ? padded(to_string(from), 22) + ' ' + padded(std::string{entry_of(from).consumer}, 27)
          : padded({}, 22) + ' ' + padded(author, 27);
  return told_by(x.at.label, where + ' ' + text);
}

std::string told_of(const subscriber& who, const subscriber::told& what) {
  return told_by(who.at, who.name + " was told " + what.predicate + " of " + what.about);
}

} // namespace igl::scenario
