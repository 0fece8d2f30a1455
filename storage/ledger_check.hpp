#pragma once

#include <caf/expected.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace igl {

/// What a check found.
struct ledger_checked {
  std::vector<std::string> faults; ///< a sentence each; of a kind that comes often only the first
  std::map<std::string, uint64_t> figures; ///< "messages" → 17
  bool good() const { return faults.empty(); }
};

/// Looks at everything in a ledger that nobody has open, or in a backup: every value's sum and
/// layout, events without gaps, every index against its records and the other way round, the
/// counters, each document's bytes against its multihash, and the journal. Changes nothing.
///
/// The walks go on in processes of their own: where a damaged page leads LMDB out of its file, that
/// process dies, which is a fault like others. `say` is told what is being looked at. To be called
/// by one who has no open environment and needs none of its threads meanwhile.
///
/// Fails with storage_locked, naming the process that has it, storage_format (no ledger, or one of
/// a former format) or storage_failed, where there is nothing to look at.
caf::expected<ledger_checked> check_ledger(const std::string& folder,
                                           const std::function<void(const std::string&)>& say);

} // namespace igl
