#pragma once

#include "scenarios/runner/grammar.hpp"
#include "scenarios/runner/invariants.hpp"
#include "scenarios/runner/telling.hpp"
#include "scenarios/runner/world.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace igl::scenario {

/// A world in which a story is played, and what came out so far.
class story {
public:
  /// `beside`: where the script's documents are.
  story(std::unique_ptr<world> in, std::string beside);
  story(const story&) = delete;
  story& operator=(const story&) = delete;

  const std::vector<phrase>& phrases() const { return phrases_; }
  /// What came out since this was asked before.
  std::vector<std::string> take();
  /// Called with each line when it comes out.
  std::function<void(const std::string&)> on_line;

  world& all() { return world_; }
  uint64_t journeys() const { return invariants_.arrived(); }

private:
  // Each is a group of commands, in a file of its own.
  void add_declarations();
  void add_time();
  void add_business();
  void add_looking();
  void add_faults();
  void add_moments();

  /// How much of what happens comes out. Later: it is kept for whoever asks next.
  enum class detail : uint8_t { nothing, later, nations, everything };

  void declare(std::string form, std::vector<std::string> options, std::string meaning,
               std::function<caf::error(const call&)> act);
  void say(const std::string& line);
  void tell(process::kind of, const std::string& line);
  /// A command before which everything that was named is started.
  void add(std::string form, std::vector<std::string> options, std::string meaning,
           std::function<caf::error(const call&)> act);
  caf::expected<http_response> answer_of(const std::string& nation, http_request x);
  caf::expected<std::shared_ptr<ledger>> book_of(const std::string& where);
  caf::expected<std::vector<process*>> processes_of(const std::string& name);
  caf::error run(detail shown, caf::timespan at_most);
  void post(const call& x);
  /// Does a command of this form.
  caf::error say_and_do(const std::string& form, const call& with);
  caf::error die_at_every_moment(const call& x);

  std::unique_ptr<world> owned_;
  world& world_;
  invariants invariants_;
  std::string beside_;
  std::vector<phrase> phrases_;
  std::vector<std::string> out_;
  detail shown_ = detail::later;
  std::vector<std::pair<process::kind, std::string>> untold_;
  std::map<std::string, std::string> documents_; ///< name → bytes
};

} // namespace igl::scenario
