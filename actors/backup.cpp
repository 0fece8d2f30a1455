#include "actors/backup.hpp"

#include "actors/supervisor.hpp"
#include "messages/probes.hpp"
#include "messages/timeouts.hpp"

#include <caf/all.hpp>
#include <spdlog/spdlog.h>

#include <filesystem>

namespace igl {

namespace {

using self_pointer = backup_actor::stateful_pointer<backup_actor_state>;

caf::error refusal_of(const back_up_ledger& x, const backup_state& last) {
  if (last.state == "running")
    return make_problem(errc::conflict, "a backup into " + last.folder + " goes on");
  if (!std::filesystem::path{x.folder}.is_absolute())
    return make_problem(errc::bad_request,
                        "the folder of a backup is named from the root on, such as /srv/backups/1");
  std::error_code ignored;
  if (std::filesystem::exists(x.folder, ignored))
    return make_problem(errc::conflict, x.folder + " is there: a backup makes a folder of its own");
  return {};
}

/// Makes one copy, says how it went, and ends.
void copy(caf::event_based_actor* self, const backup_actor& asked,
          const std::shared_ptr<ledger>& on_disk, const std::shared_ptr<copy_progress>& progress,
          backup_state how) {
  name_exceptions(self);
  auto made = on_disk->back_up(how.folder, *progress);
  how.state = made ? "done" : "failed";
  how.error = made ? "" : sentence_of(made.error());
  how.entries = made ? made->entries : progress->entries.load();
  how.bytes = made ? made->bytes : progress->bytes.load();
  how.last_event = made ? made->last_event : 0;
  self->send(asked, std::move(how));
}

} // namespace

backup_actor::behavior_type backup(self_pointer self, surroundings with,
                                   std::shared_ptr<ledger> on_disk, threading threads) {
  name_exceptions(self);
  answer_probes(self, [self] {
    auto& last = self->state.last;
    return last.state == "running" ? "copies the ledger into " + last.folder : std::string{};
  });
  self->attach_functor(
      [progress = self->state.progress](const caf::error&) { progress->cancelled = true; });
  // Whoever copies says how it went before it ends, unless it cannot.
  self->set_down_handler([self](caf::down_msg& x) {
    auto& last = self->state.last;
    // One that has said so and ends late is none that breaks off the next one.
    if (last.state != "running" || x.source != self->state.worker)
      return;
    last.state = "failed";
    last.error = "the copy broke off: " + sentence_of(x.reason);
    spdlog::error("the backup into {} failed: {}", last.folder, last.error);
  });
  return {
      [=](const back_up_ledger& x) -> caf::result<backup_state> {
        auto& st = self->state;
        if (auto why = refusal_of(x, st.last))
          return why;
        st.last = {"running", x.folder, with.now(), 0, 0, 0, ""};
        st.progress->entries = 0;
        st.progress->bytes = 0;
        st.who = x.who;
        auto asked = caf::actor_cast<backup_actor>(self);
        st.worker = caf::actor_cast<caf::actor_addr>(spawn_blocking<caf::monitored>(
            threads, self,
            [=, progress = st.progress, how = st.last](caf::event_based_actor* worker) {
              copy(worker, asked, on_disk, progress, how);
            }));
        return st.last;
      },
      [=](const backup_query&) {
        auto result = self->state.last;
        if (result.state == "running") {
          result.entries = self->state.progress->entries;
          result.bytes = self->state.progress->bytes;
        }
        return result;
      },
      [=](backup_state& ended) {
        auto& st = self->state;
        st.last = std::move(ended);
        if (st.last.state == "failed")
          return spdlog::error("the backup into {} failed: {}", st.last.folder, st.last.error);
        spdlog::info("the ledger was backed up into {}: {} entries, {} bytes", st.last.folder,
                     st.last.entries, st.last.bytes);
        event done;
        done.what = event_kind::ledger_backed_up;
        done.about = "ledger";
        done.detail = "by " + st.who + " into " + st.last.folder + ", up to event " +
                      std::to_string(st.last.last_event);
        settlement told;
        told.events.push_back(std::move(done));
        self->request(with.ledger, timeouts::status, std::move(told))
            .then([](const settled&) {},
                  [](const caf::error& why) {
                    spdlog::error("a backup has no event: {}", sentence_of(why));
                  });
      },
  };
}

} // namespace igl
