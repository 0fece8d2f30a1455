#include "channels/record_change.hpp"

#include "messages/json.hpp"
#include "messages/topic.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace igl::record_change {

event fact(event_kind what, const std::string& id, std::string detail) {
  event x;
  x.what = what;
  x.about = id;
  x.detail = std::move(detail);
  return x;
}

void change(settlement& into, channel_record& x, channel_status becomes, std::string detail,
            noise how, caf::timestamp now) {
  x.said.status = becomes;
  x.updated = now;
  into.events.push_back(fact(event_kind::channel_message_changed, x.said.id, std::move(detail)));
  if (how == noise::silent)
    return;
  message_changed news;
  news.about = x.said.id;
  news.cause = to_string(x.half) + "/" + to_string(becomes);
  auto body = nlohmann::json{{"id", x.said.id}}.dump();
  if (x.half == channel_half::receiving)
    news.notices.push_back({jurisdiction_topic(x.said.content.receiver), body});
  news.notices.push_back({x.said.id, body});
  if (x.half == channel_half::posting)
    news.notices.push_back({posted_topic(x.said.content.sender, to_string(becomes)), body});
  into.tells.push_back(std::move(news));
}

bool among(const std::vector<std::string>& codes, std::string_view code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

} // namespace igl::record_change
