#include "actors/document_store.hpp"

#include "actors/settling.hpp"

#include <algorithm>

namespace igl {

namespace {

using store_pointer = document_store_actor::stateful_pointer<document_store_state>;

constexpr uint32_t pieces_per_stretch = 4; // a megabyte: some milliseconds of hashing
constexpr uint32_t pieces_at_once = 4;     // on their way to the ledger

void end(store_pointer self, caf::expected<object_info> result) {
  auto done = std::move(self->state.done);
  self->state.done = nullptr;
  if (done)
    done(std::move(result));
  self->quit();
}

/// Nothing of an upload that failed stays; answers of pieces on their way mean nothing any more.
void fail(store_pointer self, const surroundings& around, caf::error why) {
  if (self->state.found.upload == 0) {
    end(self, std::move(why));
    return;
  }
  auto done = std::move(self->state.done);
  self->state.done = nullptr;
  auto ended = [=] {
    done(why);
    self->quit();
  };
  self->request(around.ledger, timeouts::settle, abandon_upload{self->state.found.upload})
      .then([=](const settled&) { ended(); }, [=](caf::error&) { ended(); });
}

caf::error unreadable(std::string_view what) {
  return make_problem(errc::storage_failed,
                      std::string{"the spooled document cannot be read: "}.append(what));
}

/// At most a piece; shorter or empty at the end of the file.
std::string next_piece(std::ifstream& file) {
  std::string bytes(document_piece_size, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return bytes;
}

void send_pieces(store_pointer self, const surroundings& around) {
  auto& state = self->state;
  while (state.sent < state.pieces && state.in_flight < pieces_at_once) {
    auto bytes = next_piece(state.file);
    auto expected = std::min<uint64_t>(
        document_piece_size, state.found.size - uint64_t{state.sent} * document_piece_size);
    if (bytes.size() != expected) {
      fail(self, around, unreadable("it changed while it was read"));
      return;
    }
    ++state.in_flight;
    self->request(around.ledger, timeouts::settle,
                  store_piece{state.found.upload, state.sent++, std::move(bytes)})
        .then(
            [=](const piece_stored&) {
              --self->state.in_flight;
              if (self->state.done)
                send_pieces(self, around);
            },
            [=](caf::error& why) {
              --self->state.in_flight;
              if (self->state.done)
                fail(self, around, std::move(why));
            });
  }
  if (state.sent == state.pieces && state.in_flight == 0)
    end(self, state.found);
}

void begin(store_pointer self, const surroundings& around) {
  self->request(around.ledger, timeouts::settle, begin_upload{})
      .then(
          [=](const upload_begun& x) {
            auto& state = self->state;
            state.found.upload = x.upload;
            state.pieces = static_cast<uint32_t>((state.found.size + document_piece_size - 1) /
                                                 document_piece_size);
            state.file.clear();
            state.file.seekg(0);
            send_pieces(self, around);
          },
          [=](caf::error& why) { end(self, std::move(why)); });
}

/// The whole file is hashed: is it the right one, and is it new?
void hashed(store_pointer self, const surroundings& around, const std::string& expected) {
  auto& found = self->state.found;
  found.multihash = self->state.hasher.finish();
  if (!expected.empty() && found.multihash != expected) {
    end(self, make_problem(errc::multihash_mismatch,
                           "asked for " + expected + ", got " + found.multihash));
    return;
  }
  self->request(around.reader, timeouts::read, find_object{found.multihash})
      .then(
          [=](const found_object& stored) {
            if (stored.info)
              end(self, self->state.found);
            else
              begin(self, around);
          },
          [=](caf::error& why) { end(self, std::move(why)); });
}

} // namespace

document_store_actor::behavior_type document_store(store_pointer self, surroundings around,
                                                   std::string expected) {
  return {
      [=](const store_document& asked) {
        auto answer = promise_of<object_info>(self);
        self->state.done = answer_with(answer);
        self->state.file.open(asked.path, std::ios::binary);
        if (self->state.file)
          self->send(self, caf::tick_atom::value);
        else
          end(self, unreadable("it cannot be opened: " + asked.path));
        return answer->unguarded();
      },
      [=](caf::tick_atom) {
        auto& state = self->state;
        for (uint32_t i = 0; i < pieces_per_stretch; ++i) {
          auto bytes = next_piece(state.file);
          state.found.size += bytes.size();
          state.hasher.update(bytes);
          if (state.file.bad()) {
            end(self, unreadable("the disk failed"));
            return;
          }
          if (bytes.size() < document_piece_size) {
            hashed(self, around, expected);
            return;
          }
        }
        self->send(self, caf::tick_atom::value);
      },
  };
}

} // namespace igl
