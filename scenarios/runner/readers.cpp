#include "scenarios/runner/readers.hpp"

#include "messages/errors.hpp"
#include "messages/multihash.hpp"
#include "scenarios/runner/telling.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace igl::scenario {

bool readers::stored(const std::string& node, const std::string& hash, const std::string& reader,
                     const std::vector<std::string>& links) {
  auto& x = at_[node][hash];
  x.readers.insert(reader);
  links_[hash] = links;
  return std::exchange(x.is_here, true);
}

void readers::saw(const hop& x) {
  if (x.at.is != process::kind::node)
    return;
  // What a message says is its receiver's to read; what comes from abroad is its fetcher's.
  for (auto& change : x.what.messages)
    if (auto hash = document_of(change.record.content.obj))
      at_[x.at.nation][*hash].readers.insert(change.record.content.receiver);
  for (auto& object : x.what.objects)
    at_[x.at.nation][object.multihash].is_here = true;
  if (x.what.job && stream_of(x.what.job->ticket) == stream::object_retrieval)
    for (auto& grant : x.what.grants)
      at_[x.at.nation][grant.multihash].readers.insert(x.at.nation);
}

void readers::look(world& of, const process& at, const ledger& book,
                   std::vector<std::string>& wrong) const {
  auto here = at_.find(at.label);
  if (here == at_.end())
    return;
  for (auto& [hash, x] : here->second) {
    auto found = book.read(find_object{hash});
    if (!found)
      wrong.push_back(at.label + " cannot be asked for " + hash + ": " +
                      sentence_of(found.error()));
    else if (x.is_here && !found->info)
      wrong.push_back(at.label + " stored " + hash + " and lost it");
    for (auto& y : of.processes())
      if (y->is == process::kind::node && x.readers.count(y->nation) == 0)
        if (auto may = book.read(may_read{hash, y->nation}); may && may->granted)
          wrong.push_back(y->nation + " may read " + hash + " at " + at.label +
                          ", for which it is not");
  }
}

std::vector<std::string> readers::missing(const message& x, const ledger& of_receiver) const {
  constexpr int followed = 4; // as nodes do that are not told otherwise
  std::vector<std::string> all, nearest;
  auto from = at_.find(x.sender);
  auto at_sender = [&](const std::string& hash) {
    auto found = from == at_.end() ? nullptr : &from->second;
    auto place = found == nullptr ? decltype(found->end()){} : found->find(hash);
    return found != nullptr && place != found->end() && place->second.is_here;
  };
  if (auto hash = document_of(x.obj); hash && at_sender(*hash))
    nearest.push_back(*hash);
  for (int depth = 0; depth <= followed && !nearest.empty(); ++depth) {
    std::vector<std::string> next;
    for (auto& hash : nearest) {
      auto found = of_receiver.read(find_object{hash});
      auto may = of_receiver.read(may_read{hash, x.receiver});
      if (!found || !may)
        continue; // somebody else says so
      if (!found->info || !may->granted) {
        all.push_back(hash);
        continue;
      }
      auto links = links_.find(hash);
      if (links != links_.end())
        std::copy_if(links->second.begin(), links->second.end(), std::back_inserter(next),
                     at_sender);
    }
    nearest = std::move(next);
  }
  return all;
}

} // namespace igl::scenario
