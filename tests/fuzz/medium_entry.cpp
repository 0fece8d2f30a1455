#include "channels/chain_blocks.hpp"
#include "channels/entry_text.hpp"
#include "storage/bytes.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/scratch.hpp"

#include <nlohmann/json.hpp>

namespace {

using namespace igl;

void entry(std::string_view text) {
  auto x = entry_in(text);
  // The quick reader leaves what begins with a blank to the complete one.
  auto slow = entry_in(" " + std::string{text});
  fuzz::must(bool(x) == bool(slow), "the quick reader and the complete one agree");
  if (!x) {
    fuzz::must_speak(x.error());
    auto told = unreadable_at("at place 7", x.error(), text);
    fuzz::must(!told.reason.empty() && told.said.size() < 8000, "what cannot be read is told");
    fuzz::must(nlohmann::json::accept('"' + told.reason + '"'), "in a way that can be shown");
    return;
  }
  fuzz::must(slow->id == x->id && slow->content == x->content,
             "the quick reader finds what the complete one does");
  auto again = entry_in(text_of(*x));
  fuzz::must(again && again->id == x->id && again->content == x->content,
             "an entry that is written out reads the same");
}

struct chain_file {
  fuzz::scratch folder;
  std::shared_ptr<lmdb::environment> env;

  chain_file() {
    auto opened = lmdb::environment::open({.path = folder.path(),
                                           .databases = chain_databases::names(),
                                           .map_bytes = size_t{16} << 20});
    fuzz::must(bool(opened), "a chain opens");
    env = *opened;
  }
};

/// The value stands where each kind of value of a chain stands.
void chain(std::string_view value) {
  static const chain_file file;
  const chain_databases db{*file.env};
  std::string key;
  byte_writer{key}.u64(1);
  auto failed = file.env->write([&](lmdb::write_transaction& txn) -> caf::error {
    for (auto in : {db.blocks, db.heights, db.transactions, db.mined})
      txn.put(in, key, value);
    txn.put(db.chain, "tip", value);
    txn.put(db.ids, "id", value);
    chain_view view{txn, db};
    const auto look = [](auto&& what) {
      try {
        what();
      } catch (const damaged_value& why) {
        fuzz::must(*why.what() != '\0', "what is damaged is said");
      }
    };
    look([&] { view.counts(view.tip()); });
    look([&] { view.block_of(1); });
    look([&] { view.block_at(1); });
    look([&] { view.transaction_of("id"); });
    look([&] { view.entry_of(1); });
    look([&] { view.block_with(1); });
    return make_problem(errc::bad_request, "nothing of this stays");
  });
  fuzz::must(code_of(failed) == errc::bad_request, "a chain is read, whatever it holds");
}

} // namespace

// What somebody else wrote to a medium.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of(data, size);
  entry(text);
  chain(text);
  return 0;
}
